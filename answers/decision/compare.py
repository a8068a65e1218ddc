"""All patch policies for one provider, against the same market: users, dollars, downtime and exposure."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.policies import POLICIES
from answers import REPLICATES
from answers.answer import Answer
from answers.decision.questions import policy_path
from answers.experiment import Variant, carry_out, experiment, need_replicates, paired
from answers.intervals import CONFIDENCE, mean_interval
from answers.options import on_its_terms, provider_number
from model.conclusion import dollars
from model.errors import ScenarioError
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from answers.experiment import Runs

MORE_SERVERS = ("failover", "live-migrate")  # policies that cost servers


class Outcome(NamedTuple):
    """What is compared."""

    column: str
    name: str
    unit: str


OUTCOMES = (
    Outcome("users_end", "users at the end", "users"),
    Outcome("profit", "profit", "dollars over the run"),
    Outcome("downtime_minutes_per_user_year", "downtime", "minutes a user and year"),
    Outcome("open_flaw_days", "open flaw-days", "flaws times days"),
    Outcome("breaches", "breaches", "over the run"),
)


class Comparison(NamedTuple):
    """What each policy gave."""

    scenario: Scenario
    provider: int
    present: str  # the policy that the others are compared with
    table: "pd.DataFrame"  # a row a policy and outcome
    replicates: int
    failed: int  # runs


def compare(
    scenario: Scenario,
    policies: Sequence[str] = (),
    provider: str | None = None,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
    workers: int | None = None,
    out: Path | None = None,
) -> Answer:
    """Return what each policy would give one provider, and the differences to its present one.

    Parameters
    ----------
    scenario
        The market.
    policies
        Their kinds; none: all seven. The present one is always among them. Each is on the terms that
        `answers.options.on_its_terms` gives.
    provider
        The name of who compares; None: the first that does not patch live.
    replicates, seed, workers, out
        As in `answers.decision.decide.decide`.

    Returns
    -------
    Answer
        A row for each policy and outcome: its mean, and the mean paired difference to the present policy with its
        bootstrap interval from `low` to `high`.
    """
    number = provider_number(scenario, provider)
    present = scenario.providers[number].policy.kind
    kinds = list(dict.fromkeys([present, *checked(policies or list(POLICIES))]))
    path = policy_path(number)
    variants = [
        Variant(kind, {path: on_its_terms(scenario, number, kind)} if kind != present else {}) for kind in kinds
    ]
    study = experiment(
        scenario,
        variants,
        name=f"{scenario.name}, compare",
        question=f"Which patch policy is best for {scenario.providers[number].name}?",
        replicates=replicates,
        seed=seed,
    )
    runs = carry_out(study, None if out is None else out / "study", workers)
    table, pairs = table_of(runs, number, kinds)
    return told(Comparison(scenario, number, present, table, pairs, len(runs.failures)))


def checked(policies: Sequence[str]) -> Sequence[str]:
    """Refuse policies that there are not."""
    for policy in policies:
        if policy not in POLICIES:
            raise ScenarioError.of("--policy", policy, f"must be one of {', '.join(POLICIES)}")
    return policies


def table_of(runs: "Runs", provider: int, kinds: Sequence[str]) -> tuple["pd.DataFrame", int]:
    """Return a row for each policy and outcome, and the number of replicates; the first kind is the present one."""
    import pandas as pd

    if not len(runs.table):
        raise ScenarioError(f"no run was done; the first failed with: {runs.failures['reason'].iloc[0]}")
    rows = []
    for outcome in OUTCOMES:
        found = paired(runs.table, f"p{provider}_{outcome.column}")
        need_replicates(found.index)
        for point, kind in enumerate(kinds):
            if point not in found.columns:
                raise ScenarioError(f"policy {kind}: none of its runs was done")
            difference = (found[point] - found[0]).to_numpy(float)
            low, high = mean_interval(difference)
            told = {"policy": kind, "outcome": outcome.name, "unit": outcome.unit}
            rows.append(told | {"mean": found[point].mean(), "difference": difference.mean(), "low": low, "high": high})
    table = pd.DataFrame(rows)
    order = {kind: place for place, kind in enumerate(kinds)}
    return table.sort_values("policy", key=lambda k: k.map(order), kind="stable", ignore_index=True), len(found)


def told(comparison: Comparison) -> Answer:
    """Return a comparison as an answer."""
    from answers.decision.compare_figure import comparison_figure

    scenario, table = comparison.scenario, comparison.table
    policies = {
        kind: {
            row.outcome: {"mean": row.mean_, "difference": row.difference, "interval": [row.low, row.high]}
            for row in rows.rename(columns={"mean": "mean_"}).itertuples()
        }
        for kind, rows in table.groupby("policy", sort=False)
    }
    summary: dict[str, Any] = {
        "scenario": scenario.name,
        "provider": scenario.providers[comparison.provider].name,
        "present_policy": comparison.present,
        "days": scenario.days,
        "replicates": comparison.replicates,
        "failed_runs": comparison.failed,
        "confidence": CONFIDENCE,
        "policies": policies,
        "answer": paragraph(comparison),
    }
    figure = lambda: comparison_figure(comparison)  # noqa: E731 -- drawn only if it is asked for
    return Answer("compare", summary, table, summary["answer"], figure, shown_of(table))


def shown_of(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return what the terminal shows: a row a policy, its means, and its difference in profit."""
    means = table.pivot_table(index="policy", columns="outcome", values="mean", sort=False)
    profit = table[table["outcome"] == "profit"].set_index("policy")
    shown = means[["users at the end", "profit"]].round()
    shown = shown.set_axis(["users", "profit, $"], axis=1)
    for name, column in (("more than now", "difference"), ("from", "low"), ("to", "high")):
        shown[name] = profit[column].round()
    shown["min down"] = means["downtime"]
    shown["flaw-days"] = means["open flaw-days"].round()
    shown["breaches"] = means["breaches"]
    return shown.rename_axis("policy").reset_index()


def paragraph(comparison: Comparison) -> str:
    """Say which policies are better and worse than the present one, and what they leave open."""
    scenario, present = comparison.scenario, comparison.present
    profit = comparison.table[comparison.table["outcome"] == "profit"].set_index("policy")
    exposed = comparison.table[comparison.table["outcome"] == "open flaw-days"].set_index("policy")["mean"]
    others = profit.drop(index=present).sort_values("difference", ascending=False)
    better, worse = others[others["low"] > 0], others[others["high"] < 0]
    unclear = others.drop(index=[*better.index, *worse.index])

    def listed(rows: "pd.DataFrame") -> str:
        return ", ".join(
            f"{kind} ({dollars(row['difference'])}, {dollars(row['low'])} to {dollars(row['high'])})"
            for kind, row in rows.iterrows()
        )

    name = scenario.providers[comparison.provider].name
    text = (
        f"Over {scenario.days} days {name} earns {dollars(profit.loc[present, 'mean'])} with its present policy, "
        f"{present}, in the mean of {comparison.replicates} runs"
    )
    text += f" ({comparison.failed} runs failed and are left out)." if comparison.failed else "."
    for heading, rows in (("More", better), ("Less", worse), ("No clear difference", unclear)):
        text += f" {heading}: {listed(rows)}." if len(rows) else ""
    least, most = exposed.idxmin(), exposed.idxmax()
    if exposed[least] < exposed[most]:
        text += (
            f" Flaws stay open least with {least} ({exposed[least]:,.0f} flaw-days) and most with {most} "
            f"({exposed[most]:,.0f})."
        )
    free = [kind for kind in MORE_SERVERS if kind in profit.index]
    if free and scenario.providers[comparison.provider].server_cost == 0:
        text += (
            f" Servers cost nothing in this scenario, so the additional ones of {' and '.join(free)} come free; set "
            f"providers.{comparison.provider}.server_cost."
        )
    return text


def differences(comparison: Comparison, outcome: Outcome) -> Any:
    """Return a row for each policy: the mean difference of an outcome and its bounds."""
    rows = comparison.table[comparison.table["outcome"] == outcome.name]
    return np.array(rows[["difference", "low", "high"]], float)
