"""The users' part of a day: they talk, listen and consider leaving."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.adverts import Adverts, see_adverts
from agents.choice import Offers, Preferences, leavers
from agents.kernel import kernel
from agents.users import Floats, Ints, News, Users
from agents.word_of_mouth import Links, Mailbox, listen, talk, talkers

BLOCK = 512  # users


class Population(NamedTuple):
    """The users, their network and how they weigh what they hear."""

    users: Users
    links: Links  # who hears a user
    hears: Links  # whom a user hears
    mailbox: Mailbox
    decay: Floats  # see agents.experience.decay_factors
    message_weights: Floats  # (2, n), see agents.word_of_mouth.message_weights


class Partition(NamedTuple):
    """The users from `first` up to `end`, with their news: the share of one thread."""

    first: int
    end: int
    news: News
    leaving: Ints  # out: the users who want to leave

    @classmethod
    def of_all(cls, news: News) -> "Partition":
        """Return the partition that holds all users."""
        return cls(0, len(news.kinds), news, np.empty(len(news.kinds), np.int32))


@kernel
def consider(
    day: int, adverts: Adverts, partition: Partition, population: Population, offers: Offers, preferences: Preferences
) -> int:
    """Let users with news listen, see adverts and consider, once all have talked; return how many want to leave."""
    users, decay, news, count = population.users, population.decay, partition.news, 0
    weights = population.message_weights
    # Blocks stay in the nearest cache. Adverts are seen after all messages, so with adverts there is one block.
    block = BLOCK if len(adverts.users) == 0 else len(news.kinds)
    for begin in range(0, max(news.size[0], 1), block):
        end = min(begin + block, news.size[0])
        listen(day, population.mailbox, users, decay, weights, news, begin, end)
        see_adverts(adverts, partition.first, partition.end, users, news)
        end = end if len(adverts.users) == 0 else news.size[0]
        count = leavers(
            day, users, decay, offers, preferences, population.hears, news, begin, end, partition.leaving, count
        )
    news.size[0] = 0
    return count


@kernel
def talk_and_consider(
    day: int,
    complaining: Ints,
    spontaneous: NDArray[np.int64],
    adverts: Adverts,
    partition: Partition,
    population: Population,
    offers: Offers,
    preferences: Preferences,
) -> tuple[int, int]:
    """Let all users talk, listen and consider for one day.

    Parameters
    ----------
    complaining
        Users who talk because of an outage today.
    spontaneous
        Trial numbers (see `agents.bernoulli.BernoulliTrials`) of those who talk without one, today and later.
    partition
        All users, with today's other news; on return its `leaving` lists those who want to leave.

    Returns
    -------
    count, used
        The number of users who want to leave, and the number of `spontaneous` trials that were today's.
    """
    n = partition.end
    used = 0
    while used < len(spontaneous) and spontaneous[used] < (day + 1) * n:
        used += 1
    talking = talkers(complaining, spontaneous[:used], day * n, partition.news)
    decay, mailbox = population.decay, population.mailbox
    talk(day, talking, population.links, population.users, decay, mailbox, partition.news, 0, n)
    return consider(day, adverts, partition, population, offers, preferences), used


def talk_and_listen(
    day: int,
    complaining: Ints,
    spontaneous: NDArray[np.int64],
    adverts: Adverts,
    partition: Partition,
    population: Population,
    listen_by: Callable[[], None] | None = None,
) -> tuple[Ints, int]:
    """Let all users talk and listen, as `talk_and_consider` does; return those with news, ascending, and the trials.

    `listen_by` reads the messages in place of the built-in rule.
    """
    users, decay, mailbox, news = population.users, population.decay, population.mailbox, partition.news
    n = partition.end
    used = int(np.searchsorted(spontaneous, (day + 1) * n))
    talking = talkers(complaining, spontaneous[:used], day * n, news)
    talk(day, talking, population.links, users, decay, mailbox, news, 0, n)
    if listen_by is None:
        listen(day, mailbox, users, decay, population.message_weights, news, 0, news.size[0])
    else:
        listen_by()
    see_adverts(adverts, 0, n, users, news)
    informed = np.sort(news.informed())
    news.size[0] = 0
    return informed, used


def consider_leaving(
    day: int, informed: Ints, partition: Partition, population: Population, offers: Offers, preferences: Preferences
) -> Ints:
    """Let the users with news consider; return those who want to leave."""
    users, news = population.users, News(partition.news.kinds, informed, partition.news.size)
    about = (users, population.decay, offers, preferences, population.hears, news)
    count = leavers(day, *about, 0, len(informed), partition.leaving, 0)
    return partition.leaving[:count].copy()


@kernel
def talk_until_someone_leaves(
    day: int,
    end: int,
    spontaneous: NDArray[np.int64],
    adverts: Adverts,
    partition: Partition,
    population: Population,
    offers: Offers,
    preferences: Preferences,
) -> tuple[int, int, int]:
    """Repeat `talk_and_consider` over the days from `day` up to `end`, none of which has an outage or adverts.

    Stops after the first day on which somebody wants to leave.

    Returns
    -------
    day, count, used
        The last day done, the number of users who want to leave on it, and the number of trials used.
    """
    complaining = np.empty(0, np.int32)
    used = 0
    while True:
        count, today = talk_and_consider(
            day, complaining, spontaneous[used:], adverts, partition, population, offers, preferences
        )
        used += today
        if count > 0 or day + 1 >= end:
            return day, count, used
        day += 1
