"""The command line: `patchmarket`. Heavy imports wait until a command needs them, so that help is quick."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Who wins the users: the host that reboots for every kernel flaw, or the one that pays for live patches?",
    epilog="Begin with: patchmarket run",
)

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
DEFAULT_SEED = 3  # a run close to the median of the thought experiment; any other is as true

ScenarioArgument = Annotated[str, typer.Argument(metavar="[SCENARIO]", help="A preset's name or a TOML file.")]
SetOption = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting by its dotted path; repeatable."),
]


@app.command()
def run(
    scenario: ScenarioArgument = "thought-experiment",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    seed: Annotated[int, typer.Option(min=0, help="Root of all randomness.")] = DEFAULT_SEED,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables, scenario and figures here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Run one market and answer its question in dollars.

    Examples: patchmarket run; patchmarket run debian-history; patchmarket run --set users.tolerance.median=5;
    patchmarket run my.toml --seed 7 --out results
    """
    from batch.run import run_once

    run_once(scenario, settings, seed, out, as_json=json)


@app.command()
def scenarios() -> None:
    """List the scenarios that come with the project."""
    from model.scenario import Scenario, preset_names

    for name in preset_names():
        print(f"{name:<20} {Scenario.preset(name).description}")


@app.command()
def show(
    scenario: ScenarioArgument = "thought-experiment",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
) -> None:
    """Print a complete scenario: every setting with its unit, meaning and where its value comes from.

    What is printed is itself a scenario: patchmarket show > my.toml; patchmarket run my.toml
    """
    from batch.run import load
    from model.show import to_toml

    print(to_toml(load(scenario, settings)), end="")


FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A study's folder.")]


@app.command()
def sweep(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study's name or a TOML file.")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The study's folder; made if not there.")] = None,
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; left out: one for each processor.")] = None,
    shard: Annotated[str | None, typer.Option(metavar="i/n", help="Only the i-th of n shares, e.g. 1/4.")] = None,
    timeout: Annotated[float | None, typer.Option(min=0.001, metavar="S", help="Seconds that a run may take.")] = None,
    memory: Annotated[float | None, typer.Option(min=1, metavar="MB", help="Memory that a run may take.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try failed runs once more.")] = False,
    cluster: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, tcp://...")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and how long it takes.")] = False,
) -> int:
    """Run a study: many markets. The same command again goes on from where it was.

    Examples: patchmarket sweep tiny --dry-run; patchmarket sweep tiny --out out/tiny;
    patchmarket sweep my.toml --out out/one --shard 1/2 --timeout 60
    """
    from batch import sweep as sweeping
    from batch.study import Study
    from model.errors import ScenarioError
    from model.paths import read_assignment

    plan = Study.load(study, **dict(read_assignment(text) for text in settings))
    if dry_run:
        sweeping.plan(plan, workers, shard)
        return 0
    if out is None:
        raise ScenarioError("--out: is missing; say in which folder the study is kept")
    limits: dict[str, Any] = {"timeout": timeout, "memory": memory, "retry_failed": retry_failed}
    return sweeping.sweep(plan, out, workers=workers, shard=shard, cluster=cluster, **limits)


@app.command()
def status(folder: FolderArgument) -> int:
    """Say how far a study is, also while it runs."""
    from batch import sweep as sweeping

    return sweeping.status(folder)


@app.command()
def merge(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to fill; made if not there.")],
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of the same study.")],
) -> int:
    """Put the runs of several folders of one study, such as its shards, into one."""
    from batch import sweep as sweeping

    return sweeping.merge(out, folders)


@app.command()
def summary(
    folder: FolderArgument,
    outcome: Annotated[list[str], typer.Option(metavar="NAME", help="Only this outcome; repeatable.")] = [],  # noqa: B006
    csv: Annotated[bool, typer.Option("--csv", help="Print all outcomes as CSV.")] = False,
) -> int:
    """Print the means of a study's outcomes by point, with their intervals."""
    from batch import sweep as sweeping

    return sweeping.summary(folder, outcome, csv=csv)


@app.command()
def rerun(folder: FolderArgument, run_id: Annotated[str, typer.Argument(metavar="RUN_ID")]) -> int:
    """Do one run of a study again, alone, and print its row: to look into one that failed."""
    from batch import sweep as sweeping

    return sweeping.rerun(folder, run_id)


UsageError: Any = typer.BadParameter.__mro__[1]  # typer shows no other name for what a wrong call raises


def main() -> None:
    """Run the command line; wrong input is one line a field and exit code 2, never a traceback."""
    from model.errors import ScenarioError

    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="patchmarket", standalone_mode=False) or 0
    except ScenarioError as error:
        fail(str(error))
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:  # a full disk, say; what was written before is whole
        fail(f"cannot write: {error}", FAILED)
    except UsageError as error:
        fail(error.format_message())
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    if code == INTERRUPTED:
        print("patchmarket: stopped; what was written is whole", file=sys.stderr)
    sys.exit(code)


def fail(lines: str, code: int = BAD_INPUT) -> None:
    """Print what is wrong and leave."""
    for line in lines.splitlines():
        print(f"patchmarket: {line}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
