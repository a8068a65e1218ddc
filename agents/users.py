"""Users, a column for each thing there is to know about one; a row is a user.

The day steps on these columns. `agents.user.User` is the Mesa agent that looks at one row of them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel

UNKNOWN, INITIAL, WORD_OF_MOUTH, ADVERT = range(4)
SOURCES = ("unknown", "initial", "word-of-mouth", "advert")
"""How a user came to know a provider; the index is what the column `source` holds."""

OUTAGE, MESSAGE, ADVERTISED, PRICE, PEERS = (1 << bit for bit in range(5))
TRIGGERS = ("outage", "message", "advert", "price", "peers")
"""News that makes a user consider, a bit each; of several on one day the first in this order counts."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class Users(NamedTuple):
    """The columns. `n` users, `p` providers; the arrays are changed in place."""

    provider: NDArray[np.int16]  # (n,) whom the user pays; -1 = not in the market, not yet or no longer
    slot: Ints  # (n,) or (2 n,) place in that provider's fleet of each instance; the server is slot // capacity
    belief: Floats  # (n, p) minutes of downtime a month; NaN = never heard of
    source: NDArray[np.uint8]  # (n, p) how the user came to know the provider, an index of SOURCES
    as_of: Ints  # (n,) day on which the belief about the own provider was last brought up to date
    tolerance: Floats  # (n,) minutes a month more than elsewhere that the user puts up with
    value: Floats  # (n,) dollars that a minute of downtime is worth to the user
    fussiness: Floats  # (n,) in [0, 1): the user can run on a platform iff fussiness < its reach
    downtime: Floats  # (n,) minutes suffered so far
    instances: NDArray[np.uint8]  # (n,) bought: 1, or 2 for a user with a redundancy of its own
    month_minutes: Floats  # (n,) minutes suffered this month that a service level agreement counts
    bound: NDArray[np.uint8]  # (n,) bits of TRIGGERS: news that made the user want to leave, but for its contract
    complained: NDArray[np.uint8]  # (n,) 1 = has raised its voice, in vain


class News(NamedTuple):
    """Who has news today, and what it is: the users who will consider."""

    kinds: NDArray[np.uint8]  # (n,) bits of TRIGGERS
    users: Ints  # (n,) the first `size[0]` entries: users with any
    size: NDArray[np.int64]  # (1,)

    @classmethod
    def for_users(cls, n: int) -> "News":
        """Return an empty list for `n` users."""
        return cls(np.zeros(n, np.uint8), np.empty(n, np.int32), np.zeros(1, np.int64))

    def informed(self) -> Ints:
        """Return the users with news."""
        return self.users[: self.size[0]]


@kernel
def inform(news: News, users: NDArray[np.integer], kind: int) -> None:
    """Note that each of `users` has news of one kind."""
    for i in users:
        if news.kinds[i] == 0:
            news.users[news.size[0]] = i
            news.size[0] += 1
        news.kinds[i] |= kind


@kernel
def forget(news: News) -> None:
    """Put the day's news aside."""
    for k in range(news.size[0]):
        news.kinds[news.users[k]] = 0
    news.size[0] = 0


def first_trigger(kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return, for each set of news, the index in TRIGGERS of the one that counts.

    >>> first_trigger(np.array([OUTAGE | MESSAGE, PEERS, PRICE | MESSAGE], np.uint8))
    array([0, 4, 1], dtype=uint8)
    """
    return np.log2(kinds & (~kinds + np.uint8(1))).astype(np.uint8)
