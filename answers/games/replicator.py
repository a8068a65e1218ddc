"""Replicator dynamics: policies that earn more than the mean are copied more (Taylor and Jonker 1978)."""

from typing import NamedTuple

import numpy as np

from answers.games.equilibria import Floats, Game, payoffs

TREMBLE = 0.01  # assumed: share of trials of all policies at the start, without which nobody could find a better one
LONGEST = 1_000.0  # time after which shares that still change are said not to settle
SHOWN = 100.0  # time that is kept of them
SETTLED = 1e-3  # a change of shares that is none
TIMES = 400


class Path(NamedTuple):
    """How the shares of policies change."""

    time: Floats  # in units in which a policy that earns the whole spread of payoffs more grows e-fold
    shares: Floats  # times by populations by policies
    settled: bool  # or do they go round and round

    @property
    def end(self) -> Floats:
        """The shares at the end: populations by policies."""
        return np.asarray(self.shares[-1])


def replicate(game: Game, start: Floats, players: int) -> Path:
    """Follow the replicator dynamics until shares settle, or for long enough to see that they do not.

    Written in logarithms of shares, `z' = worth` and `shares = softmax(z)`, which is the same equation and cannot
    leave the simplex (Hofbauer and Sigmund 1998, 7.1 and 11.2 for two populations).

    Parameters
    ----------
    game
        The game.
    start
        Shares at the start, all above 0: one row for a population whose members are all alike, or one for each of
        two players.
    players
        How many play at a time.
    """
    from scipy.integrate import solve_ivp

    shape = start.shape

    def spread_out(shares: Floats) -> Floats:
        return np.repeat(shares, players, axis=0) if len(shares) == 1 else shares

    corners = [game.values(spread_out(np.tile(corner, (shape[0], 1)))) for corner in np.eye(shape[1])]
    spread = float(np.ptp(corners)) or 1.0

    def grow(_: float, logarithms: Floats) -> Floats:
        mixes = spread_out(softmax(logarithms.reshape(shape)))
        ahead = game.values(mixes) - payoffs(game, mixes)[:, None]
        return np.asarray(ahead[: shape[0]].ravel() / spread)

    begin = np.log(start).ravel()
    found = solve_ivp(grow, (0.0, LONGEST), begin, method="LSODA", dense_output=True, rtol=1e-8, atol=1e-8)

    def shares_at(times: Floats) -> Floats:
        return np.array([softmax(logarithms.reshape(shape)) for logarithms in found.sol(times).T])

    last = shares_at(np.array([LONGEST]))[0]
    looks = np.geomspace(0.1, LONGEST, 200)
    moving = np.flatnonzero(np.abs(shares_at(looks) - last).max(axis=(1, 2)) > SETTLED)
    until = 1.2 * float(looks[moving[-1]]) if len(moving) else 1.0
    settled = until < LONGEST / 2
    times = np.linspace(0.0, until if settled else SHOWN, TIMES)
    return Path(times, shares_at(times), settled)


def softmax(logarithms: Floats) -> Floats:
    """Return shares, rows of sum 1, from their logarithms up to a constant."""
    grown = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def trembling(shares: Floats) -> Floats:
    """Return shares in which every policy is tried a little.

    >>> trembling(np.array([[1.0, 0.0]])).tolist()
    [[0.995, 0.005]]
    """
    return np.asarray((1 - TREMBLE) * shares + TREMBLE / shares.shape[1])
