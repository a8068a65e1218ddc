"""Games of two players, who may differ: a table of payoffs for each. Equilibria come from nashpy."""

import warnings
from dataclasses import dataclass

import numpy as np

from answers.equilibria import Floats, Support, distinct, pure


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
        """Return all equilibria of a game without ties, by support enumeration (Nisan et al. 2007, algorithm 3.4).

        With ties there may be a continuum of them, of which only some are returned; all pure ones always are.
        """
        import nashpy

        policies = len(self.first)
        sure = [
            pure((i, j), policies)
            for i, j in np.ndindex(policies, policies)
            if self.first[i, j] == self.first[:, j].max() and self.second[j, i] == self.second[:, i].max()
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of ties: nashpy says that there may be more
            found = nashpy.Game(self.first, self.second.T).support_enumeration(non_degenerate=True)
            return distinct(sure + [np.array(pair) for pair in found])

    def with_support(self, support: Support) -> Floats | None:
        """Return the equilibrium in which the players choose just these policies, None where there is none."""
        from nashpy.algorithms.support_enumeration import is_ne, obey_support, solve_indifference

        rows, columns = support
        mine = solve_indifference(self.second, columns, rows)
        theirs = solve_indifference(self.first, rows, columns)
        if not (obey_support(mine, rows) and obey_support(theirs, columns)):
            return None
        mixes = np.array([mine, theirs])
        return mixes if is_ne(tuple(mixes), support, (self.first, self.second.T)) else None
