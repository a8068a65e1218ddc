"""Word of mouth: talkers tell their neighbours what they think of their provider; listeners average.

Talking and listening are separate rules, so that all messages of a day are read together, in no order.
Related: DeGroot 1974 (listening as averaging), Bass 1969 (news that spreads by contact).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel
from agents.users import MESSAGE, WORD_OF_MOUTH, Floats, Ints, News, Users


class Links(NamedTuple):
    """Who tells whom: the neighbours of user i are `indices[indptr[i]:indptr[i + 1]]`."""

    indptr: NDArray[np.int64]  # (n + 1,)
    indices: Ints


class Mailbox(NamedTuple):
    """The messages of a day, summed by box: box `i * p + j` holds what user i hears of provider j."""

    messages: Ints  # (n * p,) messages
    total: Floats  # (n * p,) sum of what they say, minutes a month
    boxes: NDArray[np.int64]  # (n * p,) the first `used[0]` entries: boxes with mail
    used: NDArray[np.int64]  # (1,)
    told_on: Ints  # (n,) day on which the user last talked

    @classmethod
    def for_users(cls, n: int, providers: int) -> "Mailbox":
        """Return empty boxes for `n` users."""
        boxes = n * providers
        return cls(
            np.zeros(boxes, np.int32),
            np.zeros(boxes),
            np.empty(boxes, np.int64),
            np.zeros(1, np.int64),
            np.full(n, -1, np.int32),
        )


def attention(listen: float, most_messages: int) -> Floats:
    """Return, for n messages on one subject, the weight of their mean: `1 - (1 - listen) ** n`.

    >>> attention(0.5, 2)
    array([0.  , 0.5 , 0.75])
    """
    return np.asarray(1 - (1 - listen) ** np.arange(most_messages + 1))


@kernel
def talk(day: int, talkers: NDArray[np.integer], links: Links, users: Users, fade: Floats, mailbox: Mailbox) -> None:
    """Tell every neighbour (own provider, own belief about it as of today).

    A user may be among the talkers more than once, for different reasons; it talks once.
    """
    providers = users.belief.shape[1]
    for i in talkers:
        if mailbox.told_on[i] == day:
            continue
        mailbox.told_on[i] = day
        p = users.provider[i]
        if p < 0:
            continue
        message = users.belief[i, p] * fade[day - users.as_of[i]]
        for edge in range(links.indptr[i], links.indptr[i + 1]):
            box = np.int64(links.indices[edge]) * providers + p
            if mailbox.messages[box] == 0:
                mailbox.boxes[mailbox.used[0]] = box
                mailbox.used[0] += 1
            mailbox.messages[box] += 1
            mailbox.total[box] += message


@kernel
def listen(
    day: int,
    mailbox: Mailbox,
    users: Users,
    fade: Floats,
    weights: Floats,  # attention(...)
    negativity: float,
    news: News,
) -> None:
    """Let every user with mail read it all and update its beliefs; empty the boxes."""
    providers = users.belief.shape[1]
    for k in range(mailbox.used[0]):
        box = mailbox.boxes[k]
        i = box // providers
        j = box % providers
        messages = mailbox.messages[box]
        mean = mailbox.total[box] / messages
        mailbox.messages[box] = 0
        mailbox.total[box] = 0.0
        if users.provider[i] < 0:
            continue
        held = users.belief[i, j]
        if j == users.provider[i]:
            held *= fade[day - users.as_of[i]]
            users.as_of[i] = day
        if np.isnan(held):
            users.belief[i, j] = mean
            users.source[i, j] = WORD_OF_MOUTH
        else:
            weight = weights[messages]
            if mean > held:
                weight = min(1.0, weight * negativity)
            users.belief[i, j] = held + weight * (mean - held)
        if news.kinds[i] == 0:
            news.users[news.size[0]] = i
            news.size[0] += 1
        news.kinds[i] |= MESSAGE
    mailbox.used[0] = 0
