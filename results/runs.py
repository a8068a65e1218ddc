"""What claims' studies have in common: runs, of which none may fail, means with intervals, and a sheet to draw on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from answers.experiment import carry_out
from batch.adaptive import interval, moments
from batch.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CONFIDENCE = 0.95


def runs_of(study: Study, workers: int) -> "pd.DataFrame":
    """Return a row for each run, sorted by point and replicate.

    Raises
    ------
    RuntimeError
        When a run failed: a claim with holes is none.
    """
    runs = carry_out(study, workers=workers)
    if len(runs.failures):
        raise RuntimeError(
            f"{study.name}: {len(runs.failures)} runs failed; the first: {runs.failures['reason'].iloc[0]}"
        )
    return runs.table


def mean_of(values: "Sequence[float] | pd.Series", name: str) -> dict[str, float]:
    """Return a sample's mean and the interval for it, as columns of a summary.

    >>> {key: round(value, 3) for key, value in mean_of([1.0, 2.0, 3.0], "x").items()}
    {'x': 2.0, 'x_low': -0.484, 'x_high': 4.484}
    """
    plain = [float(value) for value in values]
    low, high = interval(plain, CONFIDENCE)
    return {name: moments(plain).mean, f"{name}_low": low, f"{name}_high": high}


def sheet(columns: int, rows: int = 1, *, width: float = 10.0, height: float = 4.2) -> "tuple[Figure, list[Any]]":
    """Return an empty figure and its axes, row by row."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    axes = list(np.atleast_1d(figure.subplots(rows, columns)).ravel())
    for place in axes:
        place.spines[["top", "right"]].set_visible(False)
        place.grid(alpha=0.25, linewidth=0.6)
        place.set_axisbelow(True)
    return figure, axes
