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
