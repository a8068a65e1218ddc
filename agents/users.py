"""The state of all users as columns: one array for each attribute, one row for each user.

`agents.user.User` is the Mesa agent that gives access to one row.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel

UNKNOWN, INITIAL, WORD_OF_MOUTH, ADVERT = range(4)
SOURCES = ("unknown", "initial", "word-of-mouth", "advert")
"""How a user came to know a provider; the column `source` holds an index into this tuple."""

OUTAGE, MESSAGE, ADVERTISED, PRICE, PEERS, BREACH = (1 << bit for bit in range(6))
TRIGGERS = ("outage", "message", "advert", "price", "peers", "breach")
"""News that makes a user consider leaving, one bit each; of several on one day a breach counts, else the first here."""
COMPLAINED = 1 << 6  # not a trigger: marks that the user talks today because of an outage

CACHE_LINE = 64  # bytes

Index = int | np.uintp
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Rows = NDArray[np.void]

NO_USERS: Ints = np.empty(0, np.int32)
NO_PROVIDERS: NDArray[np.int16] = np.empty(0, np.int16)


def rows_for(n: int, providers: int) -> Rows:
    """Return zeroed records for `n` users, each starting on a cache line.

    What a message touches of its listener is kept together, so that it costs one memory access rather than seven:
    with two providers a record is one cache line. Columns of `Users`, `News` and `Mailbox` are views of the records.
    """
    about = [("belief", "f8"), ("message_total", "f8"), ("messages", "i4"), ("source", "u1"), ("", "V3")]
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
    """The columns, for `n` users and `p` providers. Rules change the arrays in place."""

    provider: NDArray[np.int16]  # (n,) index of the user's provider; -1 = not in the market (yet, or any longer)
    slot: Ints  # (n,) or (2 n,) slot of each instance in the provider's fleet; the server is slot // capacity
    belief: Floats  # (n, p) downtime in minutes a month; NaN = never heard of the provider
    source: NDArray[np.uint8]  # (n, p) how the user came to know the provider: an index into SOURCES
    as_of: Ints  # (n,) day on which the belief about the own provider was last updated
    tolerance: Floats  # (n,) extra minutes a month, compared with elsewhere, that the user accepts
    value: Floats  # (n,) dollars that a minute of downtime is worth to the user
    requirements: Floats  # (n,) in [0, 1): the user can run on a platform iff this is below its reach
    downtime: Floats  # (n,) minutes suffered so far
    instances: NDArray[np.uint8]  # (n,) 1, or 2 for a user with a redundant second instance
    month_minutes: Floats  # (n,) downtime this month that the service level agreement counts
    deferred_news: NDArray[np.uint8]  # (n,) bits of TRIGGERS: news kept for the renewal day of the user's contract
    complained: NDArray[np.uint8]  # (n,) 1 = has complained to its provider

    @classmethod
    def on(cls, rows: Rows, **columns: NDArray[Any]) -> Self:
        """Return users whose columns are views of `rows` where it has them, filled with the given values."""
        n, about = len(rows), rows["about"]
        users = cls(
            provider=rows["provider"],
            slot=columns.pop("slot"),
            belief=about["belief"],
            source=about["source"],
            as_of=rows["as_of"],
            tolerance=rows["tolerance"],
            value=columns.pop("value"),
            requirements=columns.pop("requirements"),
            downtime=np.zeros(n),
            instances=rows["instances"],
            month_minutes=np.zeros(n),
            deferred_news=np.zeros(n, np.uint8),
            complained=np.zeros(n, np.uint8),
        )
        for name, values in columns.items():
            getattr(users, name)[:] = values
        return users


class News(NamedTuple):
    """The users with news today, who will consider leaving."""

    kinds: NDArray[np.uint8]  # (n,) bits of TRIGGERS
    users: Ints  # (n,) its first `size[0]` entries are the users with news
    size: NDArray[np.int64]  # (1,)

    @classmethod
    def on(cls, rows: Rows) -> "News":
        """Return the news of the users of `rows`: none."""
        return cls(rows["news"], np.empty(len(rows), np.int32), np.zeros(1, np.int64))

    def for_partition(self, n: int) -> "News":
        """Return an empty list for a partition of `n` of the users; the bits in `kinds` are shared."""
        return News(self.kinds, np.empty(n, np.int32), np.zeros(1, np.int64))

    def informed(self) -> Ints:
        """Return the users with news."""
        return self.users[: self.size[0]]


@kernel
def add_news(news: News, i: int, kind: int) -> None:
    """Give user `i` news of one kind."""
    if news.kinds[i] == 0:
        news.users[news.size[0]] = i
        news.size[0] += 1
    news.kinds[i] |= kind


@kernel
def inform(news: News, users: NDArray[np.integer], kind: int) -> None:
    """Give each of `users` news of one kind."""
    for i in users:
        add_news(news, i, kind)


def first_trigger(kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return, for each set of news, the index into TRIGGERS of the one that counts.

    >>> first_trigger(np.array([OUTAGE | MESSAGE, PEERS, PRICE | MESSAGE, OUTAGE | BREACH], np.uint8))
    array([0, 4, 1, 5], dtype=uint8)
    """
    first = np.where(kinds & BREACH, np.uint8(BREACH), kinds & (~kinds + np.uint8(1)))
    return np.log2(first).astype(np.uint8)
