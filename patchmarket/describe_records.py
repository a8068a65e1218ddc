"""`patchmarket records`: what is in an operator's records."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from model.files import prepare_folder, write_atomically
from model.records import TABLES, FileRead, read_records
from patchmarket.run_text import PIPED_WIDTH


def look_at(
    files: list[Path], out: Path | None, columns: Mapping[str, str], day_first: bool | None, *, skip_bad: bool
) -> None:
    """Print what each file is and what was read from it; write the tidy tables if asked."""
    found = read_records(files, columns, day_first, skip_bad=skip_bad)
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("file", "what it is", "rows", "from", "to", "left out"):
        shown.add_column(column, justify="right" if column == "rows" else "left", overflow="fold")
    for each in found.files:
        dates = each.dates
        span = (str(min(dates)), str(max(dates))) if dates else ("–", "–")
        shown.add_row(each.file.name, each.what, f"{len(each.rows):,}", *span, left_out(each))
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False, markup=False).print(shown)
    if out is None:
        return
    prepare_folder(out)
    for name in TABLES:
        rows = getattr(found, name)
        write_atomically(out / f"{name}.csv", partial(rows.to_csv, index=False, date_format="%Y-%m-%d"))
    print(f"\nWritten to {out}: {', '.join(f'{name}.csv ({len(getattr(found, name)):,} rows)' for name in TABLES)}")


def left_out(each: FileRead) -> str:
    """Say what was left out of a file, and why."""
    bad = f"{len(each.wrong):,} bad {'row' if len(each.wrong) == 1 else 'rows'}" if each.wrong else ""
    return "; ".join(filter(None, (each.left_out, bad))) or "–"
