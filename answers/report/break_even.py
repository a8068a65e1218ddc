"""The break-even price of live patching over what a study varies: the most that it may cost a server and month."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from model.closed_forms import break_even_price

if TYPE_CHECKING:
    import pandas as pd

    from batch.analysis import StudyResults
    from batch.factors import Axis
    from batch.study import Study
    from model.schema import ProviderSettings

MOST_LEVELS = 12  # of a factor with more, ranges are told
MOST_RANGES = 6
MOST_RUNS = 2000  # whose days are read


class BreakEven(NamedTuple):
    """Break-even prices, a row a run."""

    runs: "pd.DataFrame"  # gained, server_months: their ratio, over any runs together, is the price; and the labels
    over: list[str]  # labels that differ, without those of the compared policy
    how: str  # a sentence


def break_even(results: "StudyResults", runs: "pd.DataFrame") -> BreakEven | None:
    """Return what the study says about the break-even price; None where nothing can be said.

    Simulated, where one provider patches live at some points and not at others and the study kept `series`: the
    price at which its profit would be the same. Else the email's arithmetic, where a provider that does not patch
    live stands against one that does: the margin of a full server times the share of users that it lost.
    """
    return simulated(results, runs) or arithmetic(results.study, runs)


def simulated(results: "StudyResults", runs: "pd.DataFrame") -> BreakEven | None:
    """Compare the same provider's profit in runs with and without live patching, replicate by replicate."""
    import pandas as pd

    study = results.study
    found = live_or_not(study)
    if found is None or not study.outcomes.series:
        return None
    axis, j, live, other = found
    over = differing(runs, [name for name in labels_of(study) if name not in axis.columns])
    key = [name for name in labels_of(study) if name not in axis.columns] + ["replicate"]
    column = axis.columns[0]
    with_patches = runs[runs[column] == live][:MOST_RUNS]
    pairs = with_patches.merge(runs[runs[column] == other], on=key, suffixes=("", "_other"))
    name = study.scenario_at(int(pairs["point"].iloc[0])).providers[j].name if len(pairs) else ""
    days = results.series(["day", "provider", "servers"], pairs["run_id"].tolist())
    days = days[(days["provider"] == name) & (days["day"] >= study.outcomes.warmup_days)]
    months = days.groupby("run_id")["servers"].sum().mul(12 / 365).rename("server_months")
    pairs = pairs.join(months, on="run_id").dropna(subset=["server_months"])
    if pairs.empty:
        return None
    price = pairs["point"].map({p: price_at(study.scenario_at(p).providers[j]) for p in pairs["point"].unique()})
    gained = pairs[f"p{j}_profit"] - pairs[f"p{j}_profit_other"] + price * pairs["server_months"]
    table = pairs[[*over, "replicate"]].assign(gained=gained, server_months=pairs["server_months"])
    how = (
        f"Simulated: the price at which {name} would earn as much with {column} = {live} as with {column} = {other}, "
        "over the whole run, from runs that differ in nothing else."
    )
    return BreakEven(pd.DataFrame(table), over, how)


def arithmetic(study: "Study", runs: "pd.DataFrame") -> BreakEven | None:
    """Multiply margins and lost shares, as the email does."""
    import pandas as pd

    parts, names = [], set()
    for point, rows in runs.groupby("point"):
        providers = study.scenario_at(int(point)).providers
        j = next((j for j, p in enumerate(providers) if p.policy.kind != "live-patch"), None)
        if j is None or all(p.policy.kind != "live-patch" for p in providers):
            continue
        names.add(providers[j].name)
        start = rows[f"p{j}_users_start"]
        lost = rows[f"p{j}_left"] / start.where(start > 0)
        gained = [break_even_price(margin(providers[j], int(n)), x) for n, x in zip(start, lost, strict=True)]
        parts.append(rows.assign(gained=gained, server_months=1.0))
    if not parts:
        return None
    table = pd.concat(parts).dropna(subset=["gained"])
    over = differing(table, labels_of(study))
    how = (
        f"By the email's arithmetic: the margin of a full server of {' or '.join(sorted(names))} times the share of "
        "its users that left; what it could pay if live patches kept them all."
    )
    if live_or_not(study):
        how += " With outcomes.series = true it would be simulated instead."
    return BreakEven(table[[*over, "replicate", "gained", "server_months"]], over, how) if len(table) else None


def live_or_not(study: "Study") -> "tuple[Axis, int, Any, Any] | None":
    """Return the factor that decides whether a provider patches live, the provider, and a label for each."""
    for axis in study.axes:
        for path in axis.factor.targets:
            steps = path.split(".")
            if axis.ranged or steps[0] != "providers" or steps[2:] not in (["policy"], ["policy", "kind"]):
                continue
            column, j = axis.columns[0], int(steps[1])
            kinds = {
                point.labels[column]: study.scenario_at(point.number).providers[j].policy.kind for point in study.points
            }
            live = [label for label, kind in kinds.items() if kind == "live-patch"]
            rest = [label for label, kind in kinds.items() if kind != "live-patch"]
            if live and rest:
                return axis, j, live[0], rest[0]
    return None


def labels_of(study: "Study") -> list[str]:
    """Return the columns that tell the levels of a point."""
    return list(study.points[0].labels)


def differing(runs: "pd.DataFrame", columns: list[str]) -> list[str]:
    """Return the columns with more than one value."""
    return [name for name in columns if runs[name].nunique() > 1]


def margin(provider: "ProviderSettings", users: int) -> float:
    """Return what a full server earns before live patches, dollars a month."""
    return (
        provider.price * min(provider.server_capacity, users) - provider.policy.servers_paid(1) * provider.server_cost
    )


def price_at(provider: "ProviderSettings") -> float:
    """Return what a provider pays for live patches, dollars per server and month."""
    return float(getattr(provider.policy, "per_server_month", 0.0))


def binned(values: "pd.Series", most: int) -> "pd.Series":
    """Return the levels of a factor as they are if they are no more, else as ranges with as many runs in each."""
    import pandas as pd

    if values.nunique() <= most or not pd.api.types.is_numeric_dtype(values):
        return values
    ranges = min(MOST_RANGES, max(2, int(math.sqrt(values.nunique() / 4))))  # some runs in each of two factors' cells
    return pd.qcut(values, ranges, duplicates="drop")


def in_cells(found: BreakEven) -> "pd.DataFrame":
    """Return the runs with the levels, or ranges, of the two factors that prices are told over.

    In a sample of few points hardly two have a level in common: then there are ranges whatever their number.
    """
    over = found.over[:2]
    cells = found.runs.assign(**{name: binned(found.runs[name], MOST_LEVELS) for name in over})
    possible = math.prod(cells[name].nunique() for name in over)
    if cells.groupby(over, observed=True).ngroups * 2 >= possible:
        return cells
    return found.runs.assign(**{name: binned(found.runs[name], most=1) for name in over})


def price(rows: "pd.DataFrame") -> float:
    """Return the break-even price of some runs together, dollars per server and month."""
    return float(rows["gained"].sum() / rows["server_months"].sum())
