"""What `patch-cycle` asks: every waiting time, each with all risks, without breaches, and without bad updates too."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from agents.policies.base import CampaignPolicy
from answers.alternatives import on_its_terms, provider_number
from answers.experiment import Variant
from model.scenario import Scenario

WAITS = (0, 1, 3, 7, 14, 30, 60, 90)  # days
CALM = {"security.bad_update_probability": 0.0}
PEACE = {"security.attack_rate": 0.0}


class Wait(NamedTuple):
    """One waiting time, and the points of its runs."""

    way: str  # "soak": after each update; "interval": between planned campaigns
    days: int
    users: int  # point without attacks and bad updates
    updates: int  # point without attacks
    full: int  # point with all risks


@dataclass(frozen=True)
class Question:
    """What is to be run and measured for one provider."""

    scenario: Scenario
    provider: int
    variants: list[Variant]
    waits: list[Wait]  # patching at once is the first


def ask(scenario: Scenario, provider: str | None = None) -> Question:
    """Return the waiting times to be compared; see `patch_cycle` for the parameters.

    Raises
    ------
    ScenarioError
        When there is no such provider, or it has no users.
    """
    number = provider_number(scenario, provider)
    own, path = scenario.providers[number].policy, f"providers.{number}.policy"
    kind = own.kind if isinstance(own, CampaignPolicy) and own.kind != "defer" else "reboot"
    at_once, planned = on_its_terms(scenario, number, kind), on_its_terms(scenario, number, "defer")
    policies = [("soak", days, at_once | {"soak_days": days}) for days in WAITS]
    policies += [("interval", days, planned | {"soak_days": 0, "interval_days": days}) for days in WAITS if days]

    variants: list[Variant] = []
    places: dict[str, int] = {}

    def point(name: str, settings: dict[str, Any]) -> int:
        key = repr(settings)
        if key not in places:
            places[key] = len(variants)
            variants.append(Variant(name, settings))
        return places[key]

    security = scenario.security
    calm = CALM if security.bad_update_probability else {}
    peace = PEACE if security.attack_rate else {}
    waits = []
    for way, days, policy in policies:
        name, settings = f"{way} {days}", {path: policy}
        users = point(f"{name}, no risks", settings | calm | peace)
        updates = point(f"{name}, no attacks", settings | peace)
        waits.append(Wait(way, days, users, updates, point(name, settings)))
    return Question(scenario, number, variants, waits)
