"""What `decide` asks: the plan, the plan on each vendor's terms and in other circumstances, each as a contrast."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from agents.strategies import AnyStrategy, Copy, Escalate, Hold
from answers.alternatives import on_its_terms, policy_path, provider_number
from answers.decision.decide_company import Company
from answers.decision.decide_unknowns import Unknown, unknowns_of
from model.paths import VENDOR_TERMS
from model.scenario import Scenario
from model.schema import Poisson
from model.terms import vendors

HYPERVISOR_FLAWS = 4.0  # a year on Xen hosts, measured: Debian advisories for Xen, QEMU and microcode
TWICE = 2.0  # flaws in 2026 against the years before
MOST_FLAWS = 3650.0  # a year: the limit of a scenario


class Contrast(NamedTuple):
    """Two variants of a scenario: one provider without live patching, and with it at a price."""

    kind: str  # "plan", "vendor", "shift" or "unknown"
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
    unknowns: list[Unknown]  # none without a company
    deciding: list[str]  # providers whose decisions depend on the price of the patches
    company: Company | None

    @property
    def plan(self) -> Contrast:
        """The plan."""
        return self.contrasts[0]


def ask(scenario: Scenario, provider: str | None = None, company: Company | None = None) -> Question:
    """Return the contrasts that tell whether live patching pays for a provider.

    Raises
    ------
    ScenarioError
        When there is no such provider, or it has no users.
    """
    number = provider_number(scenario, provider)
    plan = plan_of(scenario, number)
    unknowns = unknowns_of(scenario) if company else []
    contrasts = [
        plan,
        *vendors_of(plan, number, company.fleet_share if company else 1.0),
        *shifts_of(scenario, plan, number),
        *at_both_ends(plan, unknowns),
    ]
    return Question(scenario, number, contrasts, unknowns, price_decides(scenario, number), company)


def plan_of(scenario: Scenario, provider: int) -> Contrast:
    """Return the plan: the provider's present policy against live patching; who patches live against reboots."""
    path = policy_path(provider)
    live = on_its_terms(scenario, provider, "live-patch")
    present = scenario.providers[provider].policy
    without = {path: on_its_terms(scenario, provider, "reboot")} if present.kind == "live-patch" else {}
    return Contrast("plan", "as planned", without, {path: live}, live["per_server_month"])


def vendors_of(plan: Contrast, provider: int, fleet_share: float = 1.0) -> list[Contrast]:
    """Return the plan on each vendor's terms: price, coverage and support.

    Left out are those who support a kernel for less time than the provider's users are given notice of a reboot.
    """
    path = policy_path(provider)
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


def shifts_of(scenario: Scenario, plan: Contrast, provider: int) -> list[Contrast]:
    """Return the plan in other circumstances: other rivals, more flaws, flaws that no live patch fixes.

    Flaws that come from a history are as they are.
    """
    shifts = [rivals_of(scenario, plan, provider)] if len(scenario.providers) > 1 else []
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


def rivals_of(scenario: Scenario, plan: Contrast, provider: int) -> Contrast:
    """Return the plan against rivals who patch live as well; if all do already, against rivals who reboot."""
    rivals = [k for k in range(len(scenario.providers)) if k != provider]
    rebooting = [k for k in rivals if scenario.providers[k].policy.kind != "live-patch"]
    kind, who = ("live-patch", rebooting) if rebooting else ("reboot", rivals)
    many = len(rivals) > 1
    name = f"{'all ' if many else ''}rival{'s' if many else ''} {'patching live' if rebooting else 'rebooting'} too"
    if not rebooting:
        name = name.removesuffix(" too")
    return changed(plan, name, {policy_path(k): on_its_terms(scenario, k, kind) for k in who})


def changed(plan: Contrast, name: str, settings: dict[str, Any], kind: str = "shift") -> Contrast:
    """Return the plan with other settings, on both sides."""
    return Contrast(kind, name, settings | plan.without, settings | plan.patching, plan.price)


def at_both_ends(plan: Contrast, unknowns: list[Unknown]) -> list[Contrast]:
    """Return the plan at both ends of the plausible range of each unknown."""
    return [
        changed(plan, f"{unknown.name} {label}", settings, "unknown")
        for unknown in unknowns
        for label, settings in unknown.ends
    ]


def from_vendor(live: dict[str, Any], vendor: str, terms: dict[str, Any], fleet_share: float = 1.0) -> dict[str, Any]:
    """Return live patching as a vendor sells it.

    Parameters
    ----------
    live
        Live patching as the provider would do it; what vendors' terms do not say stays.
    vendor, terms
        The key and the table of `model.terms.vendors`.
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
