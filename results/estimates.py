"""Estimates with confidence intervals, as columns of a summary."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from batch.adaptive import interval, moments, quantile

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95


def estimate_mean(values: "Sequence[float] | pd.Series", name: str) -> dict[str, float]:
    """Return a sample's mean and its Student interval.

    >>> {key: round(value, 3) for key, value in estimate_mean([1.0, 2.0, 3.0], "x").items()}
    {'x': 2.0, 'x_low': -0.484, 'x_high': 4.484}
    """
    n, mean, sd = moments([float(value) for value in values])
    half = quantile(CONFIDENCE, n - 1) * sd / math.sqrt(n)
    return {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}


def estimate_share(values: "pd.Series", name: str) -> dict[str, float]:
    """Return the share of true values and its Agresti-Coull interval."""
    sample = [float(value) for value in values]
    low, high = interval(sample, CONFIDENCE)
    return {name: moments(sample).mean, f"{name}_low": max(low, 0.0), f"{name}_high": min(high, 1.0)}
