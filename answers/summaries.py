"""Summaries: what is kept of cancellations to learn the unknowns from, the same of records and of simulations.

The hazard of a period is cancellations a customer and day. It is regressed on the minutes of the outages before it, by
how long ago they were:

- `base`: the hazard without outages. It tells base churn.
- `after 0 to 6 days`, and so on: excess for each minute that an outage took, by its age. Their size tells tolerance,
  how they fall with age tells memory, and how late they come tells talk, as who hears of others leaves later.
- `trend`: change of the hazard over the whole time, which is that of fewer and fewer impatient users.
- `dispersion`: scatter about the regression, over what chance gives (on a logarithm). Talk makes cancellations come in
  bursts.
- `persistence`: correlation of a period's scatter with that of the one before.
- `hazard of part 1 of 8`, and so on: square roots of the hazard over each eighth of the time, which tell what no
  regression has.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

AGES = (0, 7, 14, 28, 56, 112)  # days: effects are told apart by how long ago an outage was
PARTS = 8
Values = NDArray[np.float64]


def names() -> list[str]:
    """Return what the summaries are called, in the order of `summaries`."""
    ages = [f"after {young} to {old - 1} days" for young, old in pairwise(AGES)]
    parts = [f"hazard of part {part} of {PARTS}" for part in range(1, PARTS + 1)]
    return ["base", *ages, "trend", "dispersion", "persistence", *parts]


def summaries(edges: NDArray[np.int64], minutes: Values, customers: Values, cancelled: Values) -> Values:
    """Return the summaries of each of several records.

    Parameters
    ----------
    edges
        First days of the periods, and the day after the last.
    minutes
        Minutes without service of each day, of a customer on average.
    customers
        Customers at the start of each period, an array of records by periods.
    cancelled
        Cancellations in each period, likewise.

    Returns
    -------
    array
        Records by summaries.
    """
    exposure = np.maximum(customers, 1.0) * np.diff(edges)
    hazard = cancelled / exposure
    design = _design(edges, minutes)
    found = hazard @ np.linalg.pinv(design).T
    expected = np.maximum(found @ design.T, hazard.mean(axis=1, keepdims=True) / 10) * exposure
    scatter = (cancelled - found @ design.T * exposure) / np.sqrt(np.maximum(expected, 0.1))
    variance = (scatter**2).mean(axis=1)
    persistence = (scatter[:, 1:] * scatter[:, :-1]).mean(axis=1) / np.maximum(variance, 1e-9)
    parts = np.array_split(np.arange(hazard.shape[1]), PARTS)
    hazards = [np.sqrt(cancelled[:, part].sum(axis=1) / exposure[:, part].sum(axis=1)) for part in parts]
    return np.column_stack([found, np.log(variance + 1e-3), persistence, *hazards])


def _design(edges: NDArray[np.int64], minutes: Values) -> Values:
    """Return the regressors, periods by coefficients; an age that no outage has in any period is a column of zeros."""
    days = len(minutes)
    columns = []
    for young, old in pairwise(AGES):
        window = np.zeros(days + old)
        window[young:old] = 1.0
        daily = np.convolve(minutes, window)[:days]
        columns.append([daily[a:b].mean() for a, b in pairwise(edges)])
    middle = (edges[1:] + edges[:-1]) / 2
    return np.column_stack([np.ones(len(middle)), *columns, middle / days - 0.5])
