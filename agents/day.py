"""Days as the users live them: they talk, listen and consider, until somebody wants to leave."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.choice import Offers, Tastes, leavers
from agents.kernel import kernel
from agents.users import ADVERT, ADVERTISED, Floats, Ints, News, Users, tell_of
from agents.word_of_mouth import Links, Mailbox, listen, talk, talkers

BLOCK = 512  # users


class Society(NamedTuple):
    """Who the users are, whom they know, and how they talk."""

    users: Users
    links: Links  # who hears a user
    hears: Links  # whom a user hears
    mailbox: Mailbox
    fade: Floats  # see agents.experience.fading
    attention: Floats  # see agents.word_of_mouth.attention
    negativity: float


class Adverts(NamedTuple):
    """Who is reached by whose advert today, and what it claims: arrays of one length."""

    users: NDArray[np.int64]
    providers: NDArray[np.int64]
    claims: Floats  # minutes a month

    @classmethod
    def none(cls) -> "Adverts":
        """Return a day without adverts."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


class Part(NamedTuple):
    """The users from `first` up to `end`: those whom one thread looks after."""

    first: int
    end: int
    news: News
    leaving: Ints  # out: who wants to leave

    @classmethod
    def whole(cls, news: News) -> "Part":
        """Return everybody."""
        return cls(0, len(news.kinds), news, np.empty(len(news.kinds), np.int32))


@kernel
def hear(adverts: Adverts, part: Part, users: Users) -> None:
    """Let providers reach others' users; who had never heard of one believes its claim."""
    for k in range(len(adverts.users)):
        i, j = adverts.users[k], adverts.providers[k]
        if not part.first <= i < part.end or users.provider[i] < 0 or users.provider[i] == j:
            continue
        if np.isnan(users.belief[i, j]):
            users.belief[i, j] = adverts.claims[k]
            users.source[i, j] = ADVERT
        tell_of(part.news, i, ADVERTISED)


@kernel
def consider(day: int, adverts: Adverts, part: Part, society: Society, offers: Offers, tastes: Tastes) -> int:
    """Let a part of the users, when all have talked, listen, see adverts and consider; return how many would leave."""
    users, fade, news, count = society.users, society.fade, part.news, 0
    # In blocks that stay in the nearest cache; but adverts are heard when all have listened.
    block = BLOCK if len(adverts.users) == 0 else len(news.kinds)
    for begin in range(0, max(news.size[0], 1), block):
        end = min(begin + block, news.size[0])
        listen(day, society.mailbox, users, fade, society.attention, society.negativity, news, begin, end)
        hear(adverts, part, users)
        end = end if len(adverts.users) == 0 else news.size[0]
        count = leavers(day, users, fade, offers, tastes, society.hears, news, begin, end, part.leaving, count)
    news.size[0] = 0
    return count


@kernel
def live(
    day: int,
    last: int,
    complaining: Ints,
    calling: NDArray[np.int64],  # trial numbers of those who feel like talking, of all days up to `last`
    adverts: Adverts,
    part: Part,
    society: Society,
    offers: Offers,
    tastes: Tastes,
) -> tuple[int, int, int]:
    """Let days pass from `day` on, until somebody wants to leave or the day before `last` is over.

    The outages, adverts and other news that they begin with are the first day's; what is said on a day is heard on it.

    Returns
    -------
    reached, count, used
        The day on which it ends; how many want to leave then, listed in the part; how many of `calling` have talked.
    """
    used, n = 0, part.end
    while True:
        begin = used
        while used < len(calling) and calling[used] < (day + 1) * n:
            used += 1
        talking = talkers(complaining, calling[begin:used], day * n, part.news)
        talk(day, talking, society.links, society.users, society.fade, society.mailbox, part.news, 0, n)
        count = consider(day, adverts, part, society, offers, tastes)
        if count > 0 or day + 1 >= last:
            return day, count, used
        day += 1
        complaining = complaining[:0]
        adverts = Adverts(adverts.users[:0], adverts.providers[:0], adverts.claims[:0])


class Crowd:
    """The users in parts, each looked after by a thread of its own; what comes of a day is the same to the last bit.

    Every thread goes through all that is said, and keeps what its own users hear, so that each of them hears it in
    the same order however many threads there are.
    """

    def __init__(self, news: News, threads: int) -> None:
        n = len(news.kinds)
        bounds = [n * k // threads for k in range(threads + 1)]
        self._parts = [Part(a, b, news.part(b - a), np.empty(b - a, np.int32)) for a, b in pairwise(bounds)]
        self._news = news
        self._pool = ThreadPoolExecutor(threads)

    def live(
        self,
        day: int,
        complaining: Ints,
        calling: NDArray[np.int64],
        adverts: Adverts,
        society: Society,
        offers: Offers,
        tastes: Tastes,
    ) -> tuple[Ints, int]:
        """Let one day pass; return who wants to leave, and how many of `calling` have talked."""
        today = day * len(self._news.kinds)
        used = int(np.searchsorted(calling, today + len(self._news.kinds)))
        talking = talkers(complaining, calling[:used], today, self._news)
        informed = self._news.informed()
        for part in self._parts:
            mine = informed[(informed >= part.first) & (informed < part.end)]
            part.news.users[: len(mine)] = mine
            part.news.size[0] = len(mine)
        self._news.size[0] = 0

        def hear_all(part: Part) -> None:
            ends = (part.first, part.end)
            talk(day, talking, society.links, society.users, society.fade, society.mailbox, part.news, *ends)

        def consider_all(part: Part) -> Ints:
            return part.leaving[: consider(day, adverts, part, society, offers, tastes)]

        list(self._pool.map(hear_all, self._parts))  # all have heard before anybody changes its mind
        return np.concatenate(list(self._pool.map(consider_all, self._parts))), used
