"""Causes of downtime: planned minutes, breaches and bad updates apart, by server."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.policies import Outage
from agents.users import Floats, Ints
from model.credits import MINUTES_PER_DAY

CAUSES = ("maintenance", "breach", "bad-update")
"""The causes that are recorded apart; maintenance is planned, every other cause is not."""


def minutes_by_cause(outages: Sequence[Outage], servers: int, planned_weight: float) -> tuple[Floats, Floats, Floats]:
    """Add up a provider's outages of a day, in their order, to at most a whole day on each server.

    Returns
    -------
    minutes, shares, felt
        The minutes of each server; the shares of `CAUSES` in them; what a minute weighs, `planned_weight` for a planned
        one and 1 for any other.
    """
    minutes, shares = np.zeros(servers), np.zeros((servers, len(CAUSES)))
    for outage in outages:
        before = minutes[outage.servers]
        minutes[outage.servers] = np.minimum(before + outage.minutes, MINUTES_PER_DAY)
        if outage.cause in CAUSES:
            shares[outage.servers, CAUSES.index(outage.cause)] += minutes[outage.servers] - before
    down = minutes > 0
    shares[down] /= minutes[down, np.newaxis]
    return minutes, shares, 1 - (1 - planned_weight) * shares[:, 0]


def breached_servers(outages: Sequence[Outage]) -> NDArray[np.int64]:
    """Return the servers that are breached today."""
    return np.concatenate([outage.servers for outage in outages if outage.cause == "breach"])


def users_on(servers: NDArray[np.int64], roster: Ints, capacity: int, users: int) -> Ints:
    """Return the users with an instance on one of the servers, each once; instance `users + i` is user i's second."""
    slots = (servers[:, np.newaxis] * capacity + np.arange(capacity)).ravel()
    return np.unique(roster[slots[slots < len(roster)]] % users).astype(np.int32)
