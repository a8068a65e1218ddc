"""What is measured on simulated runs, to be held against targets."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from answers.calibration.hazard import first_leaving, hazard_ratio, person_months
from answers.calibration.targets import Target
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


class Seen(NamedTuple):
    """What a run gives for one target: a share, or the counts of a hazard regression."""

    share: float
    counts: "pd.DataFrame | None"


def observe(scenario: Scenario, targets: Sequence[Target], seed: int) -> list[Seen]:
    """Run one market, and return what it gives for each target."""
    from batch.outcomes import shared_graph
    from model.market import Market

    graph = shared_graph(scenario.network, scenario.users.count, seed)
    market = Market(scenario, rng=seed, graph=graph).run()
    seen = []
    for target in targets:
        if target.measure == "lost-share":
            began, day = first_leaving(market, target.provider)
            seen.append(Seen(float((day[began] < (target.days or scenario.days)).mean()), None))
        else:
            seen.append(Seen(math.nan, person_months(market, target.provider)))
    return seen


def measured(seen: Sequence[Seen]) -> float:
    """Return what runs give for a target together: the mean share, or the hazard ratio over all of them."""
    if seen[0].counts is None:
        return float(np.mean([run.share for run in seen]))
    import pandas as pd

    counts = pd.concat([run.counts.assign(run=number) for number, run in enumerate(seen) if run.counts is not None])
    return hazard_ratio(counts).value


def standard_error(seen: Sequence[Seen]) -> float:
    """Return the error of `measured` from one sample of runs to another: the jackknife's, a run left out at a time.

    Of a mean it is the usual one (Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, chapter 3).
    """
    n = len(seen)
    if n < 2:
        return math.nan
    without = np.array([measured([*seen[:i], *seen[i + 1 :]]) for i in range(n)])
    return float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))


def misfit(target: Target, simulated: float) -> float:
    """Return how far a simulated value is from what was observed, in standard errors; ratios on their logarithm.

    >>> misfit(Target(measure="lost-share", value=0.25, standard_error=0.125), 0.5)
    2.0
    """
    if target.measure == "lost-share":
        return (simulated - target.value) / target.standard_error
    return math.log(simulated / target.value) / (target.standard_error / target.value)


def loss(targets: Sequence[Target], simulated: Sequence[float]) -> float:
    """Return the weighted sum of squared misfits; infinite where something could not be measured."""
    if not all((math.isfinite(value) and value > 0) or target.measure == "lost-share"
               for target, value in zip(targets, simulated, strict=True)):  # fmt: skip
        return math.inf
    return sum(t.weight * misfit(t, value) ** 2 for t, value in zip(targets, simulated, strict=True))
