"""Games of two players, who may differ: a table of payoffs for each. Equilibria come from nashpy."""

from dataclasses import dataclass

import numpy as np

from answers.games.equilibria import TINY, Floats, Support, distinct, pure, regret


@dataclass(frozen=True, eq=False)
class Bimatrix:
    """A game of two players with the same policies.

    Attributes
    ----------
    first, second
        Payoffs of each player: its own policy (row) by that of the other (column).

    Examples
    --------
    The prisoner's dilemma: to tell on the other (policy 1) is better whatever he does, and both are worse off.

    >>> prison = np.array([[-1.0, -3.0], [0.0, -2.0]])
    >>> [mixes.tolist() for mixes in Bimatrix(prison, prison).equilibria()]
    [[[0.0, 1.0], [0.0, 1.0]]]
    """

    first: Floats
    second: Floats

    def values(self, mixes: Floats) -> Floats:
        """Return what each policy is worth to each player."""
        return np.array([self.first @ mixes[1], self.second @ mixes[0]])

    def equilibria(self) -> list[Floats]:
        """Return all equilibria of a game without ties, by vertex enumeration (Nisan et al. 2007, algorithm 3.5).

        nashpy's support enumeration is not used: it loses equilibria to rounding, of one in five random games with
        three policies. With ties there may be a continuum of equilibria, of which only the corners are returned; all
        pure ones always are.
        """
        import nashpy

        policies = len(self.first)
        sure = [
            pure((i, j), policies)
            for i, j in np.ndindex(policies, policies)
            if self.first[i, j] == self.first[:, j].max() and self.second[j, i] == self.second[:, i].max()
        ]
        game = nashpy.Game(scaled(self.first), scaled(self.second.T))
        return distinct(sure + [cleaned(np.array(pair)) for pair in game.vertex_enumeration()])

    def with_support(self, support: Support) -> Floats | None:
        """Return the equilibrium in which the players choose just these policies, None where there is none."""
        chances = indifferent(self.second, *reversed(support)), indifferent(self.first, *support)
        if chances[0] is None or chances[1] is None:
            return None
        mixes = np.array(chances)
        rounding = TINY * max(float(np.ptp(self.first)), float(np.ptp(self.second)))
        return mixes if regret(self, mixes) <= rounding else None


def scaled(table: Floats) -> Floats:
    """Return payoffs from 1 to 2, which has the same equilibria: the algorithm wants them positive."""
    spread = float(np.ptp(table))
    return 1 + (table - table.min()) / spread if spread else np.ones_like(table)


def cleaned(mixes: Floats) -> Floats:
    """Return mixes without the crumbs of rounding."""
    kept = np.where(mixes > TINY, mixes, 0.0)
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def indifferent(worth: Floats, own: tuple[int, ...], other: tuple[int, ...]) -> Floats | None:
    """Return the chances of the other's policies that make one's own worth the same, None where there are none."""
    size = len(own)
    if len(other) != size:
        return None
    equations = np.block([[worth[np.ix_(own, other)], -np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
    try:
        found = np.linalg.solve(equations, np.append(np.zeros(size), 1.0))[:-1]
    except np.linalg.LinAlgError:
        return None
    if (found <= TINY).any():
        return None
    chances = np.zeros(len(worth))
    chances[list(other)] = found
    return chances
