"""Complaints: users who would leave may complain to their provider instead, once (Hirschman 1970, "voice")."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.provider import Provider
from agents.users import Ints, Users


def complain(
    day: int,
    leaving: Ints,
    voice: float,  # chance that a user who would leave complains first
    users: Users,
    providers: Sequence[Provider],
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Return which of the users complain today and stay.

    A provider with a recovery credit pays it to each of them, and they forget the downtime so far.
    """
    if voice == 0 or len(leaving) == 0:
        return np.zeros(len(leaving), np.bool_)
    complains = (rng.random(len(leaving)) < voice) & (users.complained[leaving] == 0)
    complainers = leaving[complains]
    users.complained[complainers] = 1
    for provider in providers:
        if provider.recovery_credit > 0:
            own = complainers[users.provider[complainers] == provider.index]
            provider.credits += provider.recovery_credit * len(own)
            users.belief[own, provider.index] = 0.0
            users.as_of[own] = day
    return np.asarray(complains)
