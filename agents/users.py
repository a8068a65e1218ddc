"""Users, a column for each thing there is to know about one; a row is a user.

The day steps on these columns. `agents.user.User` is the Mesa agent that looks at one row of them.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel

UNKNOWN, INITIAL, WORD_OF_MOUTH, ADVERT = range(4)
SOURCES = ("unknown", "initial", "word-of-mouth", "advert")
"""How a user came to know a provider; the index is what the column `source` holds."""

OUTAGE, MESSAGE, ADVERTISED, PRICE, PEERS = (1 << bit for bit in range(5))
TRIGGERS = ("outage", "message", "advert", "price", "peers")
"""News that makes a user consider, a bit each; of several on one day the first in this order counts."""
COMPLAINED = 1 << 5  # a mark beside the news: has talked today, because of its outage

CACHE_LINE = 64  # bytes

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Rows = NDArray[np.void]


def rows_for(n: int, providers: int) -> Rows:
    """Return zeroed records for `n` users, each beginning on a cache line.

    What a message touches of its listener stands together, so that it costs one access to memory rather than seven:
    with two providers a record is one line, and more only where there are more. The columns below are views on it.
    """
    about = [("belief", "f8"), ("said", "f8"), ("messages", "i4"), ("source", "u1"), ("", "V3")]
    fields = [
        ("provider", "i2"),
        ("instances", "u1"),
        ("news", "u1"),
        ("as_of", "i4"),
        ("tolerance", "f8"),
        ("about", about, (providers,)),
    ]
    size = -(-np.dtype(fields).itemsize // CACHE_LINE) * CACHE_LINE
    record = np.dtype([*fields, ("", f"V{size - np.dtype(fields).itemsize}")])
    memory = np.empty(n * size + CACHE_LINE, np.uint8)
    memory.fill(0)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + n * size].view(record)


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

    @classmethod
    def on(cls, rows: Rows, **columns: NDArray[Any]) -> Self:
        """Return users whose columns are those of `rows` where it has them, filled with what is given."""
        n, about = len(rows), rows["about"]
        users = cls(
            provider=rows["provider"],
            slot=columns.pop("slot"),
            belief=about["belief"],
            source=about["source"],
            as_of=rows["as_of"],
            tolerance=rows["tolerance"],
            value=columns.pop("value"),
            fussiness=columns.pop("fussiness"),
            downtime=np.zeros(n),
            instances=rows["instances"],
            month_minutes=np.zeros(n),
            bound=np.zeros(n, np.uint8),
            complained=np.zeros(n, np.uint8),
        )
        for name, values in columns.items():
            getattr(users, name)[:] = values
        return users


class News(NamedTuple):
    """Who has news today, and what it is: the users who will consider."""

    kinds: NDArray[np.uint8]  # (n,) bits of TRIGGERS
    users: Ints  # (n,) the first `size[0]` entries: users with any
    size: NDArray[np.int64]  # (1,)

    @classmethod
    def on(cls, rows: Rows) -> "News":
        """Return an empty list for the users of `rows`."""
        return cls(rows["news"], np.empty(len(rows), np.int32), np.zeros(1, np.int64))

    def part(self, n: int) -> "News":
        """Return a list of its own for `n` of the same users."""
        return News(self.kinds, np.empty(n, np.int32), np.zeros(1, np.int64))

    def informed(self) -> Ints:
        """Return the users with news."""
        return self.users[: self.size[0]]


@kernel
def tell_of(news: News, i: int, kind: int) -> None:
    """Note that user `i` has news of one kind."""
    if news.kinds[i] == 0:
        news.users[news.size[0]] = i
        news.size[0] += 1
    news.kinds[i] |= kind


@kernel
def inform(news: News, users: NDArray[np.integer], kind: int) -> None:
    """Note that each of `users` has news of one kind."""
    for i in users:
        tell_of(news, i, kind)


def first_trigger(kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return, for each set of news, the index in TRIGGERS of the one that counts.

    >>> first_trigger(np.array([OUTAGE | MESSAGE, PEERS, PRICE | MESSAGE], np.uint8))
    array([0, 4, 1], dtype=uint8)
    """
    return np.log2(kinds & (~kinds + np.uint8(1))).astype(np.uint8)
