"""Random streams: one independent generator for each use, all from one root seed.

Two markets with the same seed meet the same flaws, graph and people whatever their policies are (common random
numbers), and drawing from one stream never moves another. A provider's own streams are keyed by its name, so
listing providers in another order changes nothing.
"""

import secrets
from typing import Any
from zlib import crc32

import numpy as np

from model.errors import ScenarioError


def fresh_seed() -> int:
    """Return a seed from the operating system's entropy, for callers that gave none."""
    return secrets.randbits(53)


def checked_seed(rng: Any) -> int:
    """Return the root seed; no seed means a fresh one, never a fixed one."""
    if rng is None:
        return fresh_seed()
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise ScenarioError.of("rng", rng, "must be a whole number from 0, or None")
    return int(rng)


def stream(seed: int, use: str, owner: str = "") -> np.random.Generator:
    """Return the generator for one use of randomness.

    >>> stream(1, "flaws").random() == stream(1, "flaws").random()
    True
    >>> stream(1, "flaws").random() == stream(1, "talk").random()
    False
    """
    key = (crc32(use.encode()), crc32(owner.encode()))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
