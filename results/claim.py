"""A claim: a question, the runs that answer it, and a summary table from which figure and text are generated.

A claim's folder contains `study.py` with the parameters at the top, and the results: `summary.csv` from the full
parameters, `quick.csv` from smaller ones, `figure.png` and `README.md` from `summary.csv` alone, and `manifest.json`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SUMMARY, QUICK, FIGURE, README, MANIFEST = "summary.csv", "quick.csv", "figure.png", "README.md", "manifest.json"
DIGITS = "%.6g"  # format of the numbers in a summary; more digits than any interval justifies
Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Claim:
    """A question, the computation that answers it, and the presentation of the answer.

    Attributes
    ----------
    folder
        The claim's folder; its name is the name of the claim.
    question
        The question, as a title.
    full, quick
        Parameters of `compute`; they include `seed` and `replicates`.
    compute
        `compute(workers, **parameters)` returns the summary; it does not depend on the number of workers.
    draw, sentence
        Return the figure and the answer in one sentence, from the summary file alone.
    notes
        Background that a reader needs to judge the answer, as Markdown.
    changes
        What would change the answer, as Markdown.
    table
        Returns a table for the page from the summary, as Markdown.
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
        """The name of the claim."""
        return self.folder.name

    def summary(self, workers: int, *, quick: bool) -> str:
        """Carry out the runs and return their summary as CSV."""
        table = self.compute(workers, **(self.quick if quick else self.full))
        text: str = table.to_csv(index=False, float_format=DIGITS, lineterminator="\n")
        return text

    def readme(self, summary: "pd.DataFrame") -> str:
        """Return the claim's `README.md`."""
        rows = "\n".join(
            f"| {key} | {_format(value)} | {_format(self.quick[key])} |" for key, value in self.full.items()
        )
        table = f"{self.table(summary)}\n\n" if self.table else ""
        return (
            f"# {self.question}\n\n**{self.sentence(summary)}**\n\n![{self.question}]({FIGURE})\n\n{table}"
            f"{self.notes.strip()}\n\n**What would change it.** {self.changes.strip()}\n\n"
            f"| parameter | [{SUMMARY}]({SUMMARY}) | [{QUICK}]({QUICK}) |\n|---|---|---|\n{rows}\n\n"
            f"Rebuild with `patchmarket reproduce {self.name}`, check with `patchmarket reproduce {self.name} "
            f"--check`. The code is in [study.py](study.py). This page is generated from `{SUMMARY}`.\n"
        )


def read_summary(text: str) -> "pd.DataFrame":
    """Return a summary as a table; only empty cells are missing values."""
    import pandas as pd

    return pd.read_csv(StringIO(text), keep_default_na=False, na_values=[""])


def _format(value: Any) -> str:
    """Return a parameter as text for a Markdown table.

    >>> _format([1, 2.5]), _format(2000)
    ('1, 2.5', '2000')
    """
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_format(item)}" for key, item in value.items())
    return ", ".join(_format(item) for item in value) if isinstance(value, list) else str(value)
