"""The same markets on more seeds, in the background: what one seed's verdict is worth."""

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from answers.intervals import mean_interval
from browser.charts import number
from model.figures import colours
from model.market import Market
from model.scenario import Scenario
from model.summary import closing_profit

SEEDS = 20  # of one request
Report = Callable[[dict[str, Any]], None]

log = logging.getLogger("patchmarket.browser")


class Replicates:
    """Runs scenarios to their ends on the seeds after the visitor's, one by one.

    Parameters
    ----------
    report
        Called after each seed, from a thread of its own, with what came of all so far.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._scenarios: list[Scenario] = []
        self._first_seed = 0
        self._profits: list[list[list[float]]] = []  # by seed, market and provider; nan: had no server at the start

    def forget(self) -> None:
        """Stop, and forget what came of other scenarios."""
        self._stop.set()
        self._scenarios, self._profits = [], []
        self._report({"done": 0, "total": 0, "markets": []})

    def run(self, scenarios: Sequence[Scenario], seed: int) -> None:
        """Run the scenarios on twenty seeds that they have not been run on. Returns at once."""
        if self._thread and self._thread.is_alive() and not self._stop.is_set():
            return
        if (self._scenarios, self._first_seed) != (list(scenarios), seed):
            self._scenarios, self._first_seed, self._profits = list(scenarios), seed, []
        self._stop = threading.Event()
        work = (self._scenarios, seed + 1 + len(self._profits), self._profits, self._stop)
        self._thread = threading.Thread(target=self._work, args=work, name="seeds", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread after the market that it is running."""
        self._stop.set()

    def _work(
        self, scenarios: list[Scenario], first: int, profits: list[list[list[float]]], stop: threading.Event
    ) -> None:
        total = len(profits) + SEEDS
        self._report(self._told(scenarios, profits, total))
        for seed in range(first, first + SEEDS):
            try:
                profits.append([profits_of(Market(scenario, rng=seed).run()) for scenario in scenarios])
            except Exception:
                log.exception("a market of more seeds failed")
                total = len(profits)
                stop.set()
            if stop.is_set():
                break
            self._report(self._told(scenarios, profits, total))

    def _told(self, scenarios: list[Scenario], profits: list[list[list[float]]], total: int) -> dict[str, Any]:
        each = enumerate(scenarios if profits else [])
        markets = [distribution(scenario, np.array([seed[k] for seed in profits])) for k, scenario in each]
        return {"done": len(profits), "total": total, "markets": markets}


def profits_of(market: Market) -> list[float]:
    """Return each provider's profit per original server over the last 30 days, nan without such a server."""
    found = [closing_profit(market, j) for j in range(len(market.providers))]
    return [np.nan if profit is None else profit for profit in found]


def distribution(scenario: Scenario, profits: Any) -> dict[str, Any]:
    """Return how profits spread over seeds and how often each provider earns most, and the same as a sentence.

    Parameters
    ----------
    scenario
        Whose providers they are.
    profits
        Dollars a month and original server, shape (seeds, providers).
    """
    names = [provider.name for provider in scenario.providers]
    compared = np.nan_to_num(profits, nan=-np.inf)
    best = compared == compared.max(axis=1, keepdims=True)
    wins = (best & (best.sum(axis=1, keepdims=True) == 1)).sum(axis=0).tolist()  # of equals, nobody wins
    rows = [
        {
            "name": name,
            "colour": colour,
            "values": [round(value) for value in values],
            "mean": number(float(values.mean())),
            "interval": interval_text(values),
            "wins": won,
        }
        for name, colour, values, won in zip(names, colours(len(names)), profits.T, wins, strict=True)
        if not np.isnan(values).any()
    ]
    return {"providers": rows, "text": verdict(names, profits, wins)}


def interval_text(values: Any) -> str:
    """Return the 95 % interval of a mean; of fewer than three seeds there is none."""
    if len(values) < 3:
        return "–"
    with contextlib.suppress(ValueError, IndexError):  # hardly any two seeds differ
        low, high = mean_interval(values)
        return f"{number(low)} to {number(high)}"
    return "–"


def verdict(names: list[str], profits: Any, wins: list[int]) -> str:
    """Say which provider earns most, how often, and how much more than the next."""
    ranked = sorted(
        (j for j in range(len(names)) if not np.isnan(profits[:, j]).any()), key=lambda j: -profits[:, j].mean()
    )
    if len(ranked) < 2:
        return ""
    first, second = ranked[:2]
    gap = profits[:, first] - profits[:, second]
    between = interval_text(gap)
    sure = f" (95 % interval: {between})" if between != "–" else ""
    return (
        f"{names[first]} earns most on {wins[first]} of {len(profits)} seeds, on average ${number(float(gap.mean()))} "
        f"a month and original server more than {names[second]}{sure}."
    )
