"""Rules of one's own for how users listen and choose: functions on columns, in place of those in `agents`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.choice import Offers, Preferences, gains_of
from agents.day import Population
from agents.users import MESSAGE, NO_PROVIDERS, NO_USERS, Floats, Ints, News
from agents.word_of_mouth import keep_beliefs, take_messages
from model.errors import ScenarioError

if TYPE_CHECKING:
    from typing import Any


class Listening(NamedTuple):
    """The users with messages on a day, as columns: what a rule listens to."""

    day: int
    user: Ints  # (n,) row in `market.users`, ascending
    provider: NDArray[np.int16]  # (n,) where the user is
    belief: Floats  # (n, providers) minutes a month, as of today; NaN for a provider that it has not heard of
    messages: Ints  # (n, providers) how many messages it got
    mean: Floats  # (n, providers) their mean, minutes a month; NaN where there are none
    market: "Any"  # the `Market`, for all else


ListenRule = Callable[[Listening], Floats]
"""Returns each user's beliefs, (n, providers), minutes a month; NaN for what it has still not heard of."""


class Considering(NamedTuple):
    """The users with news on a day, as columns: what a rule chooses by."""

    day: int
    user: Ints  # (n,) row in `market.users`, ascending
    provider: NDArray[np.int16]  # (n,) where the user is
    gain: Floats  # (n, providers) minutes a month, as `agents.choice` defines it; -inf where the user cannot go
    tolerance: Floats  # (n,) minutes a month
    draw: Floats  # (n,) from U(0, 1), for what is random in a choice
    market: "Any"  # the `Market`, for all else: `market.users`, `market.network`, `market.record`


ChoiceRule = Callable[[Considering], NDArray[np.integer]]
"""Returns for each user the provider that it wants to be with; its own: it stays."""


class Choices(NamedTuple):
    """Who wants to leave, for where, and the gain that they expect."""

    user: Ints
    target: NDArray[np.int16]
    gain: Floats


NO_CHOICES = Choices(NO_USERS, NO_PROVIDERS, np.empty(0))


def listen_by(rule: ListenRule, market: "Any", day: int, population: Population, news: News) -> None:
    """Let the users with messages listen by a rule, and empty their mailboxes."""
    users, informed = population.users, news.informed()
    user = np.sort(informed[(news.kinds[informed] & MESSAGE) != 0])
    belief, mean = np.empty((2, len(user), users.belief.shape[1]))
    messages = np.empty(belief.shape, np.int32)
    take_messages(day, user, users, population.decay, population.mailbox, belief, messages, mean)
    provider = users.provider[user]
    here = provider >= 0
    if not here.all():
        user, provider, belief, messages, mean = (a[here] for a in (user, provider, belief, messages, mean))
    found = np.asarray(rule(Listening(day, user, provider, belief, messages, mean, market)), float)
    if found.shape != belief.shape:
        raise ScenarioError(f"listen: must return beliefs of shape {belief.shape}, a row a user; not {found.shape}")
    if not keep_beliefs(day, user, users, belief, messages, found):
        raise ScenarioError("listen: must return beliefs that are numbers from 0; NaN only for an unknown provider")


def choose_by(
    rule: ChoiceRule,
    market: "Any",
    day: int,
    informed: Ints,
    population: Population,
    offers: Offers,
    preferences: Preferences,
    news: News,
    draws: np.random.Generator,
) -> Choices:
    """Let the users with news choose by a rule; those who stay have considered their news, which is cleared."""
    users, decay = population.users, population.decay
    departed = users.provider[informed] < 0
    if departed.any():
        news.kinds[informed[departed]] = 0
        informed = informed[~departed]
    gains, tolerance, provider = gains_of(day, informed, users, decay, offers, preferences, population.hears)
    gain = gains.T  # stored by provider, over which a rule mostly goes
    target = checked(rule, Considering(day, informed, provider, gain, tolerance, draws.random(len(informed)), market))
    leaves = np.flatnonzero(target != provider)
    leaving, origin = informed[leaves], provider[leaves]
    kept = news.kinds[leaving]
    news.kinds[informed] = 0
    news.kinds[leaving] = kept
    users.belief[leaving, origin] *= decay[day - users.as_of[leaving]]
    users.as_of[leaving] = day
    return Choices(leaving, target[leaves], gain[leaves, target[leaves]])


def checked(rule: ChoiceRule, asked: Considering) -> NDArray[np.int16]:
    """Return a rule's answer as a column; refuse providers that do not exist or where a user cannot go."""
    found = np.asarray(rule(asked))
    n, providers = asked.gain.shape
    if found.shape != (n,) or (n and not np.issubdtype(found.dtype, np.integer)):
        raise ScenarioError(f"choose: must return {n} whole numbers, one a user; not {found.dtype} {found.shape}")
    if n and not (found.min() >= 0 and found.max() < providers):
        allowed = f"must return providers from 0 to {providers - 1}"
        raise ScenarioError(f"choose: {allowed}; not {found.min()} to {found.max()}")
    away = np.flatnonzero(found != asked.provider)
    if np.isneginf(asked.gain[away, found[away]]).any():
        raise ScenarioError("choose: must leave a user at its own provider, or at one where its gain is not -inf")
    return found.astype(np.int16)
