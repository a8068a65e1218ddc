"""Credits: what users get back for a month of poor availability, by service level agreement."""

from collections.abc import Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from agents.experience import DAYS_PER_MONTH, minutes_lost
from agents.exposure import NEVER
from agents.policies import Outage
from agents.provider import Provider
from agents.users import Floats, Ints, Users

MINUTES_PER_DAY = 1440.0
MINUTES_PER_MONTH = DAYS_PER_MONTH * MINUTES_PER_DAY


def ends_month(day: int) -> bool:
    """Return whether a month of 365/12 days ends with this day.

    >>> [day for day in range(100) if ends_month(day)]
    [30, 60, 91]
    """
    return int((day + 1) / DAYS_PER_MONTH) > int(day / DAYS_PER_MONTH)


def credit_share(minutes: Floats, tiers: tuple[tuple[float, float], ...]) -> Floats:
    """Return the share of the month's fee to credit, by minutes of downtime in the month.

    >>> credit_share(np.array([0.0, 5.0, 500.0]), ((0.9999, 0.10), (0.99, 0.30)))
    array([0. , 0.1, 0.3])
    """
    availability = 1 - minutes / MINUTES_PER_MONTH
    due = np.zeros(len(minutes))
    for below, credit in tiers:
        due = np.where(availability < below, np.maximum(due, credit), due)
    return due


def add_month_minutes(
    provider: Provider, causes: list[Outage], affected: Ints, users: Users, failover_minutes: float
) -> None:
    """Add today's outages to the month of the users hit, as far as the provider's agreement counts them."""
    if not provider.sla:
        return
    minutes = np.zeros(provider.servers)
    for outage in causes:
        if outage.cause != "maintenance" or provider.sla_counts_maintenance:
            minutes[outage.servers] += outage.minutes
    minutes = np.minimum(minutes, MINUTES_PER_DAY)
    lost = minutes[users.slot[affected] // provider.capacity]
    for k in np.flatnonzero(users.instances[affected] > 1):
        second = minutes[users.slot[len(users.provider) + affected[k]] // provider.capacity]
        lost[k] = minutes_lost(lost[k], second, failover_minutes)
    users.month_minutes[affected] += lost


def next_payment(day: int, providers: Sequence[Provider]) -> int:
    """Return the first day from `day` on that ends a month with credits to pay; `NEVER` if nobody grants any."""
    if not any(provider.sla for provider in providers):
        return NEVER
    return next(later for later in count(day) if ends_month(later))


def pay_credits(day: int, users: Users, providers: Sequence[Provider]) -> None:
    """At the end of a month, credit users for their downtime and begin the next month."""
    if not ends_month(day) or not any(provider.sla for provider in providers):
        return
    hit: NDArray[np.int64] = np.flatnonzero(users.month_minutes)
    for provider in providers:
        own = hit[users.provider[hit] == provider.index]
        due = credit_share(users.month_minutes[own], provider.sla)
        provider.credits += float(due @ users.instances[own]) * provider.price
    users.month_minutes[hit] = 0.0
