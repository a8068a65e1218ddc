"""The command line: `patchmarket`. Heavy imports wait until a command needs them, so that help is quick."""

import inspect
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from patchmarket import check_commands, data_commands, market_commands, question_commands, signals, study_commands
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


PLAIN = (  # these run no market and read no study, or only the project's own
    market_commands.scenarios,
    data_commands.network,
    data_commands.records,
    check_commands.validate,
    check_commands.schema,
    check_commands.reproduce,
)
PluginOption = Annotated[
    list[Path],
    typer.Option("--plugin", metavar="FILE", help="Load policies, strategies and outcomes of your own; repeatable."),
]


def with_plugins(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--plugin`."""

    @wraps(command)
    def load_and_run(*args: Any, plugin: list[Path], **options: Any) -> Any:
        if plugin:
            from model.plugins import load_plugins

            load_plugins(plugin)
        return command(*args, **options)

    signature = inspect.signature(command)
    option = inspect.Parameter("plugin", inspect.Parameter.KEYWORD_ONLY, default=[], annotation=PluginOption)
    load_and_run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), option]
    )
    load_and_run.__annotations__ = {**command.__annotations__, "plugin": PluginOption}
    return load_and_run


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
        app.command()(command if command in PLAIN else with_plugins(command))

UsageError: Any = typer.BadParameter.__mro__[1]  # typer shows no other name for what a wrong call raises


def main() -> None:
    """Run the command line; wrong input is one line a field and exit code 2, never a traceback."""
    with signals.ended_as_by_ctrl_c():
        code = run_command()
    if code == INTERRUPTED:
        code = signals.exit_code()
        print("patchmarket: stopped; what was written is whole", file=sys.stderr)
    sys.exit(code)


def run_command() -> int:
    """Run the command that was typed; return its exit code."""
    from model.errors import ScenarioError

    try:
        return app(sys.argv[1:] or ["--help"], prog_name="patchmarket", standalone_mode=False) or 0
    except ScenarioError as error:
        return fail(str(error))
    except MemoryError:
        how = "take fewer users or workers (patchmarket sweep --dry-run says what a worker needs)"
        return fail(f"memory ran out; {how}", FAILED)
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, say; what was written before is whole
        return fail(f"cannot write: {error}", FAILED)
    except RuntimeError as error:
        from batch.executor import ExecutorError  # here: it takes time to load

        if not isinstance(error, ExecutorError):
            raise
        return fail(str(error), FAILED)
    except UsageError as error:
        return fail(error.format_message())
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED


def fail(lines: str, code: int = BAD_INPUT) -> int:
    """Print the errors; return the exit code."""
    for line in lines.splitlines():
        print(f"patchmarket: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
