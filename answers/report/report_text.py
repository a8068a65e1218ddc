"""The answer of a study in a few sentences, made from its numbers."""

import math
from typing import TYPE_CHECKING

from answers.report.break_even import BreakEven, live_or_not, price
from answers.report.groups import MOST_GROUPS, Group, by_replicate
from batch.adaptive import moments, quantile
from model.conclusion import dollars

if TYPE_CHECKING:
    import pandas as pd

    from batch.study import Study

CONFIDENCE = 0.95
LEAST_REPLICATES = 5  # for an interval in a sentence; Student's with fewer says nothing to a reader


def findings(study: "Study", runs: "pd.DataFrame", groups: list[Group], found: BreakEven | None) -> list[str]:
    """Return the sentences that the numbers allow, the most important first."""
    sentences = [lost(study, runs, groups), paid(runs, groups), gained(study, runs, groups), worth(found)]
    return [sentence for sentence in sentences if sentence]


def lost(study: "Study", runs: "pd.DataFrame", groups: list[Group]) -> str:
    """Say what share of its users the first provider lost."""
    name = study.scenario.providers[0].name
    parts: list[str] = []
    for group in extremes(runs, groups, "lost_share_p0"):
        means = by_replicate(runs, group.points, "lost_share_p0")
        here = runs[runs["point"].isin(group.points)]["lost_share_p0"].dropna()
        if here.empty:
            continue
        low, high = here.quantile([0.05, 0.95])
        spread = f"nine runs in ten {100 * low:.1f} to {100 * high:.1f} %" if high > low else "in all runs"
        mean = means.mean() if len(means) else here.mean()
        of_users = "" if parts else " of its users"
        parts.append(f"{100 * mean:.1f} %{of_users}{where(group)} ({sure(100 * means, '%')}{spread})")
    return f"{name} lost {'; '.join(parts)}." if parts else ""


def paid(runs: "pd.DataFrame", groups: list[Group]) -> str:
    """Say how often live patching out-earned the best of the others."""
    parts = []
    for group in extremes(runs, groups, "live_paid"):
        here = runs[runs["point"].isin(group.points)]["live_paid"].dropna()
        if len(here):
            parts.append(f"{100 * here.mean():.0f} % of {len(here):,} runs{where(group)}")
    if not parts:
        return ""
    return f"The live-patching provider out-earned the best of the others, per original server, in {'; '.join(parts)}."


def gained(study: "Study", runs: "pd.DataFrame", groups: list[Group]) -> str:
    """Say what a provider gains by patching live, from runs that differ in nothing else."""
    found = live_or_not(study)
    if found is None or len(groups) < 2 or not study.common_random_numbers:
        return ""
    axis, j, live, other = found
    column, outcome = axis.columns[0], f"p{j}_mean_profit_per_original_server"
    key = [name for name in study.points[0].labels if name not in axis.columns] + ["replicate"]
    pairs = runs[runs[column] == live].merge(runs[runs[column] == other], on=key, suffixes=("", "_other"))
    difference = (pairs[outcome] - pairs[f"{outcome}_other"]).dropna()
    means = difference.groupby(pairs["replicate"]).mean()
    if means.empty:
        return ""
    name, mean = study.scenario.providers[j].name, means.mean()
    more = f"{dollars(abs(mean))} {'more' if mean > 0 else 'less'}"
    return (
        f"With {column} = {live} rather than {other}, {name} earns {more} per original server and month "
        f"({sure(means, 'dollars')}the same flaws and people in both)."
    )


def worth(found: BreakEven | None) -> str:
    """Say what live patching may cost at most."""
    if found is None:
        return ""
    per_run = price(found.runs)
    if per_run <= 0:
        return f"Live patching would not pay at any price. {found.how}"
    low, high = by_cell(found)
    between = f", from {dollars(low)} to {dollars(high)} by {' and '.join(found.over[:2])}" if high > low else ""
    return f"Live patching may cost up to {dollars(per_run)} per server and month{between}. {found.how}"


def by_cell(found: BreakEven) -> tuple[float, float]:
    """Return the lowest and the highest break-even price of the cells that the figure shows."""
    from answers.report.break_even import in_cells

    if not found.over:
        return math.nan, math.nan
    cells = in_cells(found).groupby(found.over[:2], observed=True)
    prices = cells[["gained", "server_months"]].sum()
    ratio = prices["gained"] / prices["server_months"]
    return float(ratio.min()), float(ratio.max())


def sure(means: "pd.Series", unit: str) -> str:
    """Write Student's interval for the mean of independent replicates, nothing where they are too few or all alike."""
    n, mean, sd = moments(list(means))
    if n < LEAST_REPLICATES or sd == 0:
        return ""
    half = quantile(CONFIDENCE, n - 1) * sd / math.sqrt(n)
    low, high = (f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" for value in (mean - half, mean + half))
    return f"95 % interval {low} to {high} {unit}; "


def extremes(runs: "pd.DataFrame", groups: list[Group], outcome: str) -> list[Group]:
    """Return the groups, or the two with the lowest and the highest mean where they are too many for a sentence."""
    if len(groups) <= MOST_GROUPS:
        return groups
    by_mean = sorted(groups, key=lambda group: runs[runs["point"].isin(group.points)][outcome].mean())
    return [by_mean[0], by_mean[-1]]


def where(group: Group) -> str:
    """Write at which points a number holds."""
    return f" with {group.name}" if group.name else ""
