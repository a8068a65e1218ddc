"""Chance: who of many is hit, at a cost that follows the hits and not the many."""

import numpy as np
from numpy.typing import NDArray


def bernoulli_indices(rng: np.random.Generator, n: int, chance: float) -> NDArray[np.int64]:
    """Return, in ascending order, which of `n` independent trials with the same `chance` succeed.

    The gaps between successes are geometric (Devroye 1986, Non-Uniform Random Variate Generation, X.3),
    so the work is proportional to the number of successes.

    >>> bernoulli_indices(np.random.default_rng(1), 4, 1.0)
    array([0, 1, 2, 3])
    """
    if n <= 0 or chance <= 0:
        return np.empty(0, np.int64)
    expected = n * chance
    chunk = int(expected + 4 * np.sqrt(expected) + 8)
    parts = []
    last = -1
    while last < n - 1:
        # A gap above n ends the trials, from wherever it starts; cut it there, so that no sum overflows.
        part = last + np.minimum(rng.geometric(chance, chunk), n + 1).cumsum()
        parts.append(part)
        last = int(part[-1])
    hits = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return hits[: np.searchsorted(hits, n)]


class Trials:
    """Rows of `n` independent trials with the same chance, row after row; tells which succeed.

    Trial `t` of row `r` has the number `r * n + t`. Gaps run on from row to row, so that every draw is of use and it
    does not matter how many rows are asked for at a time. A gap is geometric, as the whole part of an exponential
    (Devroye 1986, Non-Uniform Random Variate Generation, X.2).

    Parameters
    ----------
    rng
        Where gaps are drawn from; nobody else may.
    n, rows, chance
        Trials in a row, rows that may ever be asked for, chance of success.
    """

    def __init__(self, rng: np.random.Generator, n: int, rows: int, chance: float) -> None:
        self.rng, self.n, self.beyond = rng, n, n * rows
        with np.errstate(divide="ignore"):
            self._rate = -np.log1p(-chance)
        self._block = int(min(max(n * chance * 8, 64), 2**18))
        self.last = -1  # the last success drawn
        self.drawn = np.empty(0, np.int64)  # successes drawn and not yet used
        if chance <= 0:
            self.last = self.beyond

    def before(self, row: int) -> NDArray[np.int64]:
        """Return the numbers of all unused successes that are known, among them all of the rows before `row`."""
        parts = [self.drawn]
        while self.last < row * self.n and self.last < self.beyond:
            gaps = self.rng.standard_exponential(self._block) / self._rate
            part = self.last + np.cumsum(np.minimum(gaps, self.beyond).astype(np.int64) + 1)
            parts.append(part)
            self.last = int(part[-1])
        if len(parts) > 1:
            self.drawn = np.concatenate(parts)
        return self.drawn

    def use(self, count: int) -> None:
        """Put the first `count` unused successes aside."""
        self.drawn = self.drawn[count:]
