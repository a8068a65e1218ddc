"""How long users stay, by how tolerant they are: Kaplan and Meier's estimate for each tenth of them.

A user's tolerance is not in a study's tables: it is drawn again from the run's scenario and seed, without running.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from batch.analysis import StudyResults

DECILES = 10
MOST_FOUNDED = 20  # runs whose users are drawn again


class Survival(NamedTuple):
    """The share of a provider's users who have not left it, by day and tenth of tolerance."""

    provider: str
    runs: int
    days: NDArray[np.int64]  # 0 to the end
    stayed: NDArray[np.float64]  # (deciles, days) from the least tolerant tenth to the most


def survival(results: "StudyResults", runs: "pd.DataFrame", provider: int) -> Survival | None:
    """Return how long those who began at a provider stayed there, in some runs, `MOST_FOUNDED` at most.

    None where the scenario is an open market: users come and leave for good, and the tables do not say who.

    References
    ----------
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations. Journal of the American
    Statistical Association 53, 457-481.
    """
    from agents.users import rows_for
    from model.initial_state import create_users

    study, chosen = results.study, runs[:MOST_FOUNDED]
    scenarios = {point: study.scenario_at(int(point)) for point in chosen["point"].unique()}
    if any(s.open_market.arrivals_per_day or s.open_market.departures_per_year for s in scenarios.values()):
        return None
    moves = results.moves(chosen["run_id"].tolist())
    times, seen, decile = [], [], []
    for run in chosen.itertuples():
        scenario = scenarios[run.point]
        if provider >= len(scenario.providers):
            continue
        rows = rows_for(scenario.users.count, len(scenario.providers))
        users = create_users(rows, scenario, run.seed)
        began = np.flatnonzero(users.provider == provider)
        own = moves[(moves["run_id"] == run.run_id) & (moves["from"] == scenario.providers[provider].name)]
        left = own.groupby("user")["day"].min().reindex(began)
        seen.append(left.notna().to_numpy())
        times.append(left.fillna(run.days - 1).to_numpy() + 1)
        decile.append(tenths(users.tolerance[began]))
    if not times or not sum(map(len, times)):
        return None
    stayed = kaplan_meier(np.concatenate(times), np.concatenate(seen), np.concatenate(decile))
    name = scenarios[chosen["point"].iloc[0]].providers[provider].name
    return Survival(name, len(times), np.arange(stayed.shape[1]), stayed)


def tenths(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each value which tenth it is in, 0 the lowest; ties are parted by order.

    >>> tenths(np.array([5.0, 1.0, 3.0])).tolist()
    [6, 0, 3]
    """
    ranks = np.empty(len(values), np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks * DECILES // max(len(values), 1)


def kaplan_meier(times: Any, seen: Any, group: Any) -> NDArray[np.float64]:
    """Return each group's survival on days 0, 1, 2, ...

    Parameters
    ----------
    times
        Days until somebody left, or was last seen.
    seen
        Whether it was seen to leave; else it was still there.
    group
        The number of its group.

    Returns
    -------
    array
        Groups by days, nan for a group without members.
    """
    from scipy.stats import CensoredData, ecdf

    days = np.arange(int(times.max()) + 1)
    stayed = np.full((DECILES, len(days)), np.nan)
    for number in range(DECILES):
        mine = group == number
        if mine.any():
            sample = CensoredData(uncensored=times[mine & seen], right=times[mine & ~seen])
            stayed[number] = ecdf(sample).sf.evaluate(days)
    return stayed


def loser(runs: "pd.DataFrame", providers: Sequence[str]) -> int | None:
    """Return the provider that lost most users in some runs; None where nobody left any."""
    left = [runs[f"p{j}_left"].sum() for j in range(len(providers))]
    worst = int(np.argmax(left))
    return worst if left[worst] > 0 else None
