"""What the model gives for each pattern: runs as plain counts, and figures with bootstrapped intervals from them."""

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from results.estimates import estimate_mean
from results.runs import ten_server_settings

if TYPE_CHECKING:
    import pandas as pd

    from model.market import Market

LAGS = (1, 3)  # months since a neighbour left
RUNS_TOGETHER = 4  # in one regression
YEARS = 5
ADVERTS_PER_DAY = 0.02  # so many that nearly all users hear of the rival within half a year
REAL_YEAR = {"source": "history", "history": "debian-advisories", "start": date(2011, 1, 1)}
Runs = dict[str, list[Any]]


class Measured(NamedTuple):
    """A figure of the model, with its 95 % interval; all three the same where nothing is left to chance."""

    value: float
    low: float
    high: float


def year(users: int, seed: int) -> dict[str, Any]:
    """Run the thought experiment; return the share lost, and who was at risk and left, by neighbours who had left."""
    market = market_of(users, seed)
    return {"lost": lost(market)} | {f"lag {lag}": person_months(market, lag) for lag in LAGS}


def random_graph(users: int, seed: int) -> dict[str, Any]:
    """Run it on a random graph; return counts as `year`, of users with few and with many links."""
    market = market_of(users, seed, **{"network": {"kind": "erdos-renyi", "degree": 8.0}})
    links = np.diff(market.network.hears.indptr)
    many = links > np.median(links)
    return {"few": person_months(market, 1, ~many), "many": person_months(market, 1, many)}


def five_years(users: int, seed: int) -> Any:
    """Run five years; return how many of the host's first users left it in each year, and at the end how many not."""
    from answers.hazard import first_leaving

    market = market_of(users, seed, days=YEARS * 365)
    began, day = first_leaving(market, 0)
    return np.bincount(np.minimum(day[began] // 365, YEARS), minlength=YEARS + 1)


def flaw_days(_users: int, seed: int) -> Any:
    """Return the days with a flaw in five years."""
    from model.flaws import draw_flaws
    from model.scenario import Scenario

    scenario = Scenario.preset("thought-experiment", days=YEARS * 365)
    return np.array(sorted(draw_flaws(scenario.flaws, scenario.days, seed)))


def same_flaws(users: int, seed: int) -> tuple[float, float]:
    """Return the share lost in a year of real flaws: users hear from each other, and each finds out by itself."""
    alone = {"network": {"kind": "none"}, "users.advertising_per_day": ADVERTS_PER_DAY}
    return lost(market_of(users, seed, flaws=REAL_YEAR)), lost(market_of(users, seed, flaws=REAL_YEAR, **alone))


RUNS: dict[str, Callable[[int, int], Any]] = {
    function.__name__: function for function in (year, random_graph, five_years, flaw_days, same_flaws)
}


def run(task: tuple[str, int, int]) -> Any:
    """Do one run: its name, the number of users, the seed."""
    name, users, seed = task
    return RUNS[name](users, seed)


def market_of(users: int, seed: int, **settings: Any) -> "Market":
    """Return a year, or more, of the thought experiment that has been run."""
    from model.market import Market

    return Market("thought-experiment", rng=seed, **ten_server_settings(users), **settings).run()


def lost(market: "Market") -> float:
    """Return the share of its users that the rebooting host has lost."""
    return 1 - int(market.fleets.users[0]) / int(market.record.users_at_start[0])


def person_months(market: "Market", lag: int, among: Any = None) -> "pd.DataFrame":
    """Return how many users were at risk, and left, by month and by neighbours who had left `lag` months before.

    Parameters
    ----------
    among
        Which users count; all where it is left out. Their neighbours are any.
    """
    import pandas as pd

    from agents.experience import DAYS_PER_MONTH
    from answers.hazard import NEVER, first_leaving

    began, day = first_leaving(market, 0)
    month = np.where(day < NEVER, day // DAYS_PER_MONTH, np.inf)
    hears = market.network.hears
    listener = np.repeat(np.arange(len(began)), np.diff(hears.indptr))
    counted = began if among is None else began & among
    rows = []
    for now in range(max(LAGS), int(market.day // DAYS_PER_MONTH)):
        gone = began & (month == now - lag)
        neighbours = np.bincount(listener[gone[hears.indices]], minlength=len(began))
        here = counted & (month >= now)
        at_risk = np.bincount(neighbours[here])
        left = np.bincount(neighbours[here & (month == now)], minlength=len(at_risk))
        rows += [(now, k, int(n), int(e)) for k, (n, e) in enumerate(zip(at_risk, left, strict=True)) if n]
    return pd.DataFrame(rows, columns=["month", "neighbours", "at_risk", "left"])


def measure(runs: Runs, resamples: int, seed: int) -> dict[str, Measured]:
    """Return each pattern's figure; intervals are Student's over groups of runs, or from runs drawn anew."""
    rng = np.random.default_rng(seed)

    def measured(name: str, figure: Callable[[Sequence[Any]], float]) -> Measured:
        done = runs[name]
        draws = [figure([done[i] for i in rng.integers(len(done), size=len(done))]) for _ in range(resamples)]
        low, high = np.quantile(draws, [0.025, 0.975])
        return Measured(figure(done), float(low), float(high))

    return {
        "yearly churn of hosts": measured("year", lambda done: float(np.median([one["lost"] for one in done]))),
        "hazard after a neighbour left": raised(runs["year"]),
        "decay of that effect": contrast(runs["year"], "lag 1", "lag 3"),
        "effect by number of links": contrast(runs["random_graph"], "many", "few"),
        "falling hazard of a cohort": measured("five_years", last_hazard_over_first),
        "spacing of kernel updates": measured("flaw_days", variation_of_gaps),
        "bursts of kernel updates": measured("flaw_days", dispersion_of_years),
        "social influence makes worlds differ": measured("same_flaws", spread_together_over_alone),
        "switching costs": Measured(*[premium()] * 3),
    }


def raised(done: Sequence[dict[str, Any]]) -> Measured:
    """Return the hazard ratio of a neighbour who left last month."""
    return Measured(*(math.exp(log) for log in estimate_mean(effects(done, "lag 1"), "log").values()))


def contrast(done: Sequence[dict[str, Any]], one: str, other: str) -> Measured:
    """Return by how much one logarithm of the hazard ratio is above another."""
    gaps = [a - b for a, b in zip(effects(done, one), effects(done, other), strict=True)]
    return Measured(*estimate_mean(gaps, "gap").values())


def effects(done: Sequence[dict[str, Any]], which: str) -> list[float]:
    """Return the logarithm of the hazard ratio, one for each few runs: a regression has a baseline for each month."""
    import pandas as pd

    from answers.hazard import hazard_ratio

    groups = [done[first : first + RUNS_TOGETHER] for first in range(0, len(done), RUNS_TOGETHER)]
    return [
        hazard_ratio(pd.concat([one[which].assign(run=number) for number, one in enumerate(group)])).log
        for group in groups
    ]


def last_hazard_over_first(done: Sequence[Any]) -> float:
    """Return the chance to leave in the last year over that in the first, of those still there then."""
    left = np.sum(done, axis=0)
    at_risk = left[::-1].cumsum()[::-1]
    hazard = left[:YEARS] / at_risk[:YEARS]
    return float(hazard[-1] / hazard[0])


def variation_of_gaps(done: Sequence[Any]) -> float:
    """Return the coefficient of variation of the days between flaws."""
    gaps = np.concatenate([np.diff(days) for days in done])
    return float(gaps.std(ddof=1) / gaps.mean())


def dispersion_of_years(done: Sequence[Any]) -> float:
    """Return the variance of a year's flaws over their mean, the mean over runs of five years."""
    counts = np.array([np.bincount(days // 365, minlength=YEARS) for days in done])
    return float(np.mean(counts.var(axis=1, ddof=1) / counts.mean(axis=1)))


def spread_together_over_alone(done: Sequence[tuple[float, float]]) -> float:
    """Return the coefficient of variation over runs with word of mouth over that without."""
    together, alone = np.std(done, axis=0, ddof=1) / np.mean(done, axis=0)
    return float(together / alone)


def premium() -> float:
    """Return what the median user would pay a month rather than move, over the price."""
    from model.scenario import Scenario

    scenario = Scenario.preset("thought-experiment")
    users = scenario.users
    return users.tolerance.median * users.downtime_value.median / scenario.providers[0].price
