"""What `game` measures: payoffs, equilibria and their probability, and where the present market goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from answers.experiment import Runs, need_replicates
from answers.games.empirical import EmpiricalGame, Finding
from answers.games.equilibria import Floats
from answers.games.game_ask import Question
from answers.games.replicator import Path, replicate, trembling
from model.scenario import Scenario

PAYOFF = "mean_profit_per_original_server"  # dollars a month, over the whole run


@dataclass(frozen=True)
class GameAnalysis:
    """All that is known about a game, in plain numbers."""

    scenario: str
    game: EmpiricalGame
    findings: list[Finding]  # equilibria, the most probable first
    start: Floats  # shares of policies now, as `present_shares` gives them
    path: Path  # of the shares, by the replicator dynamics
    dilemma: bool  # at every equilibrium all would earn more elsewhere
    lost: int = 0  # replicates left out
    others: int = 0  # providers who do not play


def measure(question: Question, runs: Runs, scenario: str, replicates: int, seed: int) -> GameAnalysis:
    """Return what the runs say about a question.

    Parameters
    ----------
    question, runs
        What was asked, and its runs.
    scenario
        The name of the scenario.
    replicates
        How often each profile was to be run.
    seed
        Of the bootstrap.

    Raises
    ------
    ScenarioError
        When too few replicates have all their runs.
    """
    market, players = question.market, question.players
    samples = payoffs_of(runs, len(question.profiles), players)
    need_replicates(range(len(samples)))
    names = tuple(provider.name for provider in market.providers[:players])
    game = EmpiricalGame(names, question.policies, question.alike, samples)
    lost, others = replicates - len(samples), len(market.providers) - players
    return analyse(game, scenario, present_shares(market, game), seed, lost=lost, others=others)


def analyse(
    game: EmpiricalGame, scenario: str, start: Floats, seed: int, *, lost: int = 0, others: int = 0
) -> GameAnalysis:
    """Return the equilibria of a game and the path of the present market."""
    findings = game.findings(seed)
    path = replicate(game.game(), trembling(start), game.players)
    return GameAnalysis(scenario, game, findings, start, path, is_dilemma(findings), lost, others)


def payoffs_of(runs: Runs, profiles: int, players: int) -> Any:
    """Return the payoffs of the replicates in which all runs were done: replicates by profiles by players."""
    columns = [f"p{j}_{PAYOFF}" for j in range(players)]
    wide = runs.table.pivot_table(index="replicate", columns="point", values=columns, dropna=False)
    order = [(column, point) for point in range(profiles) for column in columns]
    whole = wide.reindex(columns=order).dropna()
    return whole.to_numpy(float).reshape(len(whole), profiles, players)


def present_shares(market: Scenario, game: EmpiricalGame) -> Floats:
    """Return the shares of policies now: of all players together where they are alike, else of each of the two.

    A policy that is not in the game counts for all in it alike.
    """
    kinds = [provider.policy.kind for provider in market.providers[: game.players]]
    count = len(game.policies)
    rows = [
        np.eye(count)[game.policies.index(kind)] if kind in game.policies else np.full(count, 1 / count)
        for kind in kinds
    ]
    return np.mean(rows, axis=0, keepdims=True) if game.alike else np.array(rows)


def is_dilemma(findings: Sequence[Finding]) -> bool:
    """Whether, at every equilibrium, all would earn more in a profile that does not hold by itself, surely (95 %)."""
    worse = [f.better is not None and not f.better.stable and f.better.probability >= 0.95 for f in findings]
    return bool(worse) and all(worse)
