"""What `game` asks: the market in which the players meet, and every profile of policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from answers.experiment import Variant
from answers.games.empirical import Profile, profiles_of
from model.errors import ScenarioError
from model.plugins import HOW, rules
from model.scenario import Scenario

FREE = ("name", "policy")  # in which players who are alike may differ


@dataclass(frozen=True)
class Question:
    """What is to be run and measured."""

    market: Scenario  # the first providers are the players
    policies: tuple[str, ...]  # that each player may choose
    players: int
    alike: bool  # the players differ in nothing but name and policy
    profiles: list[Profile]
    variants: list[Variant]  # of each profile


def ask(scenario: Scenario, policies: Sequence[str], players: int = 2) -> Question:
    """Return the profiles to be run; see `game` for the parameters.

    Raises
    ------
    ScenarioError
        For policies that do not exist, or more players than the scenario allows.
    """
    market = seat(scenario, players)
    check_policies(policies)
    different = differences(market, players)
    if players > 2 and different:
        raise ScenarioError.of(
            "--players",
            players,
            f"must be 2 where they differ in more than name and policy (here: {', '.join(different)})",
        )
    profiles = profiles_of(len(policies), players, alike=not different)
    variants = [
        Variant(
            " / ".join(policies[k] for k in profile),
            {f"providers.{j}.policy": terms(market, j, policies[k]) for j, k in enumerate(profile)},
        )
        for profile in profiles
    ]
    return Question(market, tuple(policies), players, not different, profiles, variants)


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


def check_policies(policies: Sequence[str]) -> None:
    """Refuse policies that are none, or fewer than two."""
    for name in policies:
        if name not in rules("policies"):
            raise ScenarioError.of(
                "--policies", name, f"must be one of {', '.join(rules('policies'))}, or a plugin: {HOW}"
            )
    if len(set(policies)) < max(len(policies), 2):
        raise ScenarioError.of("--policies", ",".join(policies), "must be at least two, each once")


def terms(market: Scenario, player: int, policy: str) -> dict[str, Any]:
    """Return a policy with the player's own terms, or those of the first provider that has it, or its defaults."""
    order = [market.providers[player], *market.providers]
    found = next((provider.policy for provider in order if provider.policy.kind == policy), None)
    return {"kind": policy} if found is None else found.model_dump(exclude_none=True)
