"""The market in numpy: users as columns, and every rule a few operations on arrays, without compiled code.

Written from the rules (docs/odd.md) in idiomatic numpy: a day processes all users where that is simplest, and otherwise
only those concerned. It implements what the thought experiment needs: prices and patches, outages, talk and moves; no
adverts, peers, noise, contracts or platforms. Money and triggers are left out.
"""

from math import exp
from typing import Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.operators import Operator, operators_of
from model.flaws import draw_flaws
from model.network import build_graph
from model.scenario import Scenario

DAYS_PER_MONTH = 365 / 12


class ColumnMarket:
    """The market as columns with one entry per user.

    Attributes
    ----------
    host, slot : array of int
        The user's host and its place there.
    belief : array of float, users by hosts
        Minutes a month; NaN if unknown.
    tolerance, value, downtime : array of float
        As in the model; minutes a month, dollars a minute, minutes so far.
    """

    def __init__(self, scenario: Scenario, *, rng: int) -> None:
        users, words = scenario.users, scenario.word_of_mouth
        n, hosts = users.count, len(scenario.providers)
        self.settings, self.day, self.rng = scenario, 0, np.random.default_rng(rng)
        self.flaws = draw_flaws(scenario.flaws, scenario.days, rng)
        self.links = build_graph(scenario.network, n, rng).links
        self.operators: list[Operator] = operators_of(scenario, self.rng)
        self.price = np.array([given.price for given in scenario.providers])
        self.kept = exp(-1 / users.memory_days)
        self.talk = np.array([words.talk_per_day, 1 - (1 - words.talk_per_day) * (1 - words.complaint)])

        sizes = np.diff(np.round(np.cumsum([0, *scenario.shares]) * n).astype(int))
        self.roster = np.split(self.rng.permutation(n), np.cumsum(sizes)[:-1])
        self.host, self.slot = np.empty(n, int), np.empty(n, int)
        for j, guests in enumerate(self.roster):
            self.host[guests], self.slot[guests] = j, np.arange(len(guests))
        self.belief = np.full((n, hosts), np.nan)
        self.belief[np.arange(n), self.host] = 0.0
        self.tolerance = users.tolerance.median * np.exp(users.tolerance.sigma * self.rng.standard_normal(n))
        self.value = users.downtime_value.median * np.exp(users.downtime_value.sigma * self.rng.standard_normal(n))
        self.downtime = np.zeros(n)
        self.users_at_start = [len(guests) for guests in self.roster]

    def step(self) -> None:
        """Run one day."""
        minutes = self.suffer()
        messages = self.talk_to_neighbours(minutes)
        informed = self.listen(*messages)
        informed[minutes > 0] = True
        self.move(*self.choose(np.flatnonzero(informed)))
        self.day += 1

    def run(self) -> Self:
        """Run all days."""
        while self.day < self.settings.days:
            self.step()
        return self

    @property
    def lost(self) -> float:
        """Share of the first host's users lost so far."""
        return 1 - len(self.roster[0]) / self.users_at_start[0]

    def suffer(self) -> NDArray[np.float64]:
        """Patch; fade all beliefs about own hosts and add the outages; return the outage of each user in minutes."""
        minutes = np.zeros(len(self.host))
        flaws = self.flaws.get(self.day, [])
        for operator, guests in zip(self.operators, self.roster, strict=True):
            down = operator.patch(self.day, flaws, len(guests))
            if down.any():
                minutes[guests] = down[np.arange(len(guests)) // operator.capacity]
        own = np.arange(len(self.host)), self.host
        self.belief[own] = self.belief[own] * self.kept + minutes * (DAYS_PER_MONTH * (1 - self.kept))
        self.downtime += minutes
        return minutes

    def talk_to_neighbours(self, minutes: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Let some users talk; return the number and the sum of messages, users by hosts."""
        n, hosts = self.belief.shape
        talks = np.flatnonzero(self.rng.random(n) < self.talk[(minutes > 0).astype(int)])
        first, heard_by = self.links.indptr[talks], np.diff(self.links.indptr)[talks]
        # The edges of all talkers, one talker after the other.
        edges = np.repeat(first - (np.cumsum(heard_by) - heard_by), heard_by) + np.arange(heard_by.sum())
        about = self.host[talks]
        box = self.links.indices[edges] * hosts + np.repeat(about, heard_by)
        said = np.repeat(self.belief[talks, about], heard_by)
        count = np.bincount(box, minlength=n * hosts)
        total = np.bincount(box, weights=said, minlength=n * hosts)
        return count.reshape(n, hosts), total.reshape(n, hosts)

    def listen(self, count: NDArray[np.int64], total: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Move each belief towards the mean of the messages; return which users heard anything."""
        words = self.settings.word_of_mouth
        box = np.nonzero(count)
        held, messages, mean = self.belief[box], count[box], total[box] / count[box]
        one = np.where(mean > held, min(1.0, words.listen * words.negativity), words.listen)
        weight = 1 - (1 - one) ** messages
        self.belief[box] = np.where(np.isnan(held), mean, held + weight * (mean - held))
        return count.any(axis=1)

    def choose(self, informed: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the users who leave and their targets: the best host known, ties at random."""
        here, rows = self.host[informed], np.arange(len(informed))
        belief = self.belief[informed]
        gain = belief[rows, here][:, None] - belief
        gain += (self.price[here][:, None] - self.price) / self.value[informed][:, None]
        gain[np.isnan(belief)] = -np.inf
        gain[rows, here] = -np.inf
        leaves = gain.max(axis=1) > self.tolerance[informed]
        gain = gain[leaves]
        best = gain == gain.max(axis=1, keepdims=True)
        return informed[leaves], np.where(best, self.rng.random(gain.shape), -1.0).argmax(axis=1)

    def move(self, leavers: NDArray[np.int64], target: NDArray[np.int64]) -> None:
        """Move; users at the end of a fleet fill the free places, so that it stays compact."""
        if len(leavers) == 0:
            return
        origin = self.host[leavers]
        for j, guests in enumerate(self.roster):
            left = np.zeros(len(guests), bool)
            left[self.slot[leavers[origin == j]]] = True
            size = len(guests) - left.sum()
            guests[:size][left[:size]] = guests[size:][~left[size:]]
            self.roster[j] = np.concatenate([guests[:size], leavers[target == j]])
            self.slot[self.roster[j]] = np.arange(len(self.roster[j]))
        self.host[leavers] = target
