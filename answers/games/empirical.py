"""Empirical games: payoffs estimated from simulated runs (Wellman 2006, Methods for empirical game-theoretic analysis).

How sure an equilibrium is, is told by drawing the replicates again and again (Efron 1979): the share of drawn games
that have an equilibrium of the same policies, and how much a player might gain by leaving it in 95 % of them
(Vorobeychik 2010, Probabilistic analysis of simulation-based games).
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from answers.games.bimatrix import Bimatrix
from answers.games.equilibria import Floats, Game, payoffs, pure, regret, support_of
from answers.games.symmetric import SymmetricGame, counts_of

DRAWS = 1_000
INTERVAL = (2.5, 97.5)  # percent
DIGITS = 6  # of a dollar: what differs by less differs by rounding, and is a tie
Profile = tuple[int, ...]
"""A policy, by number, for each player."""


class Cell(NamedTuple):
    """A payoff that is estimated: of a player in a profile, or of all in it with one policy where players are alike."""

    profile: int
    players: tuple[int, ...]  # over whom the payoff is averaged
    policy: int
    role: int  # whose payoffs these are: 0 for all where players are alike
    others: int  # what the others do: the column in the payoffs of the role


class Better(NamedTuple):
    """A profile in which everybody earns more than at an equilibrium."""

    profile: Profile
    gain: float  # of whoever gains least, dollars a month
    low: float
    high: float
    probability: float  # that everybody gains
    stable: bool  # is it an equilibrium itself


class Finding(NamedTuple):
    """An equilibrium and how sure it is."""

    mixes: Floats  # players by policies
    payoffs: Floats  # of each player, dollars a month
    probability: float  # share of drawn games with an equilibrium of the same policies
    regret: float  # what a player gains by leaving it in no more than one of 20 drawn games, at most
    better: Better | None


@dataclass(frozen=True, eq=False)
class EmpiricalGame:
    """Payoffs by replicate, for players who are all alike or for two who differ.

    Attributes
    ----------
    names, policies
        Of the players; of what each may choose.
    alike
        Whether players differ in nothing but name and policy: then a profile stands for all its permutations.
    samples
        Payoffs: replicates by profiles by players, in the order of `profiles`.
    """

    names: tuple[str, ...]
    policies: tuple[str, ...]
    alike: bool
    samples: NDArray[np.float64]

    @property
    def players(self) -> int:
        """Their number."""
        return len(self.names)

    @cached_property
    def profiles(self) -> list[Profile]:
        """The profiles that must be simulated."""
        return profiles_of(len(self.policies), self.players, alike=self.alike)

    @cached_property
    def cells(self) -> list[Cell]:
        """The payoffs that are estimated."""
        if not self.alike:
            return [Cell(p, (i,), own[i], i, own[1 - i]) for p, own in enumerate(self.profiles) for i in (0, 1)]
        column = {tuple(row): k for k, row in enumerate(counts_of(self.players - 1, len(self.policies)).tolist())}
        cells = []
        for p, choices in enumerate(self.profiles):
            counts = np.bincount(choices, minlength=len(self.policies))
            for policy in np.flatnonzero(counts).tolist():
                others = counts - np.eye(len(self.policies), dtype=int)[policy]
                who = tuple(i for i, chosen in enumerate(choices) if chosen == policy)
                cells.append(Cell(p, who, policy, 0, column[tuple(others.tolist())]))
        return cells

    @cached_property
    def by_cell(self) -> Floats:
        """Payoffs: replicates by cells."""
        return np.array([self.samples[:, cell.profile, cell.players].mean(axis=1) for cell in self.cells]).T

    def game(self, means: Floats | None = None) -> Game:
        """Return the game of these mean payoffs by cell; left out: of all replicates."""
        table = self.table(self.by_cell.mean(axis=0) if means is None else means)
        return SymmetricGame(self.players, table[0]) if self.players > 2 else Bimatrix(table[0], table[-1])

    def table(self, means: Floats) -> Floats:
        """Return payoffs by cell as a table: roles by own policy by what the others do."""
        others = 1 + max(cell.others for cell in self.cells)
        table = np.empty((1 if self.alike else 2, len(self.policies), others))
        for cell, mean in zip(self.cells, np.round(means, DIGITS), strict=True):
            table[cell.role, cell.policy, cell.others] = mean
        return table

    def findings(self, seed: int, draws: int = DRAWS) -> list[Finding]:
        """Return the equilibria of the mean payoffs, the surest first, each with how sure it is."""
        rng = np.random.default_rng(seed)
        replicates = len(self.samples)
        drawn = [self.game(self.by_cell[rng.integers(replicates, size=replicates)].mean(axis=0)) for _ in range(draws)]
        game = self.game()
        found = [self._judge(game, mixes, drawn) for mixes in game.equilibria()]
        return sorted(found, key=lambda finding: -finding.probability)

    def _judge(self, game: Game, mixes: Floats, drawn: list[Game]) -> Finding:
        support = support_of(mixes)
        there = [other.with_support(support) is not None for other in drawn]
        regrets = [regret(other, mixes) for other in drawn]
        upper = float(np.percentile(regrets, 95))
        return Finding(mixes, payoffs(game, mixes), float(np.mean(there)), upper, self._better(game, mixes, drawn))

    def _better(self, game: Game, mixes: Floats, drawn: list[Game]) -> Better | None:
        """Return the profile in which whoever gains least gains most, None where somebody always loses."""
        policies = len(self.policies)
        gain, profile = max((self._gain(game, pure(p, policies), mixes), p) for p in self.profiles)
        if gain <= 0:
            return None
        chosen = pure(profile, policies)
        gains = [self._gain(other, chosen, mixes) for other in drawn]
        low, high = np.percentile(gains, INTERVAL)
        sure = float(np.mean(np.array(gains) > 0))
        return Better(profile, gain, float(low), float(high), sure, stable=regret(game, chosen) == 0)

    def _gain(self, game: Game, there: Floats, here: Floats) -> float:
        """Return what the player who gains least gains; players who are alike are compared in order of payoff."""
        earned, now = payoffs(game, there), payoffs(game, here)
        return float((np.sort(earned) - np.sort(now) if self.alike else earned - now).min())


def profiles_of(policies: int, players: int, *, alike: bool) -> list[Profile]:
    """Return the profiles that differ.

    >>> profiles_of(2, 2, alike=True)
    [(0, 0), (0, 1), (1, 1)]
    """
    chosen = range(policies)
    return list(combinations_with_replacement(chosen, players) if alike else product(chosen, repeat=players))
