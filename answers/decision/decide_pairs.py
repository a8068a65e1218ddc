"""Pairs of runs that differ in one provider's live patching alone, and the price at which both earn the same.

What a provider pays for live patches changes nobody's behaviour, unless a strategy depends on costs. So runs at one
price hold for all others: a dollar more a server and month costs as many dollars as there were server-months.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answers.decision.decide_ask import Contrast
from answers.experiment import Runs, need_replicates, paired
from answers.intervals import Values, bootstrap, ratio
from model.errors import ScenarioError


@dataclass(frozen=True)
class Pairs:
    """What live patching changed for one provider, a value a replicate.

    >>> pairs = Pairs(100.0, gain=np.array([100.0, 300.0]), server_months=np.array([2.0, 2.0]))
    >>> pairs.break_even, pairs.gain_at(200.0).tolist(), pairs.pays_at(200.0).tolist()
    (200.0, [-100.0, 100.0], [False, True])
    """

    price: float  # dollars a server and month, at which the runs were made
    gain: Values  # profit with live patching less profit without, dollars over the run
    server_months: Values  # in use with live patching

    @property
    def break_even(self) -> float:
        """The price at which the mean gain is nothing, dollars a server and month; below 0 where none is low enough."""
        return float(self.price + ratio(self.gain.mean(), self.server_months.mean()))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The bootstrap interval of the break-even price."""
        low, high = bootstrap(ratio, self.gain, self.server_months)
        return self.price + low, self.price + high

    def gain_at(self, price: float) -> Values:
        """Return each replicate's gain at another price, dollars over the run."""
        return self.gain + (self.price - price) * self.server_months

    def pays_at(self, price: float) -> NDArray[np.bool_]:
        """Say in which replicates live patching pays at a price."""
        return self.gain_at(price) > 0

    def per_server_month(self, price: float) -> tuple[float, float, float]:
        """Return the mean gain at a price a server and month, and its interval."""
        low, high = self.interval
        return self.break_even - price, low - price, high - price


def shift(here: Pairs, base: Pairs) -> tuple[float, float, float]:
    """Return by how much one break-even price is above another, with the interval of the difference."""

    def difference(gain: Any, months: Any, gain0: Any, months0: Any) -> Any:
        return ratio(gain, months) - ratio(gain0, months0)

    prices = here.price - base.price
    low, high = bootstrap(difference, here.gain, here.server_months, base.gain, base.server_months)
    return here.break_even - base.break_even, prices + low, prices + high


def pairs_of(
    runs: Runs, provider: int, contrasts: Sequence[Contrast], places: Sequence[tuple[int, int]]
) -> list[Pairs]:
    """Return what each contrast's runs gave; a replicate counts only if all its runs were done."""
    if not len(runs.table):
        raise ScenarioError(f"no run was done; the first failed with: {runs.failures['reason'].iloc[0]}")
    profit, months = (paired(runs.table, f"p{provider}_{name}") for name in ("profit", "server_months"))
    need_replicates(profit.index)
    need = {point for place in places for point in place}
    if missing := need - set(profit.columns):
        raise ScenarioError(f"{len(missing)} of {len(need)} variants have no run that was done")
    return [
        Pairs(
            contrast.price,
            profit[patching].to_numpy(float) - profit[without].to_numpy(float),
            months[patching].to_numpy(float),
        )
        for contrast, (without, patching) in zip(contrasts, places, strict=True)
    ]
