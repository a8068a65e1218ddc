"""What several commands have in common: their arguments and options, and the exit codes."""

from pathlib import Path
from typing import Annotated

import typer

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
DEFAULT_SCENARIO = "thought-experiment"
DEFAULT_SEED = 3  # a run close to the median of the thought experiment; any other is as true

ScenarioArgument = Annotated[str, typer.Argument(metavar="[SCENARIO]", help="A preset's name or a TOML file.")]
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A study's folder.")]
SetOption = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting by its dotted path; repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="Processes; left out: one for each processor.")]
