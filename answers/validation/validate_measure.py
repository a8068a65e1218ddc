"""A finding: a figure of the simulation beside what is known of it, and whether the two agree."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

STANDARD_ERRORS = 4.0  # a figure further from its expectation differs; by chance that happens to 1 in 16,000
ROUNDING = 1e-9


class Finding(NamedTuple):
    """One figure, expected and simulated."""

    figure: str  # what it is, and its unit
    expected: float
    simulated: float
    error: float = 0.0  # standard error of `simulated`; 0: they must agree but for rounding
    bound: Literal["", "at most", "at least"] = ""  # `expected` is a limit rather than a value

    @property
    def z(self) -> float | None:
        """Standard errors between the two; None where chance plays no part."""
        return (self.simulated - self.expected) / self.error if self.error else None

    @property
    def agrees(self) -> bool:
        """The verdict.

        >>> Finding("exact", 4000.0, 4000.0).agrees, Finding("by chance", 0.5, 0.6, 0.02).agrees
        (True, False)
        """
        if self.bound:
            return self.simulated <= self.expected if self.bound == "at most" else self.simulated >= self.expected
        if self.z is None:
            return math.isclose(self.simulated, self.expected, rel_tol=ROUNDING, abs_tol=ROUNDING)
        return abs(self.z) <= STANDARD_ERRORS


def mean_of(figure: str, expected: float, values: Any) -> Finding:
    """Compare the mean of independent replicates; its standard error is theirs over the root of their number."""
    values = np.asarray(values, float)
    return Finding(figure, expected, float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))))


def variance_of(figure: str, expected: float, values: Any) -> Finding:
    """Compare the variance of independent, about bell-shaped replicates."""
    values = np.asarray(values, float)
    return Finding(figure, expected, float(values.var(ddof=1)), expected * math.sqrt(2 / (len(values) - 1)))


def share_of(figure: str, expected: float, hits: float, trials: int) -> Finding:
    """Compare the share of independent trials that came out; its standard error is the binomial one."""
    return Finding(figure, expected, float(hits / trials), math.sqrt(expected * (1 - expected) / trials))


@dataclass(frozen=True)
class Check:
    """One thing that is known of the model, and how to see whether it comes out."""

    name: str
    claim: str  # the formula or the published value
    source: str  # where it is from; empty: it follows from the model's rules
    find: Callable[[int], list[Finding]]  # given the number of replicates
    replicates: int = 1
    quick: int = 1  # replicates of a quick look
