"""The command line: `patchmarket`. Heavy imports wait until a command needs them, so that help is quick."""

import os
import sys
from typing import Any

import typer

from patchmarket import calibration, claims, decisions, documents, games, markets, pages, reports, studies
from patchmarket.options import BAD_INPUT, FAILED, INTERRUPTED

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Who wins the users: the host that reboots for every kernel flaw, or the one that pays for live patches?",
    epilog="Begin with: patchmarket run",
)

for command in (
    markets.run,
    markets.scenarios,
    markets.show,
    pages.app,
    studies.sweep,
    studies.status,
    studies.merge,
    studies.summary,
    studies.rerun,
    decisions.decide,
    decisions.compare,
    reports.report,
    calibration.calibrate,
    games.game,
    games.sensitivity,
    games.discover,
    documents.validate,
    documents.parameters,
    documents.schema,
    claims.reproduce,
):
    app.command()(command)

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
    except RuntimeError as error:
        from batch.workers import CrewError  # here: it takes time to load

        if not isinstance(error, CrewError):
            raise
        fail(str(error), FAILED)
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
