"""Bernoulli trials: which of many succeed, at a cost proportional to the number of successes."""

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


class BernoulliTrials:
    """Rows of `n` independent trials with the same chance of success, drawn in order.

    Trial `t` of row `r` has the number `r * n + t`. Gaps between successes continue from row to row,
    so the successes do not depend on how many rows are asked for at a time. A gap is geometric: the whole part of an
    exponential variate (Devroye 1986, Non-Uniform Random Variate Generation, X.2).

    Parameters
    ----------
    rng
        Generator of the gaps; it must not be used for anything else.
    n, rows, chance
        Trials in a row, number of rows, chance of success.
    first_row
        The row to begin with.
    """

    def __init__(self, rng: np.random.Generator, n: int, rows: int, chance: float, first_row: int = 0) -> None:
        self.rng, self.n, self.limit = rng, n, n * rows
        with np.errstate(divide="ignore"):
            self._rate = -np.log1p(-chance)
        self._block = int(min(max(n * chance * 8, 64), 2**18))
        self.last_drawn = first_row * n - 1  # number of the last success drawn
        self.pending = np.empty(0, np.int64)  # successes drawn and not yet discarded
        if chance <= 0:
            self.last_drawn = self.limit

    def successes_before(self, row: int) -> NDArray[np.int64]:
        """Return all pending successes, drawing until those of the rows before `row` are among them."""
        parts = [self.pending]
        while self.last_drawn < row * self.n and self.last_drawn < self.limit:
            gaps = self.rng.standard_exponential(self._block) / self._rate
            part = self.last_drawn + np.cumsum(np.minimum(gaps, self.limit).astype(np.int64) + 1)
            parts.append(part)
            self.last_drawn = int(part[-1])
        if len(parts) > 1:
            self.pending = np.concatenate(parts)
        return self.pending

    def discard(self, count: int) -> None:
        """Remove the first `count` pending successes."""
        self.pending = self.pending[count:]
