"""What `decide` asks, each as a contrast of two variants.

The plan; the plan on each vendor's terms; the plan in other circumstances; and every other policy. Each is run at many
draws of what is not known, from the priors or from the posterior of a fit, or at the scenario's own values.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.strategies import AnyStrategy, Copy, Escalate, Hold
from answers.alternatives import Alternatives, alternatives_of, provider_number
from answers.company import Company
from answers.draws import read_posterior
from answers.unknowns import Priors, Unknown, unknowns_of
from model.paths import VENDOR_TERMS
from model.published_terms import vendors
from model.scenario import Scenario
from model.schema import Poisson

if TYPE_CHECKING:
    import pandas as pd

HYPERVISOR_FLAWS = 4.0  # a year on Xen hosts, measured: Debian advisories for Xen, QEMU and microcode
TWICE = 2.0  # flaws in 2026 against the years before
MOST_FLAWS = 3650.0  # a year: the limit of a scenario


class Contrast(NamedTuple):
    """Two variants of a scenario: one provider without live patching, and with it at a price."""

    kind: str  # "plan", "vendor", "shift" or "policy"
    name: str
    without: dict[str, Any]  # dotted path -> value
    patching: dict[str, Any]
    price: float  # dollars a server and month that the second pays
    per_patch: float = 0.0  # dollars a patch, for a vendor that charges by the patch


@dataclass(frozen=True)
class Question:
    """What is to be run and measured for one provider."""

    scenario: Scenario
    provider: int
    contrasts: list[Contrast]  # the plan is the first
    unknowns: list[Unknown]  # none: all is run at the scenario's own values
    posterior: "pd.DataFrame | None"  # draws of some of the unknowns; None: all are drawn from the priors
    deciding: list[str]  # providers whose decisions depend on the price of the patches
    company: Company | None

    @property
    def plan(self) -> Contrast:
        """The plan."""
        return self.contrasts[0]


def ask(
    scenario: Scenario,
    provider: str | None = None,
    company: Company | None = None,
    *,
    priors: Priors | None = None,
    posterior: Path | None = None,
    point: bool = False,
) -> Question:
    """Return the contrasts that tell whether live patching pays for a provider; see `decide` for the parameters.

    Raises
    ------
    ScenarioError
        When there is no such provider, or it has no users, or there is no such posterior.
    """
    number = provider_number(scenario, provider)
    alternatives = alternatives_of(scenario)
    mine = alternatives[number]
    plan = plan_of(mine)
    contrasts = [
        plan,
        *vendors_of(plan, mine.path, company.fleet_share if company else 1.0),
        *shifts_of(scenario, plan, [other for k, other in enumerate(alternatives) if k != number]),
        *([] if point else policies_of(plan, mine)),
    ]
    draws = None
    if posterior is not None:
        draws, priors = read_posterior(posterior)
    unknowns = [] if point else unknowns_of(scenario, priors)
    return Question(scenario, number, contrasts, unknowns, draws, price_decides(scenario, number), company)


def plan_of(mine: Alternatives) -> Contrast:
    """Return the plan: the provider's present policy against live patching; who patches live against reboots."""
    live = mine.policies["live-patch"]
    without = {mine.path: mine.policies["reboot"]} if mine.present == "live-patch" else {}
    return Contrast("plan", "as planned", without, {mine.path: live}, live["per_server_month"])


def vendors_of(plan: Contrast, path: str, fleet_share: float = 1.0) -> list[Contrast]:
    """Return the plan on each vendor's terms: price, coverage and support.

    Left out are those who support a kernel for less time than the provider's users are given notice of a reboot.
    """
    live = plan.patching[path]
    return [
        Contrast(
            "vendor",
            terms["name"],
            plan.without,
            {path: from_vendor(live, key, terms, fleet_share)},
            terms["per_server_month"],
            terms["per_patch"],
        )
        for key, terms in vendors().items()
        if terms["max_age_days"] > live["notice_days"]
    ]


def shifts_of(scenario: Scenario, plan: Contrast, rivals: list[Alternatives]) -> list[Contrast]:
    """Return the plan in other circumstances: other rivals, more flaws, flaws that no live patch fixes.

    Flaws that come from a history are as they are.
    """
    shifts = [rivals_of(plan, rivals)] if rivals else []
    flaws = scenario.flaws
    if isinstance(flaws, Poisson):
        often = {
            f"flaws.{name}": min(TWICE * getattr(flaws, name), MOST_FLAWS)
            for name in ("per_year", "hypervisor_per_year")
        }
        shifts.append(changed(plan, "flaws twice as often", often))
        if flaws.hypervisor_per_year:
            shifts.append(changed(plan, "no hypervisor flaws", {"flaws.hypervisor_per_year": 0.0}))
        else:
            name = f"{HYPERVISOR_FLAWS:g} hypervisor flaws a year"
            shifts.append(changed(plan, name, {"flaws.hypervisor_per_year": HYPERVISOR_FLAWS}))
    return shifts


def rivals_of(plan: Contrast, rivals: list[Alternatives]) -> Contrast:
    """Return the plan against rivals who patch live as well; if all do already, against rivals who reboot."""
    rebooting = [rival for rival in rivals if rival.present != "live-patch"]
    kind, who = ("live-patch", rebooting) if rebooting else ("reboot", rivals)
    many = len(rivals) > 1
    name = f"{'all ' if many else ''}rival{'s' if many else ''} {'patching live' if rebooting else 'rebooting'} too"
    if not rebooting:
        name = name.removesuffix(" too")
    return changed(plan, name, {rival.path: rival.policies[kind] for rival in who})


def changed(plan: Contrast, name: str, settings: dict[str, Any]) -> Contrast:
    """Return the plan with other settings, on both sides."""
    return Contrast("shift", name, settings | plan.without, settings | plan.patching, plan.price)


def policies_of(plan: Contrast, mine: Alternatives) -> list[Contrast]:
    """Return every policy but the plan's two, against the one that the plan is held against."""
    reference = "reboot" if mine.present == "live-patch" else mine.present
    return [
        Contrast("policy", kind, plan.without, {mine.path: policy}, 0.0)
        for kind, policy in mine.policies.items()
        if kind not in (reference, "live-patch")
    ]


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


def price_decides(scenario: Scenario, provider: int) -> list[str]:
    """Return who decides by what a provider's live patches cost: itself if it responds, others if they copy."""
    return [
        p.name
        for j, p in enumerate(scenario.providers)
        if (not isinstance(p.strategy, Hold) if j == provider else copies(p.strategy))
    ]


def copies(strategy: AnyStrategy) -> bool:
    """Say whether a strategy compares profits, and takes over policies with their price."""
    return isinstance(strategy, Copy) or (
        isinstance(strategy, Escalate) and any(isinstance(step, Copy) for step in strategy.steps)
    )
