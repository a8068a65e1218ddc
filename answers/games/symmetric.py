"""Games of any number of players who are alike: a payoff depends on one's own policy and on how many choose each.

That is the symmetric reduction: of `K**n` profiles of n players with K policies only the `C(n + K - 1, n)` counts
differ (Cheng, Reeves, Vorobeychik and Wellman 2004, Notes on equilibria in symmetric games). Such a game always has an
equilibrium in which all choose alike, with the same chances (Nash 1951).
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from answers.games.equilibria import TINY, Floats, Support, distinct, pure, regret

GRID = 1_000  # places at which the difference of two policies' worth is looked at for a change of sign
STARTS = 6  # steps of the lattice from whose inner points mixes of three and more policies are searched


@lru_cache
def counts_of(players: int, policies: int) -> NDArray[np.int64]:
    """Return every way to divide players among policies, a row each.

    >>> counts_of(2, 2).tolist()
    [[2, 0], [1, 1], [0, 2]]
    """
    rows = itertools.combinations_with_replacement(range(policies), players)
    return np.array([np.bincount(row, minlength=policies) for row in rows])


@dataclass(frozen=True, eq=False)
class SymmetricGame:
    """A game of players who are alike.

    Attributes
    ----------
    players
        Their number.
    worth
        Payoffs: one's own policy (row) by the others' counts (column), in the order of `counts_of(players - 1, ...)`.
    """

    players: int
    worth: Floats

    @property
    def policies(self) -> int:
        """The number of policies."""
        return len(self.worth)

    @cached_property
    def others(self) -> NDArray[np.int64]:
        """What the others may do: counts by policy, a row each."""
        return counts_of(self.players - 1, self.policies)

    @cached_property
    def _column(self) -> dict[tuple[int, ...], int]:
        return {tuple(row): number for number, row in enumerate(self.others.tolist())}

    @cached_property
    def _ways(self) -> Floats:
        """In how many ways the others can be divided like that."""
        whole = math.factorial(self.players - 1)
        return np.array([whole / math.prod(map(math.factorial, row)) for row in self.others.tolist()])

    def fitness(self, mix: Floats) -> Floats:
        """Return what each policy is worth if every other player chooses with these chances."""
        return np.asarray(self.worth @ (self._ways * np.prod(mix**self.others, axis=1)))

    def values(self, mixes: Floats) -> Floats:
        """Return what each policy is worth to each player; the players are all pure, or mix alike."""
        if np.all(mixes == mixes[0]):
            return np.tile(self.fitness(mixes[0]), (self.players, 1))
        counts = mixes.sum(axis=0)
        return np.array([self.worth[:, self._column[tuple((counts - mix).astype(int).tolist())]] for mix in mixes])

    def equilibria(self) -> list[Floats]:
        """Return the pure equilibria, and the mixed ones in which all players choose alike.

        Those of two policies are all that cross: the difference in worth is a polynomial of the chance, searched for
        changes of sign. Those of three and more are searched from many starts, which may miss some.
        """
        size = range(self.policies)
        supports = [s for k in range(2, self.policies + 1) for s in itertools.combinations(size, k)]
        mixed = [x for s in supports for x in self._alike(s)]
        return distinct([*self._pure(), *mixed])

    def with_support(self, support: Support) -> Floats | None:
        """Return an equilibrium in which the players choose just these policies, None where there is none."""
        if all(len(policies) == 1 for policies in support):
            mixes = pure([policies[0] for policies in support], self.policies)
            return mixes if regret(self, mixes) == 0 else None
        return next(self._alike(support[0]), None)

    def _pure(self) -> Iterator[Floats]:
        for choices in itertools.combinations_with_replacement(range(self.policies), self.players):
            mixes = pure(choices, self.policies)
            if regret(self, mixes) == 0:
                yield mixes

    def _alike(self, support: tuple[int, ...]) -> Iterator[Floats]:
        """Give the equilibria in which everybody chooses just these policies with the same chances."""
        rounding = 1e-6 * float(np.ptp(self.worth)) + 1e-12 * float(np.abs(self.worth).max())
        for mix in self._crossings(*support) if len(support) == 2 else self._searched(support):
            mixes = np.tile(mix, (self.players, 1))
            if regret(self, mixes) <= rounding:
                yield mixes

    def _crossings(self, a: int, b: int) -> Iterator[Floats]:
        """Give the mixes of two policies at which both are worth the same."""
        from scipy.optimize import brentq

        def mix(chance: float) -> Floats:
            return np.asarray(chance * np.eye(self.policies)[a] + (1 - chance) * np.eye(self.policies)[b])

        def difference(chance: float) -> float:
            worth = self.fitness(mix(chance))
            return float(worth[a] - worth[b])

        chances = np.linspace(0, 1, GRID + 1)
        signs = np.sign([difference(chance) for chance in chances])
        for k in np.flatnonzero(signs[1:-1] == 0) + 1:
            if signs[k - 1] or signs[k + 1]:  # a single point at which they are the same
                yield mix(chances[k])
        for k in np.flatnonzero(signs[:-1] * signs[1:] < 0):
            yield mix(brentq(difference, chances[k], chances[k + 1], xtol=1e-14))

    def _searched(self, support: tuple[int, ...]) -> Iterator[Floats]:
        """Give mixes of three or more policies that are worth the same."""
        from scipy.optimize import root

        chosen = list(support)
        spread = max(float(np.ptp(self.worth)), TINY)

        def mix(free: Floats) -> Floats:
            whole = np.zeros(self.policies)
            whole[chosen] = [*free, 1 - free.sum()]
            return whole

        def differences(free: Floats) -> Floats:
            worth = self.fitness(mix(free))[chosen]
            return np.asarray((worth[:-1] - worth[-1]) / spread)

        steps = max(STARTS, len(chosen) + 1)
        starts = counts_of(steps, len(chosen))
        for start in starts[(starts > 0).all(axis=1)] / steps:
            found = root(differences, start[:-1])
            if found.success and (mix(found.x)[chosen] > TINY).all():
                yield mix(found.x)
