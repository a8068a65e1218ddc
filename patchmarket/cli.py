"""The command line: `patchmarket`. Heavy imports wait until a command needs them, so that help is quick."""

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from patchmarket import check_commands, data_commands, market_commands, question_commands, study_commands
from patchmarket.options import BAD_INPUT, FAILED, INTERRUPTED

HELP = """Who wins the users: the host that reboots for every kernel flaw, or the one that pays for live patches?

\b
Examples:
  patchmarket run                        Run one market.
  patchmarket sweep tiny --out out/tiny  Run many.
  patchmarket decide                     Ask whether live patching pays.
  patchmarket report out/tiny            Write a report of the many.
"""
GROUPS = {  # in each, those that most people need come first
    "Run a market": (market_commands.run, market_commands.scenarios, market_commands.show, market_commands.app),
    "Run many": (
        study_commands.sweep,
        study_commands.status,
        study_commands.summary,
        study_commands.merge,
        study_commands.rerun,
        study_commands.verify,
    ),
    "Ask a question": (
        question_commands.decide,
        question_commands.fit,
        question_commands.compare,
        question_commands.patch_cycle,
        question_commands.game,
        question_commands.sensitivity,
        question_commands.discover,
    ),
    "Read data": (data_commands.network, data_commands.records),
    "Take away and check": (
        check_commands.report,
        check_commands.validate,
        check_commands.parameters,
        check_commands.schema,
        check_commands.reproduce,
    ),
}


class GroupedHelp(TyperGroup):
    """Lists the commands by group in `--help`."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 -- typer passes it
        """Write a section for each group."""
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                names = [command.__name__.replace("_", "-") for command in commands]
                formatter.write_dl([(name, self.commands[name].get_short_help_str(limit=100)) for name in names])


app = typer.Typer(
    cls=GroupedHelp, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=HELP
)
for group in GROUPS.values():
    for command in group:
        app.command()(command)

UsageError: Any = typer.BadParameter.__mro__[1]  # typer shows no other name for what a wrong call raises


def main() -> None:
    """Run the command line; wrong input is one line a field and exit code 2, never a traceback."""
    from model.errors import ScenarioError

    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="patchmarket", standalone_mode=False) or 0
    except ScenarioError as error:
        fail(str(error))
    except MemoryError:
        fail("memory ran out; take fewer users or workers (patchmarket sweep --dry-run says what a run needs)", FAILED)
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:  # a full disk, say; what was written before is whole
        fail(f"cannot write: {error}", FAILED)
    except RuntimeError as error:
        from batch.executor import ExecutorError  # here: it takes time to load

        if not isinstance(error, ExecutorError):
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
    """Print the errors and exit."""
    for line in lines.splitlines():
        print(f"patchmarket: {line}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
