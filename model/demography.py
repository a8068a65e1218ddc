"""Demography: users who arrive in the market and users who leave it for good.

Like the flaws, all arrivals and departures are drawn before day 0, with the links of the arrivals. Every policy thus
meets the same people, and the network is one graph from the start, in which absent users neither talk nor listen. A
user's stay is geometric with chance `1 - exp(-departures_per_year / 365)` a day, so the stationary number of users is
`arrivals_per_day * 365 / departures_per_year` (Little 1961).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.choice import Offers
from agents.day import Population
from agents.fleets import Fleets, depart, enter
from agents.kernel import kernel
from agents.users import INITIAL, NO_PROVIDERS, WORD_OF_MOUTH, Ints
from model import generators
from model.network import Graph
from model.schema import OpenMarket
from model.streams import stream

NO_ROWS = np.empty(0, np.int64)
NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Demography:
    """Who is in the market when. Rows from `initial_users` on arrive during the run, in order."""

    initial_users: int
    arrives: Ints  # (rows,) day; -1 for the initial users
    departs: Ints  # (rows,) first day without the user
    arriving: dict[int, NDArray[np.int64]]  # day -> rows that arrive on it
    departing: dict[int, NDArray[np.int64]]

    @property
    def rows(self) -> int:
        """Number of users who are ever in the market."""
        return len(self.arrives)

    @property
    def changing(self) -> bool:
        """Whether any user arrives or departs during the run."""
        return bool(self.arriving or self.departing)


class Entry(NamedTuple):
    """How arrivals find a provider."""

    direct: float  # share of arrivals who ask nobody
    initial_sizes: NDArray[np.int64]  # (p,) users of each provider on day 0
    rng: np.random.Generator


def draw_demography(
    market: OpenMarket, initial_users: int, days: int, seed: int, new_rates: Iterable[tuple[int, float]] = ()
) -> Demography:
    """Draw all arrivals and departures of a run.

    `new_rates` are the arrivals per day from some days on, in order. From such a day on arrivals are drawn from a
    stream of that day's own, so that those before it do not depend on it.
    """
    arrivals, rate = stream(seed, "arrivals").poisson(market.arrivals_per_day, days), market.arrivals_per_day
    for day, new in new_rates:
        if new != rate:
            arrivals[day:] = stream(seed, "arrivals", f"from day {day}").poisson(new, days - day)
            rate = new
    arrives = np.concatenate([np.full(initial_users, -1), np.repeat(np.arange(len(arrivals)), arrivals)]).astype(
        np.int32
    )
    departs = np.full(len(arrives), NEVER, np.int32)
    if market.departures_per_year:
        chance = -np.expm1(-market.departures_per_year / 365)
        stay = stream(seed, "departures").geometric(chance, len(arrives))
        departs = np.minimum(arrives + stay, NEVER).astype(np.int32)
    return Demography(initial_users, arrives, departs, _by_day(arrives, days), _by_day(departs, days))


def _by_day(when: Ints, days: int) -> dict[int, NDArray[np.int64]]:
    """Group rows by their day, leaving out those whose day is not in the run."""
    rows = np.flatnonzero((when >= 0) & (when < days))
    rows = rows[np.argsort(when[rows], kind="stable")]
    found, starts = np.unique(when[rows], return_index=True)
    return dict(zip(found.tolist(), np.split(rows, starts[1:]), strict=True)) if len(rows) else {}


def link_arrivals(graph: Graph, demography: Demography, links: int, seed: int) -> Graph:
    """Return the graph of the initial users with each arrival linked to `links` users present on its day."""
    arrivals = demography.rows - demography.initial_users
    if arrivals == 0:
        return graph
    ends = np.full((arrivals, links), -1, np.int32)
    if links:
        _draw_links(demography.initial_users, demography.arrives, demography.departs, ends, stream(seed, "links"))
    newcomers = np.repeat(np.arange(demography.initial_users, demography.rows, dtype=np.int32), links)
    known = ends.ravel() >= 0
    first, second = newcomers[known], ends.ravel()[known]
    talker = np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(graph.links.indptr))
    talker = np.concatenate([talker, first, second])
    joined = generators.compress(demography.rows, talker, np.concatenate([graph.links.indices, second, first]))
    chance, key = graph.links.chance, graph.links.key
    if len(chance):  # links of arrivals are always heard
        chance = np.concatenate([chance, np.ones(2 * len(first))])[np.argsort(talker, kind="stable")]
    return replace(graph, links=joined._replace(chance=chance, key=key))


@kernel
def _draw_links(initial_users: int, arrives: Ints, departs: Ints, ends: Ints, rng: np.random.Generator) -> None:
    """Draw the links of each arrival among the users who are present before its day; all of them if they are few."""
    arrivals, links = ends.shape
    rows = initial_users + arrivals
    present, place = np.empty(rows, np.int32), np.full(rows, -1, np.int32)
    there, entered, left = 0, 0, 0
    leaving = np.argsort(departs, kind="mergesort")
    for k in range(arrivals):
        today = arrives[initial_users + k]
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


def arrivals_and_departures(
    day: int,
    demography: Demography,
    population: Population,
    fleets: Fleets,
    offers: Offers,
    entry: Entry,
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Remove the users who depart today, then add those who arrive; return the providers of both, arrivals first."""
    users = population.users
    if not demography.changing:
        return NO_PROVIDERS, NO_PROVIDERS
    departing = demography.departing.get(day, NO_ROWS)
    departing = departing[users.provider[departing] >= 0]
    departed = users.provider[departing].copy()
    depart(departing, users, fleets)
    arriving = demography.arriving.get(day, NO_ROWS)
    for i, draw in zip(arriving, entry.rng.random(len(arriving)), strict=True):
        add_arrival(day, int(i), float(draw), population, fleets, offers, entry)
    return users.provider[arriving], departed


def add_arrival(
    day: int, i: int, draw: float, population: Population, fleets: Fleets, offers: Offers, entry: Entry
) -> None:
    """Let an arrival choose the provider of a random neighbour and adopt that neighbour's belief about it.

    Without a neighbour on a platform that the user can run on, it chooses in proportion to the providers' users, and
    starts with a belief of 0. A direct arrival asks nobody and chooses by the shares on day 0.
    """
    users, hears, yesterday = population.users, population.hears, day - 1
    asks = draw >= entry.direct
    draw = (draw - entry.direct) / (1 - entry.direct) if asks else draw / entry.direct
    neighbours = hears.indices[hears.indptr[i] : hears.indptr[i + 1]]
    neighbours = neighbours[users.provider[neighbours] >= 0]
    neighbours = neighbours[users.requirements[i] < offers.reach[users.provider[neighbours]]]
    if asks and len(neighbours):
        neighbour = neighbours[int(draw * len(neighbours))]
        own = users.provider[neighbour]
        belief = users.belief[neighbour, own] * population.decay[yesterday - users.as_of[neighbour]]
        users.source[i, own] = WORD_OF_MOUTH
    else:
        possible = offers.order[users.requirements[i] < offers.reach[offers.order]]
        if len(possible) == 0:
            possible = offers.order[[int(offers.reach[offers.order].argmax())]]
        sizes = (fleets.users if asks else entry.initial_sizes)[possible].astype(float)
        weights = np.cumsum(sizes if sizes.sum() else np.ones(len(possible)))
        own = possible[np.searchsorted(weights, draw * weights[-1], side="right")]
        belief = 0.0
        users.source[i, own] = INITIAL
    users.belief[i, own] = belief
    enter(yesterday, i, int(own), users, fleets)
