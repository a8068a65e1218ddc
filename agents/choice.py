"""Choice: a user with news leaves if a provider it knows beats its own by more than the user's tolerance.

The gain of provider j over the own provider p, in minutes a month:
`g_j = (B_p - B_j) + (paid_p - price_j) / v + peer_weight * (share of neighbours now at j)`.
Where redundancy is available, a second instance at p is one more option, with gain `B_p - price_p / v - complexity`.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel, prefetch
from agents.users import Floats, Index, Ints, News, Users
from agents.word_of_mouth import AHEAD, Links


class Offers(NamedTuple):
    """Price and reach of each provider."""

    price: Floats  # dollars a month
    reach: Floats  # share of users who can run there
    order: NDArray[np.int64]  # the providers in an order that does not depend on their numbers


class Preferences(NamedTuple):
    """How users weigh downtime against other things."""

    peer_weight: float  # minutes a month: the worth of having all neighbours at j
    noise: float  # minutes a month; 0 = always choose the best
    complexity: float  # minutes a month: the effort of a second instance; inf = not available


@kernel
def compute_gains(
    i: Index, own: float, p: Index, users: Users, offers: Offers, complexity: float, gain: Floats
) -> None:
    """Compute the gain of user `i` of provider `p` at each other provider; -inf where it cannot go.

    The entry of `p` itself is the gain of a second instance there, which ends practically all downtime. A user with
    two instances pays twice at `p`, and would pay once elsewhere.
    """
    value, price = users.value[i], offers.price
    paid = users.instances[i] * price[p]
    for j in range(len(gain)):
        if j == p:
            gain[j] = own - price[p] / value - complexity if users.instances[i] < 2 else -np.inf
        elif np.isnan(users.belief[i, j]) or users.requirements[i] >= offers.reach[j]:
            gain[j] = -np.inf
        else:
            gain[j] = (own - users.belief[i, j]) + (paid - price[j]) / value


@kernel
def add_peer_gains(i: Index, provider: NDArray[np.int16], peer_weight: float, hears: Links, gain: Floats) -> None:
    """Add to each gain of user `i` the worth of joining the users whom it hears, except at its own provider."""
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
    decay: Floats,
    offers: Offers,
    preferences: Preferences,
    hears: Links,  # whom a user hears
    news: News,
    begin: int,
    end: int,
    out: Ints,
    n: int,
) -> int:
    """Append to `out`, after its first `n`, the informed users in `begin:end` whose best gain exceeds their tolerance.

    Returns the new length of `out`. Users who are listed keep their news, from which the trigger of a move is read;
    the others have considered theirs, and it is cleared.
    """
    belief, provider, as_of, tolerance = users.belief, users.provider, users.as_of, users.tolerance
    price, instances, kinds, informed = offers.price, users.instances, news.kinds, news.users
    gain = np.empty(len(price))
    alone = preferences.peer_weight == 0
    cheapest = price.min()
    for k in range(begin, end):
        if k + AHEAD < end:
            prefetch(provider, informed[k + AHEAD])
        i = np.uintp(informed[k])
        if provider[i] < 0:
            kinds[i] = 0
            continue
        p = np.uintp(provider[i])
        own = belief[i, p] * decay[np.uintp(day - as_of[i])]
        # Without cheaper offers or peers, no gain exceeds the belief about the own provider: most users are done here.
        if alone and instances[i] * price[p] <= cheapest and own <= tolerance[i]:
            kinds[i] = 0
            continue
        compute_gains(i, own, p, users, offers, preferences.complexity, gain)
        if preferences.peer_weight > 0:
            add_peer_gains(i, provider, preferences.peer_weight, hears, gain)
        if gain.max() > tolerance[i]:
            out[n] = i
            n += 1
        else:
            kinds[i] = 0
    return n


@kernel
def pick(gain: Floats, tolerance: float, noise: float, order: NDArray[np.int64], draw: float) -> int:
    """Pick a provider, with one draw from U(0, 1).

    Without noise it is the best, ties broken at random. With noise s > 0 it is one of those above the tolerance, with
    probability proportional to `exp(g_j / s)` (multinomial logit, McFadden 1974). Providers are visited in `order`,
    so that renumbering them changes nothing.
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
    decay: Floats,
    offers: Offers,
    preferences: Preferences,
    hears: Links,
    target: NDArray[np.int16],
    gained: Floats,
) -> None:
    """Write each leaver's choice to `target` and the gain it expects to `gained`.

    A user whose target is its own provider stays and buys a second instance.
    """
    gain = np.empty(len(offers.price))
    for k in range(len(leaving)):
        i = leaving[k]
        p = users.provider[i]
        own = users.belief[i, p] * decay[day - users.as_of[i]]
        compute_gains(i, own, p, users, offers, preferences.complexity, gain)
        if preferences.peer_weight > 0:
            add_peer_gains(i, users.provider, preferences.peer_weight, hears, gain)
        users.belief[i, p] = own  # kept as it stands today
        users.as_of[i] = day
        j = pick(gain, users.tolerance[i], preferences.noise, offers.order, draws[k])
        target[k] = j
        gained[k] = gain[j]
