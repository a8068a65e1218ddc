"""What a report is made of: sections, each with words, tables, figures and data to take away."""

import base64
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

from answers.numbers import cell
from answers.report.report_svg import ink, svg

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.figure import Figure

BYTES_OF_DATA = 300_000  # of a file that a page carries


@dataclass(frozen=True)
class Table:
    """A table, ready to be shown: every cell is text."""

    caption: str
    columns: list[str]
    rows: list[list[str]]
    numeric: list[bool]


@dataclass(frozen=True)
class Picture:
    """A figure, ready to be shown, with what it shows in words."""

    svg: Markup
    caption: str


@dataclass(frozen=True)
class Data:
    """A file that a page carries."""

    name: str
    link: str


@dataclass
class Section:
    """A part of a report under a title."""

    anchor: str
    title: str
    words: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    commands: str = ""
    data: list[Data] = field(default_factory=list)

    def add_table(self, caption: str, rows: "pd.DataFrame", most: int) -> None:
        """Add a table of at most so many rows; say so where there are more."""
        if len(rows) > most:
            caption += f" The first {most:,} of {len(rows):,} rows."
        shown = rows.head(most)
        numeric = [kind.kind in "iuf" for kind in rows.dtypes]
        cells = [[cell(value) for value in row] for row in shown.astype(object).itertuples(index=False)]
        self.tables.append(Table(caption, [str(name) for name in rows.columns], cells, numeric))

    def add_picture(self, title: str, caption: str, draw: "Callable[[], Figure]") -> None:
        """Draw a figure in the page's colours and add it."""
        with ink():
            picture = svg(draw(), f"{self.anchor}-{len(self.pictures)}", title, caption)
        self.pictures.append(Picture(Markup(picture), caption))

    def add_data(self, name: str, text: str) -> None:
        """Let the page carry a file, unless it is large."""
        if len(text) <= BYTES_OF_DATA:
            kind = "text/csv" if name.endswith(".csv") else "text/plain"
            coded = base64.b64encode(text.encode()).decode()
            self.data.append(Data(name, f"data:{kind};charset=utf-8;base64,{coded}"))


def told(mean: float, low: float, high: float, *, percent: bool = False) -> str:
    """Write a mean with its interval.

    >>> told(0.2041, 0.1951, 0.2131, percent=True), told(5880.0, 5800.0, 5960.0)
    ('20.4 % (19.5 to 21.3)', '5,880 (5,800 to 5,960)')
    >>> told(1.0, float("nan"), float("nan")), told(400.0, 400.0, 400.0)
    ('1', '400')
    """
    if math.isnan(mean):
        return "–"
    mean, low, high = ([100 * value for value in (mean, low, high)]) if percent else (mean, low, high)
    unit = " %" if percent else ""
    if math.isnan(low) or low == high:
        return f"{_digits(mean)}{unit}"
    return f"{_digits(mean)}{unit} ({_digits(low)} to {_digits(high)})"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
