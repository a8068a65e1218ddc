"""What a provider might do instead: each patch policy on the terms that hold in its scenario."""

from typing import Any

from agents.policies import POLICIES
from agents.policies.base import FullReboots
from model.errors import ScenarioError
from model.paths import VENDOR_TERMS
from model.scenario import Scenario

CAMPAIGN_TERMS = ("outage_minutes", "notice_days", "window_days")


def provider_number(scenario: Scenario, name: str | None) -> int:
    """Return which provider is asked about: the one of that name, else the first that does not patch live."""
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

    Its own policy is taken as it is. Another one is as the first provider has it that follows it, else with all its
    defaults. What a full reboot takes (minutes, notice, window) is the provider's own whatever the policy, if its
    present one reboots at all.
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


def from_vendor(live: dict[str, Any], vendor: str, terms: dict[str, Any], fleet_share: float = 1.0) -> dict[str, Any]:
    """Return live patching as a vendor sells it.

    Parameters
    ----------
    live
        Live patching as the provider would do it; what vendors' terms do not say stays.
    vendor, terms
        The key and the table of `model.published_terms.vendors`.
    fleet_share
        The part of the fleet that is simulated: what a patch costs, whatever the fleet, is borne by that part.
    """
    sold = {key: terms[key] for key in VENDOR_TERMS}
    return live | sold | {"vendor": vendor, "per_patch": terms["per_patch"] * fleet_share}
