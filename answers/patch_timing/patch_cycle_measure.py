"""What `patch-cycle` measures: the cost of each waiting time, from users, bad updates and breaches apart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from answers.experiment import Runs, need_replicates, paired
from answers.intervals import Values, mean_interval
from answers.patch_timing.patch_cycle_ask import Question, Wait
from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd


class Cost(NamedTuple):
    """Dollars a server and month, with the 95 % interval of their mean."""

    mean: float
    low: float
    high: float


class WaitCost(NamedTuple):
    """What one waiting time costs more than patching at once; below 0 it saves."""

    way: str
    days: int
    total: Cost
    users: Cost  # by users who come and go with outages, and by the policy's own costs
    updates: Cost  # by bad updates, users lost to them included
    breaches: Cost  # by breaches, users lost to them included
    more: Cost  # in all, than the best waiting time
    breached: float  # breaches in a run
    exploitable: float  # server-days in a run
    users_end: float


@dataclass(frozen=True)
class PatchCycle:
    """The waiting times of one provider, in plain numbers."""

    scenario: str
    provider: str
    days: int
    replicates: int
    failed: int  # runs
    attacked: bool  # the scenario has attackers
    faulty: bool  # the scenario has bad updates
    waits: list[WaitCost]
    best: WaitCost


def measure(question: Question, runs: Runs) -> PatchCycle:
    """Return what the runs say about a question.

    Raises
    ------
    ScenarioError
        When a waiting time has no run, or too few replicates have all their runs.
    """
    if not len(runs.table):
        raise ScenarioError(f"no run was done; the first failed with: {runs.failures['reason'].iloc[0]}")
    scenario, prefix = question.scenario, f"p{question.provider}_"
    profit = paired(runs.table, f"{prefix}mean_profit_per_original_server")
    need_replicates(profit.index)
    if missing := set(range(len(question.variants))) - set(profit.columns):
        raise ScenarioError(f"{len(missing)} of {len(question.variants)} variants have no run that was done")
    best = min(question.waits, key=lambda wait: -profit[wait.full].mean())

    def parts(wait: Wait) -> "dict[str, pd.Series]":
        """Return what each cause takes from the profit, by replicate."""
        users, updates, full = (profit[point] for point in (wait.users, wait.updates, wait.full))
        return {"total": -full, "users": -users, "updates": users - updates, "breaches": updates - full}

    at_once = parts(question.waits[0])
    waits = [
        WaitCost(
            way=wait.way,
            days=wait.days,
            **{name: cost(part - at_once[name]) for name, part in parts(wait).items()},
            more=cost(profit[best.full] - profit[wait.full]),
            breached=mean_of(runs.table, wait.full, f"{prefix}breaches"),
            exploitable=mean_of(runs.table, wait.full, f"{prefix}exploitable_server_days"),
            users_end=mean_of(runs.table, wait.full, f"{prefix}users_end"),
        )
        for wait in question.waits
    ]
    return PatchCycle(
        scenario=scenario.name,
        provider=scenario.providers[question.provider].name,
        days=scenario.days,
        replicates=len(profit),
        failed=len(runs.failures),
        attacked=scenario.security.attack_rate > 0,
        faulty=scenario.security.bad_update_probability > 0,
        waits=waits,
        best=waits[question.waits.index(best)],
    )


def cost(dollars: "pd.Series") -> Cost:
    """Return the mean of paired differences, with its interval."""
    values: Values = dollars.to_numpy(float)
    return Cost(float(values.mean()), *mean_interval(values))


def mean_of(table: "pd.DataFrame", point: int, column: str) -> float:
    """Return the mean of an outcome over the runs of a point."""
    return float(np.mean(table.loc[table["point"] == point, column]))
