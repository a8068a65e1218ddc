"""A claim: a question, the runs that answer it, and what is drawn and said from a small table of them.

A claim's folder holds `study.py`, its parameters on top, and what came of it: `summary.csv` from the full
parameters, `quick.csv` from small ones, `figure.png` and `README.md` from the summary alone, and `manifest.json`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SUMMARY, QUICK, FIGURE, PAGE, MANIFEST = "summary.csv", "quick.csv", "figure.png", "README.md", "manifest.json"
DIGITS = "%.6g"  # of a number in a summary: more than any interval is worth
NAMES = (
    "headline",
    "fifth",
    "breakeven",
    "debian",
    "cascades",
    "game",
    "responses",
    "factors",
    "redundancy",
    "scale",
    "docking",
    "structure",
    "patterns",
)
Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Claim:
    """What is asked, how it is computed, and how the answer is told.

    Attributes
    ----------
    folder
        Where the claim is kept; its name is the claim's.
    full, quick
        Parameters of `compute`, plain values: `seed` and `replicates` are always among them.
    compute
        `compute(workers, **parameters)` returns the summary, the same whatever the number of workers.
    draw, sentence
        From a summary as it is read from its file, and nothing else.
    notes
        What a reader must know to judge the answer, as Markdown.
    changes
        What would change the answer, as Markdown.
    table
        From a summary, a table for the page, as Markdown.
    """

    folder: Path
    question: str
    full: Parameters
    quick: Parameters
    compute: "Callable[..., pd.DataFrame]"
    draw: "Callable[[pd.DataFrame], Figure]"
    sentence: "Callable[[pd.DataFrame], str]"
    notes: str
    changes: str
    table: "Callable[[pd.DataFrame], str] | None" = None

    @property
    def name(self) -> str:
        """What the claim is called."""
        return self.folder.name

    def summary(self, workers: int, *, quick: bool) -> str:
        """Do the runs and return their summary as CSV."""
        table = self.compute(workers, **(self.quick if quick else self.full))
        text: str = table.to_csv(index=False, float_format=DIGITS, lineterminator="\n")
        return text

    def page(self, summary: "pd.DataFrame") -> str:
        """Return the claim's `README.md`."""
        rows = "\n".join(
            f"| {key} | {_listed(value)} | {_listed(self.quick[key])} |" for key, value in self.full.items()
        )
        table = f"{self.table(summary)}\n\n" if self.table else ""
        return (
            f"# {self.question}\n\n**{self.sentence(summary)}**\n\n![{self.question}]({FIGURE})\n\n{table}"
            f"{self.notes.strip()}\n\n**What would change it.** {self.changes.strip()}\n\n"
            f"| parameter | [{SUMMARY}]({SUMMARY}) | [{QUICK}]({QUICK}) |\n|---|---|---|\n{rows}\n\n"
            f"Rebuild with `patchmarket reproduce {self.name}`, compare with `patchmarket reproduce {self.name} "
            f"--check`; the code is [study.py](study.py). This page is generated from `{SUMMARY}`.\n"
        )


def load_claim(name: str) -> Claim:
    """Return the claim of that name."""
    if name not in NAMES:
        raise ScenarioError(f"claim {name!r}: no such claim; there are {', '.join(NAMES)}")
    claim: Claim = import_module(f"results.{name}.study").CLAIM
    return claim


def read_summary(text: str) -> "pd.DataFrame":
    """Return a summary as a table; only an empty cell is a missing one."""
    import pandas as pd

    return pd.read_csv(StringIO(text), keep_default_na=False, na_values=[""])


def _listed(value: Any) -> str:
    """Write a parameter in a line of a Markdown table.

    >>> _listed([1, 2.5]), _listed(2000)
    ('1, 2.5', '2000')
    """
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_listed(item)}" for key, item in value.items())
    return ", ".join(_listed(item) for item in value) if isinstance(value, list) else str(value)
