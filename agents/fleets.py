"""Fleets: which user sits on which server, kept compact.

A provider's users are numbered by slot; server `s` holds the slots from `s * capacity` on. Servers are filled
in order, and the last user moves into a leaver's slot, so `n` users need `ceil(n / capacity)` servers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel
from agents.users import Ints, Users


class Fleets(NamedTuple):
    """The rosters of all providers."""

    roster: Ints  # (p, n) users by provider and slot; only the first `size` of a row are meant
    size: NDArray[np.int64]  # (p,) users of each provider

    @classmethod
    def of(cls, users: Users, providers: int) -> "Fleets":
        """Seat everybody with its provider, in random-looking but given order: that of `users.slot`."""
        n = len(users.provider)
        roster = np.empty((providers, n), np.int32)
        size = np.bincount(users.provider, minlength=providers)
        roster[users.provider, users.slot] = np.arange(n, dtype=np.int32)
        return cls(roster, size)

    def users_of(self, provider: int) -> Ints:
        """Return the users of one provider, by slot."""
        return self.roster[provider, : self.size[provider]]


@kernel
def relocate(day: int, movers: Ints, target: NDArray[np.int16], users: Users, fleets: Fleets) -> None:
    """Move each mover to its target's next free slot; the last user of the old fleet takes its old one."""
    for k in range(len(movers)):
        i = movers[k]
        old = users.provider[i]
        new = target[k]
        fleets.size[old] -= 1
        last = fleets.roster[old, fleets.size[old]]
        fleets.roster[old, users.slot[i]] = last
        users.slot[last] = users.slot[i]
        fleets.roster[new, fleets.size[new]] = i
        users.slot[i] = fleets.size[new]
        fleets.size[new] += 1
        users.provider[i] = new
        users.as_of[i] = day
