"""Adverts: providers tell their claims to users at random (external influence, Bass 1969)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.bernoulli import bernoulli_indices
from agents.kernel import kernel
from agents.provider import Provider
from agents.users import ADVERT, ADVERTISED, Floats, News, Users, add_news


class Adverts(NamedTuple):
    """Today's adverts: whom they reach, whose they are and what they claim, as arrays of one length."""

    users: NDArray[np.int64]
    providers: NDArray[np.int64]
    claims: Floats  # minutes a month


NO_ADVERTS = Adverts(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def draw_adverts(
    chance: float, users: int, providers: Sequence[Provider], rngs: Sequence[np.random.Generator]
) -> Adverts:
    """Draw which of the users each provider's adverts reach today, each user with the same chance."""
    if chance == 0:
        return NO_ADVERTS
    reached = [bernoulli_indices(rng, users, chance) for rng in rngs]
    sizes = [len(rows) for rows in reached]
    claims = [provider.claimed_downtime for provider in providers]
    return Adverts(np.concatenate(reached), np.repeat(np.arange(len(sizes)), sizes), np.repeat(claims, sizes))


@kernel
def see_adverts(adverts: Adverts, first: int, end: int, users: Users, news: News) -> None:
    """Show adverts to users from `first` up to `end` who are not with their provider.

    A user who did not know the provider believes its claim.
    """
    for k in range(len(adverts.users)):
        i, j = adverts.users[k], adverts.providers[k]
        if not first <= i < end or users.provider[i] < 0 or users.provider[i] == j:
            continue
        if np.isnan(users.belief[i, j]):
            users.belief[i, j] = adverts.claims[k]
            users.source[i, j] = ADVERT
        add_news(news, i, ADVERTISED)
