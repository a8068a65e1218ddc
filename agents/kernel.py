"""How hot loops are compiled: numba, cached on disk, exact floating point (no fastmath)."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(rule: Callable[P, R]) -> Callable[P, R]:
    """Compile a rule on arrays; its plain-Python twin lives in `tests/oracles.py`."""
    compiled: Callable[P, R] = numba.njit(cache=True)(rule)
    return compiled
