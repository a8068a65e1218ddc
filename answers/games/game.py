"""The game that providers play by their choice of policy: `patchmarket game`.

Every profile of policies is simulated under common random numbers; what each provider earns are the payoffs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.policies import POLICIES
from answers.answer import Answer
from answers.experiment import Runs, Variant, carry_out, experiment, need_replicates
from answers.games.empirical import EmpiricalGame, Finding, profiles_of
from answers.games.replicator import replicate, trembling
from batch.adaptive import interval
from model.errors import ScenarioError
from model.files import prepare_folder
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from answers.games.equilibria import Floats

PAYOFF = "mean_profit_per_original_server"  # dollars a month, over the whole run
FREE = ("name", "policy")  # in which players who are alike may differ


def play(
    scenario: Scenario,
    policies: Sequence[str],
    *,
    players: int = 2,
    replicates: int = 100,
    seed: int = 1,
    out: Path | None = None,
    workers: int | None = None,
) -> Answer:
    """Simulate every profile of policies and say what providers would choose.

    Parameters
    ----------
    scenario
        The market. Its first `players` providers choose, the others keep their policies. If it has fewer, and they
        are alike, they are joined by more of their kind.
    policies
        Kinds of policy. A provider that has one already keeps its terms; others take those of the first provider
        that has it, or else its defaults.
    players, replicates, seed
        How many play; how often each profile is run; the root of all randomness.
    out
        Where the runs are kept, in a folder `study`, to go on after an interruption; None: nowhere.
    workers
        Processes; None: one for each processor.

    Raises
    ------
    ScenarioError
        For policies or players that cannot be.
    """
    market = seat(scenario, players)
    check_policies(policies)
    alike = are_alike(market, players)
    if players > 2 and not alike:
        different = ", ".join(differences(market, players))
        raise ScenarioError.of(
            "--players", players, f"must be 2 where they differ in more than name and policy (here: {different})"
        )
    profiles = profiles_of(len(policies), players, alike=alike)
    variants = [
        Variant(
            " / ".join(policies[k] for k in profile),
            {f"providers.{j}.policy": terms(market, j, policies[k]) for j, k in enumerate(profile)},
        )
        for profile in profiles
    ]
    study = experiment(
        market,
        variants,
        name=f"game: {scenario.name}",
        question=f"Which of {', '.join(policies)} would {players} providers choose?",
        replicates=replicates,
        seed=seed,
    )
    if out is not None:
        prepare_folder(out)
    runs = carry_out(study, None if out is None else out / "study", workers)
    samples = payoffs_of(runs, len(profiles), players)
    need_replicates(range(len(samples)))
    names = tuple(provider.name for provider in market.providers[:players])
    game = EmpiricalGame(names, tuple(policies), alike, samples)
    lost, others = replicates - len(samples), len(market.providers) - players
    return answer(game, scenario.name, present(market, game), seed, lost=lost, others=others)


def seat(scenario: Scenario, players: int) -> Scenario:
    """Return the market in which so many play."""
    there = len(scenario.providers)
    if players <= there:
        return scenario
    if different := differences(scenario, there):
        raise ScenarioError.of(
            "--players",
            players,
            f"must be at most {there}, the scenario's providers, as these differ in {', '.join(different)}",
        )
    tables = [{k: v for k, v in p.items() if k != "share"} for p in scenario.tables()["providers"]]
    more = [tables[0] | {"name": f"Provider {number}"} for number in range(there + 1, players + 1)]
    return scenario.replace(providers=tables + more)


def differences(market: Scenario, players: int) -> list[str]:
    """Return the settings, other than name and policy, in which the first so many providers differ."""
    tables = [provider.model_dump() for provider in market.providers[:players]]
    shares = {"share": len(set(np.round(market.shares[:players], 9))) > 1}
    others = {key: any(t[key] != tables[0][key] for t in tables) for key in tables[0] if key not in (*FREE, "share")}
    return [key for key, differ in (shares | others).items() if differ]


def are_alike(market: Scenario, players: int) -> bool:
    """Whether the players differ in nothing but name and policy: then who is who makes no difference."""
    return not differences(market, players)


def check_policies(policies: Sequence[str]) -> None:
    """Refuse policies that are none, or fewer than two."""
    for name in policies:
        if name not in POLICIES:
            raise ScenarioError.of("--policies", name, f"must be one of {', '.join(POLICIES)}")
    if len(set(policies)) < max(len(policies), 2):
        raise ScenarioError.of("--policies", ",".join(policies), "must be at least two, each once")


def terms(market: Scenario, player: int, policy: str) -> dict[str, Any]:
    """Return a policy with the player's own terms, or those of the first provider that has it, or its defaults."""
    order = [market.providers[player], *market.providers]
    found = next((provider.policy for provider in order if provider.policy.kind == policy), None)
    return {"kind": policy} if found is None else found.model_dump(exclude_none=True)


def payoffs_of(runs: Runs, profiles: int, players: int) -> Any:
    """Return the payoffs of the replicates in which all runs were done: replicates by profiles by players."""
    columns = [f"p{j}_{PAYOFF}" for j in range(players)]
    wide = runs.table.pivot_table(index="replicate", columns="point", values=columns, dropna=False)
    order = [(column, point) for point in range(profiles) for column in columns]
    whole = wide.reindex(columns=order).dropna()
    return whole.to_numpy(float).reshape(len(whole), profiles, players)


def present(market: Scenario, game: EmpiricalGame) -> "Floats":
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


def answer(game: EmpiricalGame, scenario: str, start: "Floats", seed: int, *, lost: int = 0, others: int = 0) -> Answer:
    """Analyse a game; return what it says.

    Parameters
    ----------
    game, scenario
        The game, and the name of the market in which it is played.
    start
        Shares of policies now, from `present`.
    seed
        Of the bootstrap.
    lost, others
        Replicates that were left out; providers who do not play.
    """
    from answers.games.words import paragraph

    findings = game.findings(seed)
    path = replicate(game.game(), trembling(start), game.players)
    summary = {
        "scenario": scenario,
        "players": list(game.names),
        "policies": list(game.policies),
        "providers_who_do_not_play": others,
        "alike": game.alike,
        "replicates": len(game.samples),
        "replicates_left_out": lost,
        "payoffs": payoff_table(game).to_dict("records"),
        "equilibria": [told(game, finding) for finding in findings],
        "dilemma": is_dilemma(findings),
        "replicator": {
            "from": [shares(game, row) for row in start],
            "to": [shares(game, row) for row in path.end],
            "settles": path.settled,
        },
    }

    def figure() -> "Figure":
        from answers.games.figure import game_figure

        return game_figure(game, findings, path, scenario)

    return Answer(
        name="game",
        summary=summary,
        table=payoff_table(game),
        text=paragraph(game, findings, start, path, lost, others),
        figure=figure,
    )


def payoff_table(game: EmpiricalGame) -> "pd.DataFrame":
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


def told(game: EmpiricalGame, finding: Finding) -> dict[str, Any]:
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


def shares(game: EmpiricalGame, mix: "Floats") -> dict[str, float]:
    """Name the chances of a mix."""
    return {name: round(float(chance), 6) for name, chance in zip(game.policies, mix, strict=True)}


def is_dilemma(findings: Sequence[Finding]) -> bool:
    """Whether, at every equilibrium, all would earn more in a profile that does not hold by itself, surely (95 %)."""
    worse = [f.better is not None and not f.better.stable and f.better.probability >= 0.95 for f in findings]
    return bool(worse) and all(worse)
