"""The command about published claims: `reproduce`."""

from pathlib import Path
from typing import Annotated

import typer

from patchmarket.options import FAILED, WorkersOption


def reproduce(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Claims: folders of results/.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All claims.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 where something differs.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A small version of each claim, in seconds.")] = False,
    workers: WorkersOption = None,
    crate: Annotated[
        Path | None, typer.Option(metavar="FILE.zip", help="Pack inputs, outputs, environment, commands (RO-Crate).")
    ] = None,
) -> int:
    """Rebuild published claims from their seeds, or check that what is committed still comes out.

    Examples: patchmarket reproduce fifth; patchmarket reproduce --all; patchmarket reproduce --quick --all --check;
    patchmarket reproduce --all --crate claims.zip
    """
    from model.errors import ScenarioError

    try:
        from results import show
    except ModuleNotFoundError:
        raise ScenarioError("reproduce: needs the project's folder results/, which an installed copy lacks") from None
    differing = show.reproduce(names or [], every=every, check=check, quick=quick, workers=workers, crate=crate)
    return FAILED if differing else 0
