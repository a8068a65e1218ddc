"""Answers on the terminal: a table, a paragraph and the names of the files written."""

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from answers.terminal import PIPED_WIDTH, table_of

if TYPE_CHECKING:
    from answers.answer import Answer
    from answers.validation.validate_measure import Check, Finding


def show(answer: "Answer", out: Path | None, *, as_json: bool) -> None:
    """Print an answer, and write it into a folder if there is one."""
    names = answer.write(out) if out is not None else []
    if as_json:
        print_json(answer.summary)
        return
    console = terminal()
    console.print(table_of(answer.table if answer.shown is None else answer.shown))
    print()
    print(textwrap.fill(answer.text, min(console.width, PIPED_WIDTH), break_on_hyphens=False))
    if out is not None:
        print(f"\nWritten to {out}: {', '.join(names)}")


def show_check(number: int, check: "Check", findings: "list[Finding]") -> None:
    """Print what came of one check of `validate`."""
    from answers.validation.validate_text import COLUMNS, row

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in ("figure", "verdict") else "right")
    for finding in findings:
        table.add_row(*row(finding))
    console = terminal()
    console.print(f"{number}. {check.name}")
    console.print(table)
    console.print()


def print_json(value: Any) -> None:
    """Print one JSON object."""
    print(json.dumps(value))


def terminal() -> Console:
    """Return the terminal; where the output is piped, one of `PIPED_WIDTH` columns."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False, markup=False)
