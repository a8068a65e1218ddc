"""Contracts: nobody leaves within a term; a user who wants to leave considers again on its renewal day."""

import numpy as np
from numpy.typing import NDArray

from agents.users import TRIGGERS, Ints, News, Users, inform
from model.streams import stream


class Contracts:
    """The renewal days of all users: the days with `day % term == renewal_phase[user]`.

    Users move on renewal days only, so a user's phase never changes. The phases of the initial users are spread over
    the term; users who arrive later sign on the day of their arrival.

    Parameters
    ----------
    term
        Days of a contract; 0 = no contracts.
    initial_users
        Number of users on day 0.
    arrives
        (rows,) day of each user's arrival, -1 for the initial users.
    seed
        The root seed.
    """

    def __init__(self, term: int, initial_users: int, arrives: Ints, seed: int) -> None:
        self.term = term
        self._arrives = arrives
        phase = arrives.astype(np.int64)
        phase[:initial_users] = stream(seed, "contracts").integers(0, max(term, 1), initial_users)
        self.renewal_phase = phase % max(term, 1)
        self._by_phase = np.argsort(self.renewal_phase, kind="stable") if term else np.empty(0, np.int64)
        self._starts = np.searchsorted(self.renewal_phase[self._by_phase], np.arange(term + 1))

    def renew(self, day: int, users: Users, news: News) -> None:
        """Give users whose contract ends today the news back that made them want to leave within its term."""
        if not self.term:
            return
        phase = day % self.term
        waiting = self._by_phase[self._starts[phase] : self._starts[phase + 1]]
        waiting = waiting[users.deferred_news[waiting] > 0]
        for bit in range(len(TRIGGERS)):
            inform(news, waiting[users.deferred_news[waiting] & (1 << bit) > 0], 1 << bit)
        users.deferred_news[waiting] = 0

    def may_leave(self, day: int, leaving: Ints, users: Users, news: News) -> NDArray[np.bool_]:
        """Return which of the users may leave today; the news of the others is kept until their renewal day."""
        if not self.term:
            return np.ones(len(leaving), np.bool_)
        free = (self.renewal_phase[leaving] == day % self.term) & (self._arrives[leaving] < day)
        bound = leaving[~free]
        users.deferred_news[bound] |= news.kinds[bound]
        return np.asarray(free)
