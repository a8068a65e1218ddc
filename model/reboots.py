"""Reboots: how many campaigns each policy would have run over a history of flaws, without a market."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from agents.maintenance import Maintenance
from agents.policies import POLICIES, Policy
from model.flaws import Calendar, draw_flaws
from model.histories import history_start
from model.scenario import Scenario
from model.schema import History


def campaign_days(policy: Policy, flaws: Calendar, days: int) -> list[int]:
    """Return the days on which a provider with this policy would start a campaign."""
    maintenance, counts = Maintenance(), [0]
    for day in range(days):
        policy.patch(maintenance, day, flaws.get(day, []), servers=1)
        counts.append(maintenance.campaigns)
    return [day for day, (before, after) in enumerate(pairwise(counts)) if after > before]


def reboots_by_year(scenario: Scenario) -> dict[str, dict[str, int]]:
    """Return, for each calendar year of a replayed history, the flaws and each policy's campaigns.

    Policies of the scenario's providers keep their settings; the others have their defaults.
    """
    source = scenario.flaws
    if not isinstance(source, History):
        raise TypeError("only a history has years")
    flaws = draw_flaws(source, scenario.days, seed=0)
    policies = {kind: policy(kind=kind) for kind, policy in POLICIES.items()}
    policies |= {provider.policy.kind: provider.policy for provider in reversed(scenario.providers)}
    happened = {"flaws": [day for day, found in flaws.items() for _ in found]}
    happened |= {kind: campaign_days(policy, flaws, scenario.days) for kind, policy in policies.items()}

    start = history_start(source)
    years = range(start.year, (start + timedelta(days=scenario.days - 1)).year + 1)
    by_kind = {kind: Counter((start + timedelta(days=day)).year for day in days) for kind, days in happened.items()}
    return {str(year): {kind: counts[year] for kind, counts in by_kind.items()} for year in years}
