"""What the commands that answer questions print."""

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from answers.answer import Answer

PIPED_WIDTH = 110  # columns, where no terminal says how wide it is


def show(answer: "Answer", out: Path | None, *, as_json: bool) -> None:
    """Print an answer, and write it into a folder if there is one."""
    names = answer.write(out) if out is not None else []
    if as_json:
        print(json.dumps(answer.summary))
        return
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False, markup=False)
    console.print(table_of(answer.table))
    print()
    print(textwrap.fill(answer.text, min(console.width, PIPED_WIDTH), break_on_hyphens=False))
    if out is not None:
        print(f"\nWritten to {out}: {', '.join(names)}")


def table_of(rows: Any) -> Table:
    """Lay a data frame out for the terminal: numbers to the right, rounded to what is worth reading."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in rows.columns:
        numeric = rows[name].dtype.kind in "iufb"
        table.add_column(str(name), justify="right" if numeric else "left")
    for row in rows.itertuples(index=False):
        table.add_row(*(cell(value) for value in row))
    return table


def cell(value: Any) -> str:
    """Write one value.

    >>> cell(5880.4), cell(0.2041), cell(None), cell(3), cell(float("nan"))
    ('5,880', '0.2041', '–', '3', '–')
    """
    if value is None or value != value:  # nan alone is not itself
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
