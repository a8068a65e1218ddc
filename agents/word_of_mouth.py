"""Word of mouth: users tell their neighbours how much downtime their provider has; listeners average what they hear.

Talking and listening are separate rules: all messages of a day are sent before any is read, so their order does not
matter. Related: DeGroot 1974 (listening as averaging), Bass 1969 (adoption that spreads by contact).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel, prefetch
from agents.users import COMPLAINED, MESSAGE, WORD_OF_MOUTH, Floats, Ints, News, Rows, Users

AHEAD = 24  # how many users ahead memory is prefetched


class Links(NamedTuple):
    """Compressed neighbour lists: the neighbours of user i are `indices[indptr[i]:indptr[i + 1]]`."""

    indptr: NDArray[np.int64]  # (n + 1,)
    indices: Ints
    chance: Floats = np.empty(0)  # that a neighbour hears what is said; empty: they always do
    key: np.int64 = np.int64(0)  # of the draws that decide it


class Mailbox(NamedTuple):
    """The messages of a day: what user i hears about provider j."""

    messages: Ints  # (n, p) number of messages
    total: Floats  # (n, p) sum of their contents, minutes a month

    @classmethod
    def on(cls, rows: Rows) -> "Mailbox":
        """Return the mailboxes kept in the users' rows, empty."""
        return cls(rows["about"]["messages"], rows["about"]["message_total"])


def message_weights(listen: float, negativity: float, most_messages: int) -> Floats:
    """Return the weight of the mean of n messages about one provider, `1 - (1 - w) ** n`, for each n.

    One message weighs `w = listen` if it is better than what is believed (row 0 of the result) and
    `w = min(1, listen * negativity)` if it is worse (row 1).

    >>> message_weights(0.25, 2.0, 2)
    array([[0.    , 0.25  , 0.4375],
           [0.    , 0.5   , 0.75  ]])
    """
    weight = np.array([[listen], [min(1.0, listen * negativity)]])
    return np.asarray(1 - (1 - weight) ** np.arange(most_messages + 1))


@kernel
def talkers(complaining: Ints, spontaneous: NDArray[np.int64], today: int, news: News) -> Ints:
    """Return the users who talk today, because of an outage (`complaining`) or without one (`spontaneous`), each once.

    `spontaneous` holds trial numbers (see `agents.bernoulli.BernoulliTrials`); `today` is that of the first user.
    """
    found = np.empty(len(complaining) + len(spontaneous), np.int32)
    n = len(complaining)
    for k in range(n):
        found[k] = complaining[k]
        news.kinds[complaining[k]] |= COMPLAINED
    for trial in spontaneous:
        if news.kinds[trial - today] & COMPLAINED == 0:
            found[n] = trial - today
            n += 1
    return found[:n]


@kernel
def reaches(key: np.int64, day: int, edge: int, chance: np.float64) -> np.bool:
    """Draw whether a link carries what is said today, from its place alone: a round of SplitMix64 (Steele et al. 2014).

    So what one link carries depends neither on the others nor on the order in which they are gone through.
    """
    mixed = (
        np.uint64(key)
        + np.uint64(day) * np.uint64(0xD1342543DE82EF95)
        + np.uint64(edge) * np.uint64(0x9E3779B97F4A7C15)
    )
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.float64(mixed >> np.uint64(11)) * 2.0**-53 < chance


@kernel
def talk(
    day: int,
    talking: Ints,
    links: Links,
    users: Users,
    decay: Floats,
    mailbox: Mailbox,
    news: News,
    first: int,
    end: int,
) -> None:
    """Send each talker's belief about its own provider, as of today, to all who hear it.

    Only messages to users from `first` up to `end` are stored; the others belong to another thread.
    """
    # Columns are taken out of their tuples first: inside the loop numba would count references each time.
    provider, belief, as_of = users.provider, users.belief, users.as_of
    indptr, indices, chance, key = links.indptr, links.indices, links.chance, links.key
    weighted = len(chance) > 0
    messages, total = mailbox.messages, mailbox.total
    kinds, informed, told = news.kinds, news.users, news.size[0]
    for k in range(len(talking)):
        # Prefetch what later talkers need: their rows, then their links, then their listeners.
        if k + 3 * AHEAD < len(talking):
            prefetch(provider, talking[k + 3 * AHEAD])
            prefetch(indptr, talking[k + 3 * AHEAD])
        if k + 2 * AHEAD < len(talking):
            prefetch(indices, indptr[talking[k + 2 * AHEAD]])
        if k + AHEAD < len(talking):
            later = talking[k + AHEAD]
            for edge in range(indptr[later], indptr[later + 1]):
                if first <= indices[edge] < end:
                    prefetch(provider, indices[edge])

        i = np.uintp(talking[k])
        if provider[i] < 0:
            continue
        p = np.uintp(provider[i])
        message = belief[i, p] * decay[np.uintp(day - as_of[i])]
        for edge in range(np.uintp(indptr[i]), np.uintp(indptr[i + np.uintp(1)])):
            if not first <= indices[edge] < end or (weighted and not reaches(key, day, edge, chance[edge])):
                continue
            listener = np.uintp(indices[edge])
            if kinds[listener] == 0:
                informed[told] = listener
                told += 1
            kinds[listener] |= MESSAGE
            messages[listener, p] += 1
            total[listener, p] += message
    news.size[0] = told


@kernel
def listen(
    day: int,
    mailbox: Mailbox,
    users: Users,
    decay: Floats,
    weights: Floats,  # (2, n), see message_weights
    news: News,
    begin: int,
    end: int,
) -> None:
    """Let the informed users from `begin` up to `end` read their messages and update their beliefs.

    Which providers are mentioned, known or worse than believed is unpredictable, so the code selects values rather
    than branches.
    """
    provider, belief, as_of, source = users.provider, users.belief, users.as_of, users.source
    messages, total = mailbox.messages, mailbox.total
    kinds, informed = news.kinds, news.users
    for k in range(begin, end):
        if k + AHEAD < end:
            prefetch(provider, informed[k + AHEAD])
        i = np.uintp(informed[k])
        if kinds[i] & MESSAGE == 0:
            continue
        p, faded = provider[i], decay[np.uintp(day - as_of[i])]
        for j in range(np.uintp(belief.shape[1])):
            count = np.uintp(messages[i, j])
            if count == 0:
                continue
            mean = total[i, j] / count
            messages[i, j] = 0
            total[i, j] = 0.0
            if p < 0:
                continue
            held = belief[i, j] * (faded if j == p else 1.0)
            weight = weights[np.uintp(mean > held), count]
            unknown = np.isnan(held)
            belief[i, j] = mean if unknown else held + weight * (mean - held)
            source[i, j] = WORD_OF_MOUTH if unknown else source[i, j]
            as_of[i] = day if j == p else as_of[i]


@kernel
def take_messages(
    day: int,
    informed: Ints,
    users: Users,
    decay: Floats,
    mailbox: Mailbox,
    belief: Floats,
    messages: Ints,
    mean: Floats,
) -> None:
    """Write what the informed users believe as of `day` and what they were told, by user and provider; empty mailboxes.

    `listen` is this, an average, and `keep_beliefs` in one loop.
    """
    for k in range(len(informed)):
        i = informed[k]
        for j in range(belief.shape[1]):
            count = mailbox.messages[i, j]
            messages[k, j] = count
            mean[k, j] = mailbox.total[i, j] / count if count else np.nan
            mailbox.messages[i, j] = 0
            mailbox.total[i, j] = 0.0
            belief[k, j] = users.belief[i, j] * (decay[day - users.as_of[i]] if j == users.provider[i] else 1.0)


@kernel
def keep_beliefs(day: int, informed: Ints, users: Users, belief: Floats, messages: Ints, found: Floats) -> bool:
    """Let the informed users believe what they have `found`, where they were told something or changed their mind.

    Returns whether all beliefs are numbers from 0, or NaN for an unknown provider; else nothing is kept.
    """
    for k in range(len(informed)):
        for j in range(belief.shape[1]):
            unknown = np.isnan(found[k, j]) and np.isnan(belief[k, j])
            if not (unknown or 0 <= found[k, j] < np.inf):
                return False
    for k in range(len(informed)):
        i = informed[k]
        for j in range(belief.shape[1]):
            if np.isnan(found[k, j]) or (messages[k, j] == 0 and found[k, j] == belief[k, j]):
                continue
            if np.isnan(belief[k, j]):
                users.source[i, j] = WORD_OF_MOUTH
            users.belief[i, j] = found[k, j]
            if j == users.provider[i]:
                users.as_of[i] = day
    return True
