"""A data frame as a table for the terminal."""

from typing import Any

from rich.table import Table

from answers.numbers import cell

PIPED_WIDTH = 110  # columns, where no terminal says how wide it is


def table_of(rows: Any) -> Table:
    """Lay a data frame out for the terminal: numbers to the right, rounded to what is worth reading."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in rows.columns:
        numeric = rows[name].dtype.kind in "iufb"
        table.add_column(str(name), justify="right" if numeric else "left")
    for row in rows.itertuples(index=False):
        table.add_row(*(cell(value) for value in row))
    return table
