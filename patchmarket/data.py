"""Commands about data from outside: `network` and `records`."""

from pathlib import Path
from typing import Annotated

import typer


def network(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A network in any usual form.")],
    columns: Annotated[
        str | None, typer.Option(metavar="KEY=NAME,...", help="Headings of a table: source=..., target=..., weight=...")
    ] = None,
    directed: Annotated[
        bool | None, typer.Option("--directed/--undirected", help="Left out: as the file says, else undirected.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(metavar="PNG", help="Draw the network into this file.")] = None,
    convert: Annotated[
        Path | None, typer.Option(metavar="PARQUET", help="Write it as a table that is read fast.")
    ] = None,
) -> None:
    """Say what a network file has in it, what is left out, and how long a year on it takes.

    Examples: patchmarket network friends.csv; patchmarket network follows.csv --directed --picture follows.png;
    patchmarket network big.txt.gz --convert big.parquet
    """
    from patchmarket.network import look_at

    look_at(file, columns, directed, picture, convert)
