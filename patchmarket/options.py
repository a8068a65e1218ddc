"""What several commands have in common: their arguments and options, and the exit codes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from model.scenario import Scenario

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

ScenarioArgument = Annotated[str, typer.Argument(metavar="[SCENARIO]", help="A preset's name or a TOML file.")]
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A study's folder.")]
SetOption = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting by its dotted path; repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="Processes; left out: one for each processor.")]


def load(scenario: str, assignments: list[str]) -> "Scenario":
    """Return the scenario that a command line asks for."""
    from model.paths import read_assignment
    from model.scenario import Scenario

    return Scenario.load(scenario, **dict(read_assignment(text) for text in assignments))


def read_columns(text: str | None) -> dict[str, str]:
    """Read what columns are called, `date=Datum,minutes=Dauer`.

    Raises
    ------
    ScenarioError
        If it is something else.
    """
    from model.errors import ScenarioError

    pairs = [part.partition("=") for part in (text or "").split(",") if text]
    if not all(key.strip() and name.strip() for key, _, name in pairs):
        raise ScenarioError.of("--columns", text, "must be KEY=NAME,..., e.g. date=Datum,minutes=Dauer")
    return {key.strip(): name.strip() for key, _, name in pairs}
