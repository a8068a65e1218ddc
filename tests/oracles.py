"""The rules once more, as plain loops written from the model's contract, to check the compiled ones against.

Users are lists here: `plain(users)` turns the columns into lists; neighbours come as a list for each user.
Where the order of additions could change the last bit of a float, the order is part of the rule.
"""

import math
from itertools import pairwise
from types import SimpleNamespace

import mesa
import numpy as np

from agents.provider import Provider
from agents.security import Security
from agents.strategies import Hold

TRIGGERS = ["outage", "message", "advert", "price", "peers", "breach"]


def plain(users):
    return SimpleNamespace(**{name: column.tolist() for name, column in users._asdict().items()})


def neighbours(links):
    return [links.indices[a:b].tolist() for a, b in pairwise(links.indptr.tolist())]


def added(numbers):  # sum() compensates for rounding from Python 3.12 on
    total = 0.0
    for number in numbers:
        total += number
    return total


def believed(i, day, users, decay):
    return users.belief[i][users.provider[i]] * decay[day - users.as_of[i]]


# --- chance


def bernoulli_indices(gaps, n):
    """Return the successes among `n` trials; `gaps` are drawn from one success to the next."""
    hits, at = [], -1
    for gap in gaps:
        at += gap
        if at >= n:
            return hits
        hits.append(at)
    raise ValueError("too few gaps")


# --- experience


def apply_outages(day, provider, minutes, felt, roster, capacity, users, decay, weight):
    affected = []
    for slot, i in enumerate(roster):
        lost = minutes[slot // capacity]
        if lost > 0:
            users.belief[i][provider] = believed(i, day, users, decay) + lost * felt[slot // capacity] * weight
            users.as_of[i] = day
            users.downtime[i] += lost
            affected.append(i)
    return affected


# --- word of mouth: letters[listener, provider] is the list of what the listener is told


def talk(day, talkers, listeners, users, decay):
    letters = {}
    for talker in dict.fromkeys(talkers):  # nobody talks twice
        message = believed(talker, day, users, decay)
        for listener in listeners[talker]:
            letters.setdefault((listener, users.provider[talker]), []).append(message)
    return letters


def listen(day, letters, users, decay, weights):
    for (i, j), messages in letters.items():
        mean = added(messages) / len(messages)
        if j == users.provider[i]:
            users.belief[i][j] = believed(i, day, users, decay)
            users.as_of[i] = day
        held = users.belief[i][j]
        if math.isnan(held):
            users.belief[i][j] = mean
            users.source[i][j] = 2  # word of mouth
        else:
            weight = weights[mean > held][len(messages)]
            users.belief[i][j] = held + weight * (mean - held)
    return {i for i, _ in letters}


# --- choice


def gains(i, day, users, decay, price, reach, peer_weight, heard, complexity):
    """Return {provider: gain} for the others that user `i` knows and can run on; at its own, of a second instance."""
    p, own = users.provider[i], believed(i, day, users, decay)
    found = {}
    for j, held in enumerate(users.belief[i]):
        if j == p or math.isnan(held) or users.requirements[i] >= reach[j]:
            continue
        found[j] = (own - held) + (users.instances[i] * price[p] - price[j]) / users.value[i]
        if peer_weight > 0 and heard[i]:
            there = sum(users.provider[k] == j for k in heard[i])
            found[j] += peer_weight * (there / len(heard[i]))
    if users.instances[i] == 1 and complexity < math.inf:
        found[p] = own - price[p] / users.value[i] - complexity
    return found


def leavers(informed, tolerance, gains_of):
    return [i for i in informed if max(gains_of(i).values(), default=-math.inf) > tolerance[i]]


def pick(gain, tolerance, noise, order, draw):
    best = max(gain.values())
    if noise == 0:
        weight = {j: 1.0 for j in gain if gain[j] == best}
    else:
        weight = {j: math.exp((gain[j] - best) / noise) for j in gain if gain[j] > tolerance}
    candidates = [j for j in order if weight.get(j, 0.0) > 0]
    left = draw * added(weight[j] for j in candidates)
    for j in candidates:
        left -= weight[j]
        if left < 0:
            return j
    return candidates[-1]


def choose(leaving, draws, tolerance, noise, order, gains_of):
    found = []
    for i, draw in zip(leaving, draws, strict=True):
        gain = gains_of(i)
        target = pick(gain, tolerance[i], noise, order, draw)
        found.append((target, gain[target]))
    return found


# --- fleets: fleets[p] is the list of p's instances by slot; n + i is user i's second one


def relocate(movers, targets, fleets, n):
    for i, target in zip(movers, targets, strict=True):
        fleet = next(fleet for fleet in fleets if i in fleet)
        if fleet is fleets[target]:
            fleet.append(n + i)
            continue
        for instance in (n + i, i):
            if instance in fleet:
                last = fleet.pop()
                if last != instance:
                    fleet[fleet.index(instance)] = last
        fleets[target].append(i)


# --- news: {user: set of triggers}


def inform(news, users, trigger):
    for i in users:
        news.setdefault(i, set()).add(trigger)


def first_trigger(triggers):
    return next(TRIGGERS.index(trigger) for trigger in ["breach", *TRIGGERS] if trigger in triggers)


# --- maintenance


def due(day, start, window, servers):
    return [s for s in range(servers) if start + s * window // servers == day]


def campaigns(flaw_days, notice, window, servers_on):
    """Return (day, server) of every reboot; `servers_on[day]` is the size of the fleet."""
    reboots, running, announced = [], None, None
    for day, servers in enumerate(servers_on):
        if day == announced:  # it starts, and absorbs no flaw from now on
            running, announced = (day, servers), None
        if day in flaw_days and announced is None:
            announced = day + notice if running is None else max(day + notice, running[0] + window)
        if day == announced:  # no notice
            running, announced = (day, servers), None
        if running:
            reboots += [(day, s) for s in due(day, running[0], window, running[1]) if s < servers]
    return reboots


# --- exposure, server by server, day by day and flaw by flaw


def exposure(flaw_days, patched_on, exploited_on, reboots, servers_on, rebuilt=()):
    """Return {day: (open pairs, exploitable pairs)} of a fleet.

    Parameters
    ----------
    flaw_days, patched_on, exploited_on
        Of each flaw: the day it is disclosed, the day its live patch is applied, the day its exploitation begins.
    reboots
        (day, server, flaws): a server is down on a day, and fixes the flaws with these numbers.
    servers_on
        The size of the fleet on each day.
    rebuilt
        (day, server): a server is rebuilt at the end of a day on the newest kernel.
    """
    found, fleet = [], []  # fleet[s] is the set of flaws that server s is open to
    for day, servers in enumerate(servers_on):
        del fleet[servers:]
        fleet += [set() for _ in range(servers - len(fleet))]  # they boot the newest kernel
        for flaw, disclosed in enumerate(flaw_days):
            if disclosed == day:
                for server in fleet:
                    server.add(flaw)
        for when, server, fixed in reboots:
            if when == day and server < len(fleet):
                fleet[server] -= set(fixed)
        for server in fleet:
            server -= {flaw for flaw, patched in enumerate(patched_on) if patched <= day}
        pairs = [flaw for server in fleet for flaw in server]
        found.append((len(pairs), sum(exploited_on[flaw] <= day for flaw in pairs)))
        for when, server in rebuilt:
            if when == day:
                fleet[server] = set()
    return found


def campaign_reboots(considered_on, needs_campaign, notice, window, servers_on):
    """Return (day, server, flaws fixed) of every reboot under the policies that announce campaigns.

    `considered_on[f]` is the day on which the provider reacts to flaw f, `needs_campaign[f]` whether with a campaign. A
    campaign's kernel fixes all flaws considered before it starts, whatever they need.
    """
    reboots, running, announced = [], None, None
    for day, servers in enumerate(servers_on):
        fresh = [flaw for flaw, when in enumerate(considered_on) if when == day and needs_campaign[flaw]]
        if announced is not None and day >= announced:  # it starts, and takes up no flaw from now on
            fixed = [flaw for flaw, when in enumerate(considered_on) if when < day]
            running, announced = (day, servers, fixed), None
        if fresh and announced is None:
            announced = day + notice if running is None else max(day + notice, running[0] + window)
        if announced == day:  # no notice
            fixed = [flaw for flaw, when in enumerate(considered_on) if when <= day]
            running, announced = (day, servers, fixed), None
        if running:
            reboots += [(day, s, running[2]) for s in due(day, running[0], window, running[1])]
    return reboots


# --- a provider without a market, to see what it does day by day


def lone_provider(policy, servers=4, seed=0, **security):
    """Return a provider with one user on each server; `resize(provider, servers)` changes how many."""
    market = mesa.Model(rng=seed)
    market.fleets = SimpleNamespace(size=np.array([servers]), users=np.array([servers]))
    market.day = 0
    return Provider(
        market,
        0,
        name="Lone & Co",
        policy=policy,
        price=5.0,
        capacity=1,
        server_cost=0.0,
        claimed_downtime=0.0,
        failures_per_day=0.0,
        failure_minutes=0.0,
        security=Security(**security),
        strategy=Hold(),
        review_days=90,
        lead_days=30,
        sla=(),
        sla_counts_maintenance=False,
        recovery_credit=0.0,
        stream=lambda use: np.random.default_rng([seed, len(use)]),
    )


def resize(provider, servers):
    provider.model.fleets.size[0] = provider.model.fleets.users[0] = servers
