"""What `compare` asks: the scenario under each patch policy of one provider."""

from collections.abc import Sequence
from dataclasses import dataclass

from answers.alternatives import alternatives_of, provider_number
from answers.experiment import Variant
from model.errors import ScenarioError
from model.plugins import HOW, rules
from model.scenario import Scenario


@dataclass(frozen=True)
class Question:
    """What is to be run and measured for one provider."""

    scenario: Scenario
    provider: int
    variants: list[Variant]  # named after their policy; the present one is the first


def ask(scenario: Scenario, policies: Sequence[str] = (), provider: str | None = None) -> Question:
    """Return the policies to be compared; see `compare` for the parameters.

    Raises
    ------
    ScenarioError
        When there is no such policy or provider, or the provider has no users.
    """
    number = provider_number(scenario, provider)
    for policy in policies:
        if policy not in rules("policies"):
            raise ScenarioError.of(
                "--policy", policy, f"must be one of {', '.join(rules('policies'))}, or a plugin: {HOW}"
            )
    mine = alternatives_of(scenario)[number]
    kinds = dict.fromkeys([mine.present, *(policies or rules("policies"))])
    variants = [Variant(kind, {mine.path: mine.policies[kind]} if kind != mine.present else {}) for kind in kinds]
    return Question(scenario, number, variants)
