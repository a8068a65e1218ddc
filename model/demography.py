"""Demography: users who come to the market and users who leave it for good.

Like the flaws, all comings and goings are drawn before day 0: who arrives when and is linked to whom, and for how
long everybody stays. Every policy thus meets the same people, and the network is one graph from the start, in which
those who are not there say and hear nothing. A user's stay is geometric with `1 - exp(-departures_per_year / 365)` a
day, so at rest there are `arrivals_per_day * 365 / departures_per_year` users (Little 1961).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.fleets import depart, enter
from agents.kernel import kernel
from agents.users import INITIAL, WORD_OF_MOUTH, Ints
from model import generators
from model.network import Graph
from model.schema import OpenMarket
from model.streams import stream

if TYPE_CHECKING:
    from model.market import Market

NOBODY, NOWHERE = np.empty(0, np.int64), np.empty(0, np.int16)
NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Demography:
    """Who is in the market when. Rows from `founders` on arrive during the run, in order."""

    founders: int
    arrives: Ints  # (rows,) day; -1 for founders
    departs: Ints  # (rows,) day on whose morning the user is gone
    arriving: dict[int, NDArray[np.int64]]  # the rows that arrive on a day
    departing: dict[int, NDArray[np.int64]]

    @property
    def rows(self) -> int:
        """Everybody who is ever there."""
        return len(self.arrives)

    @property
    def changing(self) -> bool:
        """Whether anybody ever comes or goes during the run."""
        return bool(self.arriving or self.departing)


def draw_demography(market: OpenMarket, founders: int, days: int, seed: int) -> Demography:
    """Draw everybody's arrival and departure."""
    arrivals = stream(seed, "arrivals").poisson(market.arrivals_per_day, days)
    arrives = np.concatenate([np.full(founders, -1), np.repeat(np.arange(len(arrivals)), arrivals)]).astype(np.int32)
    departs = np.full(len(arrives), NEVER, np.int32)
    if market.departures_per_year:
        chance = -np.expm1(-market.departures_per_year / 365)
        stay = stream(seed, "departures").geometric(chance, len(arrives))
        departs = np.minimum(arrives + stay, NEVER).astype(np.int32)
    return Demography(founders, arrives, departs, _by_day(arrives, days), _by_day(departs, days))


def _by_day(when: Ints, days: int) -> dict[int, NDArray[np.int64]]:
    """Group the rows by the day on which something happens to them during the run."""
    rows = np.flatnonzero((when >= 0) & (when < days))
    rows = rows[np.argsort(when[rows], kind="stable")]
    found, starts = np.unique(when[rows], return_index=True)
    return dict(zip(found.tolist(), np.split(rows, starts[1:]), strict=True)) if len(rows) else {}


def attach(graph: Graph, people: Demography, links: int, seed: int) -> Graph:
    """Return the founders' graph with each arrival linked to `links` users who are there when it comes."""
    arrivals = people.rows - people.founders
    if arrivals == 0:
        return graph
    ends = np.full((arrivals, links), -1, np.int32)
    if links:
        _meet(people.founders, people.arrives, people.departs, ends, stream(seed, "links"))
    newcomers = np.repeat(np.arange(people.founders, people.rows, dtype=np.int32), links)
    known = ends.ravel() >= 0
    first, second = newcomers[known], ends.ravel()[known]
    talker = np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(graph.links.indptr))
    talker = np.concatenate([talker, first, second])
    joined = generators.compress(people.rows, talker, np.concatenate([graph.links.indices, second, first]))
    chance, key = graph.links.chance, graph.links.key
    if len(chance):  # who arrives is always heard
        chance = np.concatenate([chance, np.ones(2 * len(first))])[np.argsort(talker, kind="stable")]
    return replace(graph, links=joined._replace(chance=chance, key=key))


@kernel
def _meet(founders: int, arrives: Ints, departs: Ints, ends: Ints, rng: np.random.Generator) -> None:
    """Draw whom each arrival gets to know, among those who are there before its day; all of them if they are few."""
    arrivals, links = ends.shape
    rows = founders + arrivals
    present, place = np.empty(rows, np.int32), np.full(rows, -1, np.int32)
    there, entered, left = 0, 0, 0
    leaving = np.argsort(departs, kind="mergesort")
    for k in range(arrivals):
        today = arrives[founders + k]
        while entered < rows and arrives[entered] < today:
            present[there], place[entered] = entered, there
            there += 1
            entered += 1
        while left < rows and departs[leaving[left]] <= today:
            gone = leaving[left]
            there -= 1
            present[place[gone]] = present[there]
            place[present[there]] = place[gone]
            left += 1
        if there <= links:
            ends[k, :there] = present[:there]
            continue
        found = 0
        while found < links:
            other = present[int(rng.random() * there)]
            fresh = True
            for m in range(found):
                fresh = fresh and ends[k, m] != other
            if fresh:
                ends[k, found] = other
                found += 1


def come_and_go(market: "Market", day: int) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Let the day's departures leave for good, then its arrivals ask a neighbour; return the providers of each."""
    users, fleets, people = market.users, market.fleets, market.people
    if not people.changing:
        return NOWHERE, NOWHERE
    going = people.departing.get(day, NOBODY)
    going = going[users.provider[going] >= 0]
    departed = users.provider[going].copy()
    depart(going, users, fleets)
    coming = people.arriving.get(day, NOBODY)
    for i, draw in zip(coming, market.asking.random(len(coming)), strict=True):
        settle_down(market, day, int(i), float(draw))
    return users.provider[coming], departed


def settle_down(market: "Market", day: int, i: int, draw: float) -> None:
    """Seat an arrival with the provider of a neighbour at random, and let it believe what that neighbour does.

    Who has no neighbour whose platform it can run on asks anybody, and begins without a grievance. So does who asks
    nobody and comes directly: to the providers by their shares at the start, whatever has become of them.
    """
    users, yesterday, direct = market.users, day - 1, market.settings.open_market.direct
    asks = draw >= direct
    draw = (draw - direct) / (1 - direct) if asks else draw / direct
    reach = np.array([provider.policy.reachable for provider in market.providers])
    hears = market.network.hears
    asked = hears.indices[hears.indptr[i] : hears.indptr[i + 1]]
    asked = asked[users.provider[asked] >= 0]
    asked = asked[users.fussiness[i] < reach[users.provider[asked]]]
    if asks and len(asked):
        friend = asked[int(draw * len(asked))]
        own = users.provider[friend]
        told = users.belief[friend, own] * market.fade[yesterday - users.as_of[friend]]
        users.source[i, own] = WORD_OF_MOUTH
    else:
        by_name = market.by_name
        open_to = by_name[users.fussiness[i] < reach[by_name]]
        if len(open_to) == 0:
            open_to = by_name[[int(reach[by_name].argmax())]]
        sizes = (market.fleets.users if asks else market.record.users_at_start)[open_to].astype(float)
        weights = np.cumsum(sizes if sizes.sum() else np.ones(len(open_to)))
        own = open_to[np.searchsorted(weights, draw * weights[-1], side="right")]
        told = 0.0
        users.source[i, own] = INITIAL
    users.belief[i, own] = told
    enter(yesterday, i, int(own), users, market.fleets)
