"""What a provider could do instead: any patch policy, on the terms that hold in its scenario."""

from typing import Any, NamedTuple

from agents.policies.base import FullReboots
from model.errors import ScenarioError
from model.plugins import rules
from model.scenario import Scenario

CAMPAIGN_TERMS = ("outage_minutes", "notice_days", "window_days", "soak_days")


def provider_number(scenario: Scenario, name: str | None) -> int:
    """Return the number of the provider with that name; without a name, of the first that does not patch live."""
    names = [provider.name for provider in scenario.providers]
    if name is None:
        reboots = [j for j, provider in enumerate(scenario.providers) if provider.policy.kind != "live-patch"]
        number = reboots[0] if reboots else 0
    elif name in names:
        number = names.index(name)
    else:
        raise ScenarioError.of("--provider", name, f"must be one of {', '.join(names)}")
    if round(scenario.shares[number] * scenario.users.count) < 1:
        share = scenario.shares[number]
        raise ScenarioError.of(f"providers.{number}.share", share, "must give the provider a user to decide about")
    return number


class Alternatives(NamedTuple):
    """The policies that one provider could follow."""

    path: str  # of its policy in the scenario
    present: str  # the kind that it follows
    policies: dict[str, dict[str, Any]]  # kind -> complete table


def alternatives_of(scenario: Scenario) -> list[Alternatives]:
    """Return for each provider the policies that it could follow, each on the terms of `on_its_terms`.

    >>> alternatives_of(Scenario.preset("thought-experiment"))[0].path
    'providers.0.policy'
    """
    return [
        Alternatives(
            path=f"providers.{number}.policy",
            present=provider.policy.kind,
            policies={kind: on_its_terms(scenario, number, kind) for kind in rules("policies")},
        )
        for number, provider in enumerate(scenario.providers)
    ]


def on_its_terms(scenario: Scenario, provider: int, kind: str) -> dict[str, Any]:
    """Return a policy of that kind for a provider, as a complete table.

    The provider's own policy is returned as it is. Any other takes its terms from the first provider that follows it,
    or else its defaults. What a full reboot takes (minutes, notice, window, soak) stays the provider's own under every
    policy, if its present one reboots at all.
    """
    own = scenario.providers[provider].policy
    if own.kind == kind:
        return own.model_dump()
    others = (p.policy for p in scenario.providers if p.policy.kind == kind)
    policy = next(others, None) or rules("policies")[kind].model_validate({"kind": kind})
    terms = policy.model_dump()
    if isinstance(own, FullReboots) and isinstance(policy, FullReboots):
        terms |= {key: getattr(own, key) for key in CAMPAIGN_TERMS if key in terms and hasattr(own, key)}
    return terms
