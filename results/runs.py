"""What claims' studies have in common: runs, of which none may fail, means with intervals, and a sheet to draw on."""

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from answers.experiment import carry_out
from batch.adaptive import interval, moments, quantile
from batch.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CONFIDENCE = 0.95


def on_ten_servers(users: int) -> dict[str, Any]:
    """Return the settings that put so many users on ten servers a host, as the thought experiment's 20,000 are.

    On fewer servers outages of a day hit more neighbours at once, and words of them come together: that changes
    how many leave, more so than the number of users does.
    """
    capacity = -(-users // 20)
    return {"users.count": users} | {f"providers.{j}.server_capacity": capacity for j in (0, 1)}


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


def in_parallel(function: Callable[[Any], Any], tasks: Iterable[Any], workers: int) -> list[Any]:
    """Return what a function gives for each task, in their order: for runs that no study describes."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return list(pool.map(function, tasks, chunksize=4))


def mean_of(values: "Sequence[float] | pd.Series", name: str) -> dict[str, float]:
    """Return a sample's mean and Student's interval for it, as columns of a summary.

    >>> {key: round(value, 3) for key, value in mean_of([1.0, 2.0, 3.0], "x").items()}
    {'x': 2.0, 'x_low': -0.484, 'x_high': 4.484}
    """
    n, mean, sd = moments([float(value) for value in values])
    half = quantile(CONFIDENCE, n - 1) * sd / math.sqrt(n)
    return {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}


def share_of(values: "pd.Series", name: str) -> dict[str, float]:
    """Return the share of runs of which something is true, and Agresti and Coull's interval for it."""
    found = [float(value) for value in values]
    low, high = interval(found, CONFIDENCE)
    return {name: moments(found).mean, f"{name}_low": max(low, 0.0), f"{name}_high": min(high, 1.0)}


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
