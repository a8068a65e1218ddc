"""Intervals: how well replicates know a mean, a ratio of means, or a share of runs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batch.adaptive import interval

RESAMPLES = 2_000
CONFIDENCE = 0.95
Values = NDArray[np.float64]


def ratio(above: Any, below: Any) -> Any:
    """Return the ratio of two means.

    >>> ratio(2.0, 4.0)
    0.5
    """
    return above / below


def bootstrap(statistic: Callable[..., Any], *columns: Values, seed: int = 0) -> tuple[float, float]:
    """Return the bootstrap-t interval of a function of means (Efron 1981; Hall 1988).

    Each resample is measured in its own standard error, by the jackknife. With few replicates of a skewed outcome that
    keeps its promise far better than Student's interval, or one of the resamples' quantiles: see `results/intervals`.

    Parameters
    ----------
    statistic
        A function of the columns' means, which may be arrays.
    columns
        What was measured, a value a replicate; whole replicates are drawn, so what belongs together stays together.
    seed
        Of the resampling.

    Returns
    -------
    tuple of float
        The bounds at `CONFIDENCE`; the value itself, twice, where all replicates agree.

    References
    ----------
    Efron, B. (1981). Nonparametric standard errors and confidence intervals. Canadian Journal of Statistics 9, 139-172.
    Hall, P. (1988). Theoretical comparison of bootstrap confidence intervals. Annals of Statistics 16, 927-953.
    """
    number = len(columns[0])
    value, error = (float(found[0]) for found in estimates(statistic, [column[None] for column in columns]))
    if error <= 1e-12 * max(1.0, abs(value)):  # nothing varies: there is no interval to be drawn
        return value, value
    chosen = np.random.default_rng(seed).integers(number, size=(RESAMPLES, number))
    values, errors = estimates(statistic, [column[chosen] for column in columns])
    usable = errors > 1e-9 * error  # a resample of one replicate again and again has no error of its own
    low, high = np.quantile((values[usable] - value) / errors[usable], [(1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2])
    return value - float(low) * error, value - float(high) * error


def estimates(statistic: Callable[..., Any], samples: Sequence[Values]) -> tuple[Values, Values]:
    """Return a statistic of each sample's means, and its standard error by the jackknife.

    Parameters
    ----------
    statistic
        A function of means.
    samples
        A matrix for each column: samples by replicates.
    """
    number = samples[0].shape[1]
    means = [sample.mean(axis=1) for sample in samples]
    without = statistic(*((sample.sum(axis=1)[:, None] - sample) / (number - 1) for sample in samples))
    error = np.sqrt((number - 1) / number * ((without - without.mean(axis=1)[:, None]) ** 2).sum(axis=1))
    return np.asarray(statistic(*means)), error


def mean_interval(values: Values) -> tuple[float, float]:
    """Return the bootstrap interval of a mean."""
    return bootstrap(lambda mean: mean, values)


def share_interval(yes: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the interval of a share of runs, by Agresti and Coull, within 0 and 1.

    >>> [round(bound, 2) for bound in share_interval(np.ones(40, bool))]
    [0.9, 1.0]
    """
    low, high = interval(yes.astype(float).tolist(), CONFIDENCE)
    return max(low, 0.0), min(high, 1.0)
