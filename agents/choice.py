"""Choice: a user with news leaves when some provider it knows beats its own by more than its tolerance.

The gain of provider j over the own provider p, in minutes a month:
`g_j = (B_p - B_j) + (paid_p - price_j) / v + peer_weight * (share of neighbours now at j)`.
Where redundancy is to be had, a second instance at p is one more choice, with gain `B_p - price_p / v - complexity`.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel, prefetch
from agents.users import Floats, Ints, News, Users
from agents.word_of_mouth import AHEAD, Links


class Offers(NamedTuple):
    """What the providers ask for and who can run there, by provider."""

    price: Floats  # dollars a month
    reach: Floats  # share of users who can run there
    order: NDArray[np.int64]  # the providers in an order that does not depend on their numbers


class Tastes(NamedTuple):
    """How users weigh things."""

    peer_weight: float  # minutes a month that all neighbours at j are worth
    noise: float  # minutes a month; 0 = always the best
    complexity: float  # minutes a month of effort that a second instance takes; inf = not to be had


@kernel
def weigh(i: int, own: float, p: int, users: Users, offers: Offers, complexity: float, gain: Floats) -> None:
    """Work out what user `i` of provider `p` would gain at each other one; -inf where it cannot go.

    At `p` itself stands what it would gain by a second instance there, which ends all outages to speak of. Who has
    one pays twice, and would pay once elsewhere.
    """
    value, price = users.value[i], offers.price
    paid = users.instances[i] * price[p]
    for j in range(len(gain)):
        if j == p:
            gain[j] = own - price[p] / value - complexity if users.instances[i] < 2 else -np.inf
        elif np.isnan(users.belief[i, j]) or users.fussiness[i] >= offers.reach[j]:
            gain[j] = -np.inf
        else:
            gain[j] = (own - users.belief[i, j]) + (paid - price[j]) / value


@kernel
def add_peers(i: int, provider: NDArray[np.int16], peer_weight: float, hears: Links, gain: Floats) -> None:
    """Add to each gain what it is worth to user `i` to be where the users are whom it hears.

    Not to that of its own provider: there it is already.
    """
    first, last = hears.indptr[i], hears.indptr[i + 1]
    peers = np.zeros(len(gain))
    neighbours = 0
    for edge in range(first, last):
        j = provider[hears.indices[edge]]
        if j >= 0:
            peers[j] += 1
            neighbours += 1
    peers[provider[i]] = 0
    if neighbours > 0:
        gain += peer_weight * (peers / neighbours)


@kernel
def leavers(
    day: int,
    users: Users,
    fade: Floats,
    offers: Offers,
    tastes: Tastes,
    hears: Links,  # whom a user hears
    news: News,
    begin: int,
    end: int,
    out: Ints,
    n: int,
) -> int:
    """List in `out`, after the `n` there, the informed from `begin` up to `end` whose best gain is above tolerance.

    Returns how many are listed then.

    The others have dealt with their news, and forget it. Whoever is listed keeps it, for others to see why it leaves.
    """
    belief, provider, as_of, tolerance = users.belief, users.provider, users.as_of, users.tolerance
    price, instances, kinds, informed = offers.price, users.instances, news.kinds, news.users
    gain = np.empty(len(price))
    alone = tastes.peer_weight == 0
    cheapest = price.min()
    for k in range(begin, end):
        if k + AHEAD < end:
            prefetch(provider, informed[k + AHEAD])
        i = informed[k]
        p = provider[i]
        if p < 0:
            kinds[i] = 0
            continue
        own = belief[i, p] * fade[day - as_of[i]]
        # Nobody gains more than what it has to get away from, unless by money or company: most are done here.
        if alone and instances[i] * price[p] <= cheapest and own <= tolerance[i]:
            kinds[i] = 0
            continue
        weigh(i, own, p, users, offers, tastes.complexity, gain)
        if tastes.peer_weight > 0:
            add_peers(i, provider, tastes.peer_weight, hears, gain)
        if gain.max() > tolerance[i]:
            out[n] = i
            n += 1
        else:
            kinds[i] = 0
    return n


@kernel
def pick(gain: Floats, tolerance: float, noise: float, order: NDArray[np.int64], draw: float) -> int:
    """Pick where to go, with one draw from U(0, 1).

    Without noise the best provider, ties at random. With noise s > 0, among those above the tolerance with
    probability proportional to `exp(g_j / s)` (multinomial logit, McFadden 1974). Providers are gone through
    in `order`, so that renumbering them changes nothing.
    """
    best = gain.max()
    weight = np.zeros(len(gain))
    for j in range(len(gain)):
        if noise > 0 and gain[j] > tolerance:
            weight[j] = math.exp((gain[j] - best) / noise)
        elif noise == 0 and gain[j] == best:
            weight[j] = 1.0
    total = 0.0
    for j in order:
        total += weight[j]
    left = draw * total
    last = -1
    for j in order:
        if weight[j] > 0:
            last = j
            left -= weight[j]
            if left < 0:
                break
    return last


@kernel
def choose(
    day: int,
    leaving: Ints,
    draws: Floats,
    users: Users,
    fade: Floats,
    offers: Offers,
    tastes: Tastes,
    hears: Links,
    target: NDArray[np.int16],
    gained: Floats,
) -> None:
    """Choose for each leaver its `target`, and note the gain that it expects, in `gained`.

    Who chooses its own provider stays and buys a second instance.
    """
    gain = np.empty(len(offers.price))
    for k in range(len(leaving)):
        i = leaving[k]
        p = users.provider[i]
        own = users.belief[i, p] * fade[day - users.as_of[i]]
        weigh(i, own, p, users, offers, tastes.complexity, gain)
        if tastes.peer_weight > 0:
            add_peers(i, users.provider, tastes.peer_weight, hears, gain)
        users.belief[i, p] = own  # it is kept as it stands today
        users.as_of[i] = day
        j = pick(gain, users.tolerance[i], tastes.noise, offers.order, draws[k])
        target[k] = j
        gained[k] = gain[j]
