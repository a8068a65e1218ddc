"""Exit and voice: what may come between the wish to leave and the move (Hirschman 1970, Exit, Voice, and Loyalty).

A contract binds: who wants to leave within a term considers again on its renewal day. A voice comes first: who would
leave may complain instead, once at each provider; one with a recovery policy pays and is given another chance.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.users import TRIGGERS, Ints, inform
from model.streams import stream

if TYPE_CHECKING:
    from model.market import Market


class Terms:
    """When contracts are renewed: on the days that leave a user's own remainder when divided by the term.

    Users move on renewal days only, so a user's remainder never changes. Founders' renewals are spread over the
    term; those who arrive sign on the day on which they come.
    """

    def __init__(self, days: int, founders: int, arrives: Ints, seed: int) -> None:
        self.days = days  # the term; 0 = no contracts
        remainder = arrives.astype(np.int64)
        remainder[:founders] = stream(seed, "contracts").integers(0, max(days, 1), founders)
        self.remainder = remainder % max(days, 1)
        self._order = np.argsort(self.remainder, kind="stable") if days else np.empty(0, np.int64)
        self._first = np.searchsorted(self.remainder[self._order], np.arange(days + 1))

    def renewing(self, day: int) -> NDArray[np.int64]:
        """Return the users whose contracts are renewed on a day."""
        k = day % self.days
        return self._order[self._first[k] : self._first[k + 1]]


def renew(market: "Market", day: int) -> None:
    """Let those who wanted to leave within their term consider again, if today it ends."""
    if not market.contracts.days:
        return
    users = market.users
    waiting = market.contracts.renewing(day)
    waiting = waiting[users.deferred_news[waiting] > 0]
    for bit in range(len(TRIGGERS)):
        inform(market.news, waiting[users.deferred_news[waiting] & (1 << bit) > 0], 1 << bit)
    users.deferred_news[waiting] = 0


def free_to_leave(market: "Market", day: int, leaving: Ints) -> NDArray[np.bool_]:
    """Say whose term ends today; of the others, remember why they wanted to leave."""
    terms = market.contracts
    if not terms.days:
        return np.ones(len(leaving), np.bool_)
    free = (terms.remainder[leaving] == day % terms.days) & (market.demography.arrives[leaving] < day)
    held = leaving[~free]
    market.users.deferred_news[held] |= market.news.kinds[held]
    return np.asarray(free)


def speak_up(market: "Market", day: int, leaving: Ints, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Let some complain who have not yet done so, and stay for today; say who does."""
    voice, users = market.settings.users.voice, market.users
    if voice == 0 or len(leaving) == 0:
        return np.zeros(len(leaving), np.bool_)
    speaks = (rng.random(len(leaving)) < voice) & (users.complained[leaving] == 0)
    speakers = leaving[speaks]
    users.complained[speakers] = 1
    for provider in market.providers:
        if provider.recovery_credit > 0:
            mine = speakers[users.provider[speakers] == provider.index]
            provider.credits += provider.recovery_credit * len(mine)
            users.belief[mine, provider.index] = 0.0
            users.as_of[mine] = day
    return np.asarray(speaks)
