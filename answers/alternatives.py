"""What a provider could do instead: any patch policy, on the terms that hold in its scenario."""

from typing import Any

from agents.policies import POLICIES
from agents.policies.base import FullReboots
from model.errors import ScenarioError
from model.scenario import Scenario

CAMPAIGN_TERMS = ("outage_minutes", "notice_days", "window_days")


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


def on_its_terms(scenario: Scenario, provider: int, kind: str) -> dict[str, Any]:
    """Return a policy of that kind for a provider, as a complete table.

    The provider's own policy is returned as it is. Any other takes its terms from the first provider that follows it,
    or else its defaults. What a full reboot takes (minutes, notice, window) stays the provider's own under every
    policy, if its present one reboots at all.
    """
    own = scenario.providers[provider].policy
    if own.kind == kind:
        return own.model_dump()
    others = (p.policy for p in scenario.providers if p.policy.kind == kind)
    policy = next(others, None) or POLICIES[kind].model_validate({"kind": kind})
    terms = policy.model_dump()
    if isinstance(own, FullReboots) and isinstance(policy, FullReboots):
        terms |= {key: getattr(own, key) for key in CAMPAIGN_TERMS if key in terms and hasattr(own, key)}
    return terms


def policy_path(provider: int) -> str:
    """Return the dotted path of a provider's policy in a scenario.

    >>> policy_path(0)
    'providers.0.policy'
    """
    return f"providers.{provider}.policy"
