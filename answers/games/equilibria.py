"""What an equilibrium is: nobody would earn more by another policy while all others keep theirs (Nash 1951).

A game of any kind only says what each policy would be worth to each player (`values`), and finds its own equilibria.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Support = tuple[tuple[int, ...], ...]
"""The policies, by number, that each player chooses with some chance."""

TINY = 1e-9  # a chance, or a share of the spread of payoffs, that is none


class Game(Protocol):
    """A game in normal form. `mixes` is an array of players by policies: the chance of each policy, rows of sum 1."""

    def values(self, mixes: Floats) -> Floats:
        """Return what each policy is worth to each player, the others choosing as in `mixes`: players by policies."""

    def equilibria(self) -> list[Floats]:
        """Return the equilibria, the pure ones first."""

    def with_support(self, support: Support) -> Floats | None:
        """Return an equilibrium in which the players choose just these policies; None where there is none."""


def payoffs(game: Game, mixes: Floats) -> Floats:
    """Return what each player earns on average."""
    return np.asarray((mixes * game.values(mixes)).sum(axis=1))


def regret(game: Game, mixes: Floats) -> float:
    """Return the most that any player would gain by another policy: 0 at an equilibrium, in the payoffs' unit."""
    values = game.values(mixes)
    gains = values.max(axis=1) - (mixes * values).sum(axis=1)
    return max(float(gains.max()), 0.0)


def support_of(mixes: Floats) -> Support:
    """Return which policies each player chooses.

    >>> support_of(np.array([[0.0, 1.0], [0.4, 0.6]]))
    ((1,), (0, 1))
    """
    return tuple(tuple(np.flatnonzero(mix > TINY).tolist()) for mix in mixes)


def pure(choices: Sequence[int], policies: int) -> Floats:
    """Return the mixes of players who each choose one policy.

    >>> pure([1, 0], 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return np.eye(policies)[list(choices)]


def distinct(found: Sequence[Floats]) -> list[Floats]:
    """Return the mixes without repetitions, those with fewer policies first."""
    kept: list[Floats] = []
    for mixes in found:
        if not any(np.allclose(mixes, other, atol=1e-6) for other in kept):
            kept.append(mixes)
    return sorted(kept, key=lambda mixes: sum(len(policies) for policies in support_of(mixes)))
