"""Experience: what users learn about their own provider from its outages.

The belief about the own provider is an exponential moving average of the daily minutes, in minutes a month:
every day `B <- B * a + d * (365/12) * (1 - a)` with `a = exp(-1 / memory_days)`. On most days `d` is 0, so
the decay is applied only when the belief is next needed: `decay[k]` is `a ** k`, and `as_of` is the day of the
stored belief.
"""

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel
from agents.users import Floats, Ints, Users

DAYS_PER_MONTH = 365 / 12


def decay_factors(memory_days: float, days: int) -> Floats:
    """Return `decay[k] = exp(-k / memory_days)` for a run of `days`."""
    return np.exp(-np.arange(days + 2) / memory_days)


def belief_per_minute(memory_days: float) -> float:
    """Return how much a minute of outage today adds to a belief, in minutes a month.

    >>> round(belief_per_minute(90), 4)
    0.3361
    """
    return float(DAYS_PER_MONTH * -np.expm1(-1 / memory_days))


@kernel
def minutes_lost(first: float, second: float, failover: float) -> float:
    """Return the minutes lost by a user whose two instances are down for `first` and `second` minutes.

    While one of them is up, only the time of the failover is lost.
    """
    if first > 0 and second > 0:
        return max(failover, min(first, second))
    return min(max(first, second), failover)


@kernel
def apply_outages(
    day: int,
    provider: int,
    minutes: Floats,  # (servers,)
    causes: Floats,  # (servers, causes) how the minutes divide among causes, as shares of them
    felt: Floats,  # (servers,) what a minute weighs, 1 unless it was announced
    roster: Ints,  # the provider's instances, by slot
    count: int,  # length of the roster
    capacity: int,
    users: Users,
    decay: Floats,
    weight: float,  # belief_per_minute(...)
    failover: float,  # minutes that a failover to a second instance takes
    affected: Ints,  # out: the users hit, each once
) -> tuple[int, float, Floats]:
    """Apply one provider's outages of a day to its users; return the users hit, their total minutes and those by cause.

    Instance `i` is the first of user i, instance `n + i` the second; both may go down on the same day. A user with two
    counts the cause of the one on the server with the lower number.
    """
    n, total = 0, 0.0
    by_cause = np.zeros(causes.shape[1])
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
                        continue  # counted already, with its other instance
                    first, second = minutes[users.slot[i] // capacity], minutes[users.slot[everybody + i] // capacity]
                    lost = minutes_lost(first, second, failover)
                faded = users.belief[i, provider] * decay[day - users.as_of[i]]
                users.belief[i, provider] = faded + lost * felt[server] * weight
                users.as_of[i] = day
                users.downtime[i] += lost
                total += lost
                for cause in range(causes.shape[1]):
                    by_cause[cause] += lost * causes[server, cause]
                if not again:
                    affected[n] = i
                    n += 1
    return n, total, by_cause


def believed(users: Users, day: int, decay: Floats) -> NDArray[np.float64]:
    """Return what each user believes about its own provider as of `day`, minutes a month."""
    own = users.belief[np.arange(len(users.provider)), users.provider]
    return np.asarray(own * decay[day - users.as_of])
