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
    from patchmarket.describe_network import look_at

    look_at(file, columns, directed, picture, convert)


def records(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Records in any usual form, or folders of them.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the four tidy tables into this folder.")
    ] = None,
    day_first: Annotated[
        bool | None,
        typer.Option(
            "--dayfirst/--monthfirst", help="What 03/04/2025 means; left out: as other dates in the file decide."
        ),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="KEY=NAME,...", help="Headings, e.g. date=Datum,minutes=Dauer.")
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Go on without rows that are wrong.")] = False,
) -> None:
    """Read an operator's records: outages, boots, package logs, customers and cancellations.

    Nothing personal is written: customers and servers become numbers.

    Examples: patchmarket records outages.csv customers.csv --out records;
    patchmarket records boots.txt /var/log/apt/history.log --out records;
    patchmarket records outages.csv --monthfirst --columns minutes=Length
    """
    from patchmarket.describe_records import look_at
    from patchmarket.options import read_columns

    look_at(files, out, read_columns(columns), day_first, skip_bad=skip_bad)
