"""An answer: a paragraph, a table and a figure, shown on the terminal or written into a folder."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from model.files import prepare_folder, write_atomically
from model.html import html_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class Answer:
    """What a question gave."""

    name: str  # of the question, and of the files
    summary: dict[str, Any]  # plain values: the --json object
    table: "pd.DataFrame"
    text: str  # a paragraph for people
    figure: "Callable[[], Figure]"
    shown: "pd.DataFrame | None" = None  # what the terminal shows of the table; None: all of it

    def __repr__(self) -> str:
        return f"<Answer {self.name!r}: {shorten(self.text, 100)}>"

    def _repr_html_(self) -> str:
        table = self.table if self.shown is None else self.shown
        numbers = table.to_html(index=False, na_rep="–", float_format="{:,.4g}".format)
        return f"<p>{escape(self.text)}</p>{numbers}{html_figure(self.figure())}"

    def write(self, out: Path) -> list[str]:
        """Write the answer into a folder as `NAME.csv`, `.parquet`, `.png`, `.txt` and `.json`; return the names."""
        prepare_folder(out)
        writers: dict[str, Callable[[Path], object]] = {
            "csv": lambda path: self.table.to_csv(path, index=False),
            "parquet": lambda path: self.table.to_parquet(path, index=False),
            "png": lambda path: self.figure().savefig(path),
            "txt": lambda path: path.write_text(self.text + "\n", encoding="utf-8"),
            "json": lambda path: path.write_text(json.dumps(self.summary, indent=1) + "\n", encoding="utf-8"),
        }
        for kind, write in writers.items():
            write_atomically(out / f"{self.name}.{kind}", write)
        return [f"{self.name}.{kind}" for kind in writers]
