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


def checked_seed(rng: Any, seed: Any = None) -> int:
    """Return the root seed, given as `rng` or as `seed`; no seed means a fresh one, never a fixed one.

    Digits in a string are a number: Mesa's page passes what is typed as it is.

    >>> checked_seed("17"), checked_seed(None, seed=3)
    (17, 3)
    """
    if rng is not None and seed is not None:
        raise ScenarioError.of("seed", seed, f"must be left out where rng = {rng!r} is given")
    name, value = ("rng", rng) if seed is None else ("seed", seed)
    if value is None:
        return fresh_seed()
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise ScenarioError.of(name, value, "must be a whole number from 0, or None")
    return int(value)


def stream(seed: int, use: str, owner: str = "") -> np.random.Generator:
    """Return the generator for one use of randomness.

    >>> stream(1, "flaws").random() == stream(1, "flaws").random()
    True
    >>> stream(1, "flaws").random() == stream(1, "talk").random()
    False
    """
    key = (crc32(use.encode()), crc32(owner.encode()))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
