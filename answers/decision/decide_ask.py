"""What `decide` asks, each as a contrast of two variants.

The plan; the plan on each vendor's terms; the plan in other circumstances; and, for an operator's own company, the plan
at both ends of what the operator does not know.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from agents.strategies import AnyStrategy, Copy, Escalate, Hold
from answers.alternatives import Alternatives, alternatives_of, provider_number
from answers.decision.decide_company import Company
from model.paths import VENDOR_TERMS
from model.published_terms import vendors
from model.scenario import Scenario
from model.schema import Poisson

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


class Unknown(NamedTuple):
    """Something about the users or the flaws that an operator does not know."""

    name: str
    ends: list[tuple[str, dict[str, Any]]]  # what the tables call it, and its settings
    measure: str  # how to get to know it


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
    alternatives = alternatives_of(scenario)
    plan = plan_of(alternatives[number])
    unknowns = unknowns_of(scenario) if company else []
    contrasts = [
        plan,
        *vendors_of(plan, alternatives[number].path, company.fleet_share if company else 1.0),
        *shifts_of(scenario, plan, [other for k, other in enumerate(alternatives) if k != number]),
        *at_both_ends(plan, unknowns),
    ]
    return Question(scenario, number, contrasts, unknowns, price_decides(scenario, number), company)


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


def changed(plan: Contrast, name: str, settings: dict[str, Any], kind: str = "shift") -> Contrast:
    """Return the plan with other settings, on both sides."""
    return Contrast(kind, name, settings | plan.without, settings | plan.patching, plan.price)


def unknowns_of(market: Scenario) -> list[Unknown]:
    """Return the unknowns with their plausible ranges: half to double where nothing is known (assumed)."""
    users, talk, flaws = market.users, market.word_of_mouth, market.flaws
    tolerance = users.tolerance.median
    unknowns = [
        Unknown(
            "tolerance",
            [
                (f"{share * tolerance:g} min/month", {"users.tolerance.median": share * tolerance})
                for share in (0.5, 2.0)
            ],
            "after your next reboots, compare the cancellations of those who have been down with those who have not "
            "yet, and ask who leaves how much downtime it took",
        ),
        Unknown(
            "word of mouth",
            [
                (
                    label,
                    {
                        "word_of_mouth.talk_per_day": min(share * talk.talk_per_day, 1.0),
                        "word_of_mouth.complaint": min(share * talk.complaint, 1.0),
                    },
                )
                for label, share in (("halved", 0.5), ("doubled", 2.0))
            ],
            "ask those who sign up and those who cancel from whom they heard of the other host, and count public "
            "complaints per reboot",
        ),
        Unknown(
            "memory",
            [(f"{days:g} days", {"users.memory_days": days}) for days in (30.0, 365.0)],
            "plot cancellations by days since the last reboot: memory is the time in which the excess falls to a third",
        ),
    ]
    if isinstance(flaws, Poisson):
        unknowns.append(
            Unknown(
                "flaws",
                # measured on Debian's kernel: few and many campaigns a year
                [(f"{rate:g} a year", {"flaws.per_year": rate}) for rate in (4.0, 15.0)],
                "count the kernel updates of the last two years that made you reboot",
            )
        )
    if market.open_market.arrivals_per_day:
        unknowns.append(
            Unknown(
                "newcomers",
                [
                    (label, {"open_market.direct": direct})
                    for label, direct in (("who come directly", 1.0), ("who ask a neighbour", 0.0))
                    if direct != market.open_market.direct
                ],
                "ask those who sign up whether somebody recommended you",
            )
        )
    return unknowns


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
