"""Commands that run many markets: `sweep`, `status`, `summary`, `merge`, `rerun` and `verify`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from patchmarket.options import FolderArgument, SetOption, WorkersOption


def sweep(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study's name or a TOML file.")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The study's folder; created if missing.")] = None,
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    workers: WorkersOption = None,
    shard: Annotated[str | None, typer.Option(metavar="i/n", help="Only the i-th of n shards, e.g. 1/4.")] = None,
    timeout: Annotated[float | None, typer.Option(min=0.001, metavar="S", help="Seconds that a run may take.")] = None,
    memory: Annotated[float | None, typer.Option(min=1, metavar="MB", help="Memory that a run may take.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try failed runs again.")] = False,
    cluster: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, tcp://...")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done, and how long it takes.")
    ] = False,
) -> int:
    """Run a study, that is, many markets. The same command again resumes it.

    Examples: patchmarket sweep tiny --dry-run; patchmarket sweep tiny --out out/tiny;
    patchmarket sweep my.toml --out out/one --shard 1/2 --timeout 60
    """
    from batch.study import Study
    from model.errors import ScenarioError
    from model.paths import read_assignment
    from patchmarket import sweep as sweeping

    plan = Study.load(study, **dict(read_assignment(text) for text in settings))
    if dry_run:
        sweeping.plan(plan, workers, shard)
        return 0
    if out is None:
        raise ScenarioError("--out: is missing; name the folder that keeps the study")
    limits: dict[str, Any] = {"timeout": timeout, "memory": memory, "retry_failed": retry_failed}
    return sweeping.sweep(plan, out, workers=workers, shard=shard, cluster=cluster, **limits)


def status(folder: FolderArgument) -> int:
    """Report the progress of a study, also while it runs.

    Examples: patchmarket status out/tiny
    """
    from patchmarket import sweep as sweeping

    return sweeping.status(folder)


def merge(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; created if missing.")],
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of the same study.")],
) -> int:
    """Merge the folders of one study, such as its shards, into one.

    Examples: patchmarket merge out/all out/one out/two
    """
    from patchmarket import sweep as sweeping

    return sweeping.merge(out, folders)


def summary(
    folder: FolderArgument,
    outcome: Annotated[list[str], typer.Option(metavar="NAME", help="Only this outcome; repeatable.")] = [],  # noqa: B006
    csv: Annotated[bool, typer.Option("--csv", help="Print all outcomes as CSV.")] = False,
) -> int:
    """Print the mean of each outcome at each point, with its interval.

    Examples: patchmarket summary out/tiny; patchmarket summary out/tiny --csv > tiny.csv
    """
    from patchmarket import sweep as sweeping

    return sweeping.summary(folder, outcome, csv=csv)


def rerun(folder: FolderArgument, run_id: Annotated[str, typer.Argument(metavar="RUN_ID")]) -> int:
    """Repeat one run of a study and print its row, to examine a failure.

    Examples: patchmarket rerun out/tiny 0123456789abcdef
    """
    from patchmarket import sweep as sweeping

    return sweeping.rerun(folder, run_id)


def verify(
    folder: FolderArgument,
    repair: Annotated[bool, typer.Option("--repair", help="Do the runs of damaged parts again.")] = False,
    workers: WorkersOption = None,
) -> int:
    """Check that a study's folder is what was written; exit code 1 if it is not.

    Examples: patchmarket verify out/tiny; patchmarket verify out/tiny --repair
    """
    from batch.machine import cores
    from batch.verification import repair as repairing
    from batch.verification import verify as verifying

    damages = verifying(folder)
    for damage in damages:
        print(damage.line)
    if not damages:
        print(f"{folder}: every file is what was written")
        return 0
    if repair:
        print(f"{repairing(folder, damages, workers or cores()):,} runs done again")
        damages = verifying(folder)
        print("\n".join(["What is left:", *(damage.line for damage in damages)] if damages else ["Repaired."]))
    return 1 if damages else 0
