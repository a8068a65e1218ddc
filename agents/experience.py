"""Experience: what users learn about their own provider's downtime by suffering it.

The belief about the own provider is an exponential moving average of the daily minutes, in minutes a month:
every day `B <- B * a + d * (365/12) * (1 - a)` with `a = exp(-1 / memory_days)`. On most days `d` is 0, so
the belief is only faded when it is next needed: `fade[k]` is `a ** k`, `as_of` the day it stands for.
"""

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel
from agents.users import Floats, Ints, Users

DAYS_PER_MONTH = 365 / 12


def fading(memory_days: float, days: int) -> Floats:
    """Return `fade`, with `fade[k] = exp(-k / memory_days)`, as far as a run of `days` needs it."""
    return np.exp(-np.arange(days + 2) / memory_days)


def weight_of_a_minute(memory_days: float) -> float:
    """Return by how much a minute of outage raises a belief, in minutes a month.

    >>> round(weight_of_a_minute(90), 4)
    0.3361
    """
    return float(DAYS_PER_MONTH * -np.expm1(-1 / memory_days))


@kernel
def endured(first: float, second: float, failover: float) -> float:
    """Return what is lost with two instances that are down for so long: while one is up, only the fail-over."""
    if first > 0 and second > 0:
        return max(failover, min(first, second))
    return min(max(first, second), failover)


@kernel
def suffer(
    day: int,
    provider: int,
    minutes: Floats,  # by server
    roster: Ints,  # the provider's users, by slot
    count: int,  # how many of them
    capacity: int,
    users: Users,
    fade: Floats,
    weight: float,  # weight_of_a_minute(...)
    failover: float,  # minutes that it takes a user with two instances to change over
    affected: Ints,  # out: who suffered, none twice
) -> tuple[int, float]:
    """Let every user on a server that is down lose its minutes; return how many users did, and how many minutes.

    Instance `i` is user i's first, instance `n + i` its second; on a day both may go down.
    """
    n, total = 0, 0.0
    everybody = len(users.provider)
    for server in range(len(minutes)):
        if minutes[server] > 0:
            for slot in range(server * capacity, min((server + 1) * capacity, count)):
                i = roster[slot]
                if i >= everybody:
                    i -= everybody
                again = users.as_of[i] == day
                lost = minutes[server]
                if users.instances[i] > 1:
                    if again:
                        continue  # its other instance is down as well, and that has been counted
                    first, second = minutes[users.slot[i] // capacity], minutes[users.slot[everybody + i] // capacity]
                    lost = endured(first, second, failover)
                faded = users.belief[i, provider] * fade[day - users.as_of[i]]
                users.belief[i, provider] = faded + lost * weight
                users.as_of[i] = day
                users.downtime[i] += lost
                total += lost
                if not again:
                    affected[n] = i
                    n += 1
    return n, total


def believed(users: Users, day: int, fade: Floats) -> NDArray[np.float64]:
    """Return what each user believes about its own provider as of `day`, minutes a month."""
    own = users.belief[np.arange(len(users.provider)), users.provider]
    return np.asarray(own * fade[day - users.as_of])
