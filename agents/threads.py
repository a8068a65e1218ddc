"""Threads: the users in partitions, each processed by a thread of its own."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from agents.adverts import Adverts
from agents.choice import Offers, Preferences
from agents.day import Partition, Population, consider
from agents.users import Ints, News
from agents.word_of_mouth import talk, talkers


class ThreadPool:
    """Does what `agents.day.talk_and_consider` does, in several threads, with the same result to the last bit.

    Every thread reads all messages and keeps those to its own users, so that each user receives them in the same
    order whatever the number of threads.
    """

    def __init__(self, news: News, threads: int) -> None:
        n = len(news.kinds)
        bounds = [n * k // threads for k in range(threads + 1)]
        self._partitions = [
            Partition(a, b, news.for_partition(b - a), np.empty(b - a, np.int32)) for a, b in pairwise(bounds)
        ]
        self._news = news
        self._pool = ThreadPoolExecutor(threads)

    def talk_and_consider(
        self,
        day: int,
        complaining: Ints,
        spontaneous: NDArray[np.int64],
        adverts: Adverts,
        population: Population,
        offers: Offers,
        preferences: Preferences,
    ) -> tuple[Ints, int]:
        """Return the users who want to leave, and the number of `spontaneous` trials that were today's."""
        today = day * len(self._news.kinds)
        used = int(np.searchsorted(spontaneous, today + len(self._news.kinds)))
        talking = talkers(complaining, spontaneous[:used], today, self._news)
        informed = self._news.informed()
        for partition in self._partitions:
            own = informed[(informed >= partition.first) & (informed < partition.end)]
            partition.news.users[: len(own)] = own
            partition.news.size[0] = len(own)
        self._news.size[0] = 0

        def talk_in(partition: Partition) -> None:
            users, decay, mailbox = population.users, population.decay, population.mailbox
            bounds = (partition.first, partition.end)
            talk(day, talking, population.links, users, decay, mailbox, partition.news, *bounds)

        def consider_in(partition: Partition) -> Ints:
            return partition.leaving[: consider(day, adverts, partition, population, offers, preferences)]

        list(self._pool.map(talk_in, self._partitions))  # all messages are sent before any belief changes
        return np.concatenate(list(self._pool.map(consider_in, self._partitions))), used
