"""A game as a table of payoffs, and as the object of `--json`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from answers.games.empirical import EmpiricalGame, Finding
from answers.games.equilibria import Floats
from answers.games.game_measure import GameAnalysis
from batch.adaptive import interval

if TYPE_CHECKING:
    import pandas as pd


def summary_of(analysis: GameAnalysis) -> dict[str, Any]:
    """Return the object of `--json`; payoffs are dollars a month per original server."""
    game, path = analysis.game, analysis.path
    return {
        "scenario": analysis.scenario,
        "players": list(game.names),
        "policies": list(game.policies),
        "providers_who_do_not_play": analysis.others,
        "alike": game.alike,
        "replicates": len(game.samples),
        "replicates_left_out": analysis.lost,
        "payoffs": table_of(game).to_dict("records"),
        "equilibria": [equilibrium_values(game, finding) for finding in analysis.findings],
        "dilemma": analysis.dilemma,
        "replicator": {
            "from": [shares(game, row) for row in analysis.start],
            "to": [shares(game, row) for row in path.end],
            "settles": path.settled,
        },
    }


def table_of(game: EmpiricalGame) -> "pd.DataFrame":
    """Return what each player earns in each profile, with a 95 % interval, and what would be best for it there."""
    import pandas as pd

    table = game.table(game.by_cell.mean(axis=0))
    rows = []
    for number, cell in enumerate(game.cells):
        low, high = interval(game.by_cell[:, number].tolist(), 0.95)
        choices = table[cell.role, :, cell.others]
        mean = choices[cell.policy]
        rows.append(
            {
                "profile": describe(game, game.profiles[cell.profile]),
                "player": "each" if game.alike else game.names[cell.role],
                "policy": game.policies[cell.policy],
                "dollars_a_month": float(mean),
                "low": low,
                "high": high,
                "best_policy": game.policies[int(choices.argmax())] if choices.max() > mean else "this",
                "regret": float(choices.max() - mean),
            }
        )
    return pd.DataFrame(rows)


def describe(game: EmpiricalGame, profile: Sequence[int]) -> str:
    """Name a profile."""
    if not game.alike:
        return " / ".join(game.policies[k] for k in profile)
    counts = np.bincount(profile, minlength=len(game.policies)).tolist()
    return ", ".join(f"{n} {name}" for n, name in zip(counts, game.policies, strict=True) if n)


def equilibrium_values(game: EmpiricalGame, finding: Finding) -> dict[str, Any]:
    """Return an equilibrium as plain values."""
    better = finding.better
    return {
        "mixes": [shares(game, mix) for mix in finding.mixes],
        "dollars_a_month": finding.payoffs.tolist(),
        "probability": finding.probability,
        "regret_at_most": finding.regret,
        "better_for_all": None
        if better is None
        else {
            "profile": [game.policies[k] for k in better.profile],
            "gain_at_least": better.gain,
            "interval": [better.low, better.high],
            "probability": better.probability,
            "is_equilibrium": better.stable,
        },
    }


def shares(game: EmpiricalGame, mix: Floats) -> dict[str, float]:
    """Name the chances of a mix."""
    return {name: round(float(chance), 6) for name, chance in zip(game.policies, mix, strict=True)}
