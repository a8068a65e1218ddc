"""Intervals: how well replicates know a mean, a ratio of means, or a share of runs."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batch.adaptive import interval

RESAMPLES = 5_000
CONFIDENCE = 0.95
Values = NDArray[np.float64]


def ratio(above: Values, below: Values, axis: int = -1) -> Any:
    """Return the ratio of two means.

    >>> float(ratio(np.array([1.0, 3.0]), np.array([2.0, 2.0])))
    1.0
    """
    return np.mean(above, axis=axis) / np.mean(below, axis=axis)


def bootstrap(statistic: Callable[..., Any], *columns: Values, seed: int = 0) -> tuple[float, float]:
    """Return the bias-corrected and accelerated bootstrap interval of a statistic (Efron 1987), by scipy.

    Parameters
    ----------
    statistic
        A function of the columns with an `axis`, as scipy's `bootstrap` asks for.
    columns
        What was measured, a value a replicate; whole replicates are drawn, so what belongs together stays together.
    seed
        Of the resampling.

    Returns
    -------
    tuple of float
        The bounds at `CONFIDENCE`; the value itself, twice, where all replicates agree.
    """
    from scipy import stats

    value = float(statistic(*columns, axis=-1))
    one_less = np.arange(len(columns[0])) != np.arange(len(columns[0]))[:, None]
    without = np.array([float(statistic(*(c[rest] for c in columns), axis=-1)) for rest in one_less])
    if np.ptp(without) <= 1e-12 * max(1.0, abs(value)):  # nothing varies: there is no interval to be drawn
        return value, value
    found = stats.bootstrap(
        columns,
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def mean_interval(values: Values) -> tuple[float, float]:
    """Return the bootstrap interval of a mean."""
    return bootstrap(np.mean, values)


def share_interval(yes: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the interval of a share of runs, by Agresti and Coull, within 0 and 1.

    >>> [round(bound, 2) for bound in share_interval(np.ones(40, bool))]
    [0.9, 1.0]
    """
    low, high = interval(yes.astype(float).tolist(), CONFIDENCE)
    return max(low, 0.0), min(high, 1.0)
