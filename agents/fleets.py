"""Fleets: which instance is on which server, kept compact.

A provider's instances are numbered by slot; server `s` holds the slots from `s * capacity` on. Servers are filled
in order, and the last instance takes over the slot of one that leaves, so `n` instances need `ceil(n / capacity)`
servers.
Instance `i` is the first of user i, instance `n + i` the second.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel
from agents.users import Ints, Users


class Fleets(NamedTuple):
    """The rosters of all providers."""

    roster: Ints  # (p, slots) instances by provider and slot; only the first `size` of a row are in use
    size: NDArray[np.int64]  # (p,) instances of each provider
    users: NDArray[np.int64]  # (p,) users of each provider

    @classmethod
    def of(cls, users: Users, providers: int) -> "Fleets":
        """Return the fleets with one instance of each user in the market, on the slot given by `users.slot`."""
        present = np.flatnonzero(users.provider >= 0).astype(np.int32)
        own = users.provider[present]
        roster = np.empty((providers, len(users.slot)), np.int32)
        roster[own, users.slot[present]] = present
        size = np.bincount(own, minlength=providers)
        return cls(roster, size, size.copy())

    def instances_of(self, provider: int) -> Ints:
        """Return the instances at one provider, by slot."""
        return self.roster[provider, : self.size[provider]]


@kernel
def assign_slot(instance: int, provider: int, users: Users, fleets: Fleets) -> None:
    """Put an instance on the next free slot of a provider."""
    fleets.roster[provider, fleets.size[provider]] = instance
    users.slot[instance] = fleets.size[provider]
    fleets.size[provider] += 1


@kernel
def release_slot(instance: int, provider: int, users: Users, fleets: Fleets) -> None:
    """Take an instance off its slot; the provider's last instance takes the slot over."""
    fleets.size[provider] -= 1
    last = fleets.roster[provider, fleets.size[provider]]
    fleets.roster[provider, users.slot[instance]] = last
    users.slot[last] = users.slot[instance]


@kernel
def enter(day: int, i: int, provider: int, users: Users, fleets: Fleets) -> None:
    """Add a user without a provider to a fleet."""
    assign_slot(i, provider, users, fleets)
    fleets.users[provider] += 1
    users.provider[i] = provider
    users.instances[i] = 1
    users.as_of[i] = day


@kernel
def leave(i: int, users: Users, fleets: Fleets) -> None:
    """Remove a user, with all its instances, from its provider."""
    provider = users.provider[i]
    if users.instances[i] > 1:
        release_slot(len(users.provider) + i, provider, users, fleets)
    release_slot(i, provider, users, fleets)
    fleets.users[provider] -= 1
    users.provider[i] = -1


@kernel
def depart(going: NDArray[np.integer], users: Users, fleets: Fleets) -> None:
    """Remove users from the market for good."""
    for i in going:
        leave(i, users, fleets)


@kernel
def relocate(day: int, movers: Ints, target: NDArray[np.int16], users: Users, fleets: Fleets) -> None:
    """Move each user to its target; a user whose target is its own provider buys a second instance there.

    What the old provider and the user owed each other (credits, complaints, a contract) lapses with a move.
    """
    for k in range(len(movers)):
        i, new = movers[k], target[k]
        if users.provider[i] == new:
            assign_slot(len(users.provider) + i, new, users, fleets)
            users.instances[i] = 2
        else:
            leave(i, users, fleets)
            enter(day, i, new, users, fleets)
            users.month_minutes[i] = 0.0
            users.complained[i] = users.deferred_news[i] = 0
