"""What `decide` measures: the break-even price of every contrast, the closed forms, and the gain by price."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from answers.breach_cost import turning_cost
from answers.decision.decide_ask import Contrast, Question
from answers.decision.decide_pairs import Pairs, shift
from answers.decision.decide_run import DecisionRuns
from answers.decision.decide_uncertainty import Uncertainty, uncertainty_of
from answers.experiment import paired
from answers.intervals import Values, share_interval
from batch.adaptive import interval
from model.closed_forms import break_even_price, break_even_with_churn, copying_pays_above
from model.scenario import Scenario

STEPS = 101  # prices at which the gain is measured
MOST_PAIRS = (10, 90)  # per cent of the pairs that lie between


class Case(NamedTuple):
    """One contrast. Prices and gains are dollars a server and month; intervals are of 95 %."""

    kind: str
    name: str
    break_even: float
    low: float
    high: float
    price: float  # what live patching costs
    gain: float  # mean, at that price
    gain_low: float
    gain_high: float
    pays: float  # share of pairs in which live patching pays at that price
    per_patch: float = 0.0  # dollars a patch, for a vendor that charges by the patch
    change: tuple[float, float, float] | None = None  # break-even price above the plan's, with interval; of a shift


@dataclass(frozen=True)
class ClosedForms:
    """The closed forms, with the means of the runs put in. Dollars a server and month; rates a month."""

    margin: float  # of a server, before patches
    kept: float  # share of the users at the start whom live patching keeps, by the end
    needed: float | None  # share above which the plan's price pays, once they have left; None where no share does
    at_the_end: float  # the email's arithmetic: margin times share kept
    departing: float  # rate at which users leave for good
    leaving: float  # rate at which users leave for rivals with live patching
    leaving_more: float  # and by how much it is higher without
    in_the_long_run: float | None  # with ongoing churn; None in a market that nobody comes to or leaves


class Security(NamedTuple):
    """Breaches beside users, in the plan. Dollars a server and month with live patching; server-days a run.

    Breaches are those to be expected: the attack rate times the exploitable server-days.
    """

    attack_rate: float  # per exploitable server-day
    breach_cost: float  # dollars
    exposed: tuple[float, float]  # server-days without live patching, and with it
    exploitable: tuple[float, float]
    breaches_spared: float  # dollars; below 0: live patching costs more breaches
    users_kept: float  # revenue, dollars
    turning_cost: float | None  # of a breach, at which the answer flips; None: none does
    turning_rate: float | None  # of attacks, at which it flips at `breach_cost`


class Fleet(NamedTuple):
    """The operator's own company, and how it was scaled."""

    numbers: dict[str, Any]  # as given
    servers: int
    servers_simulated: int
    users_simulated: int  # a server
    users_each: float  # of the company's users, for whom a simulated one stands
    gain_a_year: float  # dollars, of the whole fleet at the price quoted


class GainByPrice(NamedTuple):
    """The gain against the price of live patching, dollars a server and month; a value a price."""

    prices: Values
    mean: Values
    low: Values  # interval of the mean
    high: Values
    most: Values | None  # (2, prices): 8 of 10 pairs lie between; None where the prices were searched


@dataclass(frozen=True)
class Decision:
    """All that is known about one provider's decision, in plain numbers."""

    scenario: str
    provider: str
    days: int
    users: int
    seed: int
    replicates: int  # pairs in which all runs were done
    failed: int  # runs
    break_even: float  # dollars a server and month
    interval: tuple[float, float]
    plan: Case
    pays_interval: tuple[float, float]  # of the share of pairs in which the plan pays
    closed: ClosedForms
    security: Security
    vendors: list[Case]
    shifts: list[Case]
    policies: list[Case]  # every other policy, held against the same
    unknowns: list[str]  # that differ between pairs; none: the scenario's own values in all
    uncertainty: Uncertainty | None  # None: without unknowns, or with too few pairs to tell
    deciding: list[str]  # providers whose decisions depend on the price; then it was searched for
    curve: GainByPrice
    fleet: Fleet | None


def measure(question: Question, runs: DecisionRuns, seed: int) -> Decision:
    """Return what the runs say about a question."""
    scenario, plan, pairs = question.scenario, question.plan, runs.pairs[0]
    cases = [measured(contrast, here, pairs) for contrast, here in zip(question.contrasts, runs.pairs, strict=True)]
    by_kind = {kind: [case for case in cases if case.kind == kind] for kind in ("vendor", "shift", "policy")}
    break_even = runs.searched[0] if runs.searched else pairs.break_even
    bounds = interval_at(*runs.searched) if runs.searched else pairs.interval
    marked = [plan.price, *(case.price for case in by_kind["vendor"]), bounds[1], 1.0]
    prices = np.linspace(min(0.0, 1.2 * bounds[0]), 1.25 * max(marked), STEPS)
    return Decision(
        scenario=scenario.name,
        provider=scenario.providers[question.provider].name,
        days=scenario.days,
        users=scenario.users.count,
        seed=seed,
        replicates=len(pairs.gain),
        failed=runs.failed,
        break_even=break_even,
        interval=bounds,
        plan=cases[0],
        pays_interval=share_interval(pairs.pays_at(plan.price)),
        closed=closed_forms(scenario, question.provider, runs.table, runs.plan, plan.price),
        security=security_of(scenario, question.provider, runs.table, runs.plan, pairs),
        vendors=by_kind["vendor"],
        shifts=by_kind["shift"],
        policies=by_kind["policy"],
        unknowns=[unknown.name for unknown in question.unknowns],
        uncertainty=uncertainty_of(question, runs),
        deciding=question.deciding,
        curve=curve_of_search(runs.searched[1]) if runs.searched else curve_of(pairs, prices),
        fleet=fleet_of(question, pairs),
    )


def interval_at(root: float, tried: list[Pairs]) -> tuple[float, float]:
    """Return the interval of a price that was searched for, with decisions as they fall in the runs next to it."""
    nearest = min(tried, key=lambda pairs: abs(pairs.price - root))
    low, high = nearest.interval
    return min(low, root), max(high, root)


def measured(contrast: Contrast, pairs: Pairs, plan: Pairs) -> Case:
    """Return the break-even price of a contrast, the mean gain at its price, and how often it pays."""
    low, high = pairs.interval
    gain, gain_low, gain_high = pairs.per_server_month(contrast.price)
    priced = contrast.kind != "policy"  # other policies do not have the price that is asked for
    return Case(
        kind=contrast.kind,
        name=contrast.name,
        break_even=pairs.break_even if priced else math.nan,
        low=low if priced else math.nan,
        high=high if priced else math.nan,
        price=contrast.price,
        gain=gain,
        gain_low=gain_low,
        gain_high=gain_high,
        pays=float(pairs.pays_at(contrast.price).mean()),
        per_patch=contrast.per_patch,
        change=shift(pairs, plan) if contrast.kind == "shift" else None,
    )


def closed_forms(scenario: Scenario, provider: int, runs: Any, points: tuple[int, int], price: float) -> ClosedForms:
    """Return what the closed forms say of the plan, their shares and rates estimated from its runs.

    Parameters
    ----------
    scenario, provider
        The market and the number of the provider.
    runs
        The table of the runs.
    points
        Those without live patching, and with it.
    price
        What live patching costs, dollars a server and month.
    """
    given = scenario.providers[provider]
    table = runs.set_index("point")

    def mean(outcome: str, point: int) -> float:
        return float(np.mean(table.loc[[point], f"p{provider}_{outcome}"]))

    without, patching = points
    start = mean("users_start", without)
    margin = given.price * start / -(-start // given.server_capacity) - given.server_cost
    months = {point: mean("user_months", point) for point in points}
    leaving = {point: mean("left", point) / months[point] for point in points}
    departing = sum(mean("departed", point) for point in points) / sum(months.values())
    kept = (mean("users_end", patching) - mean("users_end", without)) / start
    more = leaving[without] - leaving[patching]
    lasting = break_even_with_churn(margin, departing, leaving[patching], more) if departing else None
    needed = copying_pays_above(margin, price) if margin > 0 else None
    at_the_end = break_even_price(margin, kept)
    return ClosedForms(margin, kept, needed, at_the_end, departing, leaving[patching], more, lasting)


def security_of(scenario: Scenario, provider: int, runs: Any, points: tuple[int, int], pairs: Pairs) -> Security:
    """Return what live patching changes in breaches and in users, and where they weigh as much as each other."""
    rate, cost = scenario.security.attack_rate, scenario.security.breach_cost

    def means(outcome: str) -> tuple[float, float]:
        table = paired(runs, f"p{provider}_{outcome}")
        return float(table[points[0]].mean()), float(table[points[1]].mean())

    months = float(pairs.server_months.mean())
    exploitable, revenue, paid = means("exploitable_server_days"), means("revenue"), means("breach_cost")
    more = exploitable[1] - exploitable[0]
    gain = float(pairs.gain.mean()) + paid[1] - paid[0]  # what breaches cost left aside
    return Security(
        attack_rate=rate,
        breach_cost=cost,
        exposed=means("exposed_server_days"),
        exploitable=exploitable,
        breaches_spared=-cost * rate * more / months,
        users_kept=(revenue[1] - revenue[0]) / months,
        turning_cost=turning_cost(gain, rate * more),
        turning_rate=turning_cost(gain, cost * more),
    )


def curve_of(pairs: Pairs, prices: Values) -> GainByPrice:
    """Return the gain at each price from the runs at one of them: it is a straight line."""
    scale = pairs.server_months.mean()
    gains = np.array([pairs.gain_at(price) / scale for price in prices])
    low, high = np.array([interval(row.tolist(), 0.95) for row in gains]).T
    return GainByPrice(prices, gains.mean(axis=1), low, high, np.percentile(gains, MOST_PAIRS, axis=1))


def curve_of_search(tried: list[Pairs]) -> GainByPrice:
    """Return the gain at each price that was tried."""
    mean, low, high = np.array([pairs.per_server_month(pairs.price) for pairs in tried]).T
    return GainByPrice(np.array([pairs.price for pairs in tried]), mean, low, high, None)


def fleet_of(question: Question, pairs: Pairs) -> Fleet | None:
    """Return what the quote means for the operator's own fleet."""
    company = question.company
    if company is None:
        return None
    return Fleet(
        numbers=company.model_dump(),
        servers=company.servers,
        servers_simulated=company.servers_simulated,
        users_simulated=company.users_simulated,
        users_each=company.users_each / company.fleet_share,
        gain_a_year=12 * company.servers * pairs.per_server_month(company.vendor_quote)[0],
    )
