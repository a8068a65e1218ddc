"""What `compare` measures: each policy's outcomes, and their paired differences to the present policy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from answers.breach_cost import turning_cost
from answers.comparison.compare_ask import Question
from answers.experiment import Runs, need_replicates, paired
from answers.intervals import mean_interval
from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd


class Outcome(NamedTuple):
    """What is compared."""

    column: str
    name: str
    unit: str


OUTCOMES = (
    Outcome("users_end", "users at the end", "users"),
    Outcome("profit", "profit", "dollars over the run"),
    Outcome("downtime_minutes_per_user_year", "downtime", "minutes a user and year"),
    Outcome("exposed_server_days", "exposure", "server-days"),
    Outcome("exploitable_server_days", "exploitable", "server-days"),
    Outcome("breaches", "breaches", "over the run"),
    Outcome("breach_cost", "breach costs", "dollars over the run"),
)


@dataclass(frozen=True)
class Comparison:
    """What each policy gives one provider, in plain numbers."""

    scenario: str
    provider: str
    number: int  # of the provider
    present: str  # the policy that the others are compared with
    days: int
    replicates: int
    failed: int  # runs
    servers_free: bool  # the scenario charges nothing for a server
    attack_rate: float  # per exploitable server-day
    breach_cost: float  # dollars
    turning: dict[str, float | None]  # policy -> breach cost at which it earns what the present one does; None: no cost
    table: "pd.DataFrame"  # a row a policy and outcome: mean, difference to the present policy with its interval


def measure(question: Question, runs: Runs) -> Comparison:
    """Return what the runs say about a question.

    Raises
    ------
    ScenarioError
        When a policy has no run, or too few replicates have all their runs.
    """
    import pandas as pd

    scenario, kinds = question.scenario, [variant.name for variant in question.variants]
    provider = scenario.providers[question.provider]
    if not len(runs.table):
        raise ScenarioError(f"no run was done; the first failed with: {runs.failures['reason'].iloc[0]}")
    rows = []
    for outcome in OUTCOMES:
        found = paired(runs.table, f"p{question.provider}_{outcome.column}")
        need_replicates(found.index)
        for point, kind in enumerate(kinds):
            if point not in found.columns:
                raise ScenarioError(f"policy {kind}: none of its runs was done")
            difference = (found[point] - found[0]).to_numpy(float)
            low, high = mean_interval(difference)
            head = {"policy": kind, "outcome": outcome.name, "unit": outcome.unit}
            rows.append(head | {"mean": found[point].mean(), "difference": difference.mean(), "low": low, "high": high})
    table = pd.DataFrame(rows)
    security = scenario.security
    order = {kind: place for place, kind in enumerate(kinds)}
    return Comparison(
        scenario=scenario.name,
        provider=provider.name,
        number=question.provider,
        present=kinds[0],
        days=scenario.days,
        replicates=len(found),
        failed=len(runs.failures),
        servers_free=provider.server_cost == 0,
        attack_rate=security.attack_rate,
        breach_cost=security.breach_cost,
        turning=turning_costs(table, security.attack_rate),
        table=table.sort_values("policy", key=lambda k: k.map(order), kind="stable", ignore_index=True),
    )


def turning_costs(table: "pd.DataFrame", attack_rate: float) -> dict[str, float | None]:
    """Return for each policy the breach cost at which its profit is that of the present one.

    Breaches are those to be expected: the attack rate times the exploitable server-days.
    """
    differences = table.pivot_table(index="policy", columns="outcome", values="difference", sort=False)
    return {
        str(kind): turning_cost(row["profit"] + row["breach costs"], attack_rate * row["exploitable"])
        for kind, row in differences.iterrows()
    }
