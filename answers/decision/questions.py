"""What is asked when somebody decides about live patching: the plan, the vendors' terms, and other circumstances."""

from typing import Any

from answers.decision.pairs import Contrast
from answers.options import from_vendor, on_its_terms
from model.published_terms import vendors
from model.scenario import Scenario
from model.schema import Poisson

HYPERVISOR_FLAWS = 4.0  # a year on Xen hosts, measured: Debian advisories for Xen, QEMU and microcode
TWICE = 2.0  # flaws in 2026 against the years before
MOST_FLAWS = 3650.0  # a year: the limit of a scenario


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


def policy_path(provider: int) -> str:
    """Return where a scenario keeps a provider's policy.

    >>> policy_path(0)
    'providers.0.policy'
    """
    return f"providers.{provider}.policy"
