"""Commands that tell others what came of a study: `report`."""

from pathlib import Path
from typing import Annotated

import typer

from patchmarket.options import FolderArgument


def report(
    folder: FolderArgument,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Where to write; left out: DIR/report.html.")
    ] = None,
) -> None:
    """Write the report of a study, finished or not: one HTML file with tables, figures and how to rebuild it.

    Examples: patchmarket report out/tiny; patchmarket report out/tiny --out tiny.html
    """
    from answers import write_report

    print(f"Written: {write_report(folder, out)}")
