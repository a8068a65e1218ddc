"""Does live patching pay? Its break-even price for one provider: in closed form, then by pairs of runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from answers import REPLICATES
from answers.decision.pairs import Contrast, Pairs, pairs_of, variants_of
from answers.decision.questions import plan_of, policy_path, shifts_of, vendors_of
from answers.decision.search import interval_at, price_decides, search
from answers.experiment import Runs, Variant, carry_out, experiment, paired
from answers.options import provider_number
from model.closed_forms import break_even_price, break_even_with_churn, copying_pays_above
from model.scenario import Scenario

if TYPE_CHECKING:
    from answers.answer import Answer
    from answers.decision.company import Company


class Case(NamedTuple):
    """A question, and what its runs gave."""

    contrast: Contrast
    pairs: Pairs


@dataclass(frozen=True)
class ClosedForms:
    """What paper and pencil give, from the means of the runs. Dollars a server and month; rates a month."""

    margin: float  # of a server, before patches
    kept: float  # share of the users at the start whom live patching keeps, by the end
    needed: float | None  # share above which the plan's price pays, once they have left; None where no share does
    at_the_end: float  # the email's arithmetic: margin times share kept
    departing: float  # rate at which users leave for good
    leaving: float  # rate at which users leave for rivals with live patching
    leaving_more: float  # and by how much it is higher without
    in_the_long_run: float | None  # with ongoing churn; None in a market that nobody comes to or leaves


@dataclass(frozen=True)
class Decision:
    """Everything that is known about one provider's decision."""

    scenario: Scenario
    provider: int
    seed: int
    replicates: int  # pairs in which all runs were done
    failed: int  # runs
    closed: ClosedForms
    plan: Case
    vendors: list[Case]
    shifts: list[Case]
    unknowns: list[Case]
    deciding: list[str]  # providers who decide by what the patches cost
    searched: tuple[float, list[Pairs]] | None  # the price found where there are such, and all that was tried
    company: "Company | None"

    @property
    def name(self) -> str:
        """The provider."""
        return self.scenario.providers[self.provider].name

    @property
    def break_even(self) -> float:
        """The break-even price, dollars a server and month."""
        return self.searched[0] if self.searched else self.plan.pairs.break_even

    @property
    def interval(self) -> tuple[float, float]:
        """Its interval."""
        return interval_at(*self.searched) if self.searched else self.plan.pairs.interval


def decide(
    scenario: Scenario,
    provider: str | None = None,
    *,
    company: "Company | None" = None,
    replicates: int = REPLICATES,
    seed: int = 1,
    workers: int | None = None,
    out: Path | None = None,
) -> "Answer":
    """Return the break-even price of live patching for one provider, and how sure it is.

    Parameters
    ----------
    scenario
        The market. With a `company`, that of `Company.market`.
    provider
        The name of who decides; None: the first that does not patch live.
    company
        Whose market it is, if it was made from an operator's own numbers: the unknowns are then weighed too.
    replicates, seed, workers
        Pairs of runs, the root of their randomness, processes.
    out
        A folder for the study of the pairs, kept under `study`; None: it is forgotten.

    Raises
    ------
    ScenarioError
        When there is nothing to decide about, or no pair of runs could be done.
    """
    from answers.decision.words import answer_of

    return answer_of(
        weigh(scenario, provider, company=company, replicates=replicates, seed=seed, workers=workers, out=out)
    )


def weigh(
    scenario: Scenario,
    provider: str | None = None,
    *,
    company: "Company | None" = None,
    replicates: int = REPLICATES,
    seed: int = 1,
    workers: int | None = None,
    out: Path | None = None,
) -> Decision:
    """Run what `decide` tells about."""
    number = provider_number(scenario, provider)
    plan = plan_of(scenario, number)
    contrasts = [
        plan,
        *vendors_of(plan, number, company.fleet_share if company else 1.0),
        *shifts_of(scenario, plan, number),
        *(company.unknowns(scenario, plan) if company else []),
    ]
    variants, places = variants_of(contrasts)
    question = f"What may live patches cost {scenario.providers[number].name} at most?"
    study = experiment(
        scenario, variants, name=f"{scenario.name}, decide", question=question, replicates=replicates, seed=seed
    )
    runs = carry_out(study, None if out is None else out / "study", workers)
    cases = list(map(Case, contrasts, pairs_of(runs, number, contrasts, places)))
    deciding = price_decides(scenario, number)
    searched = None
    if deciding:
        without = paired(runs.table, f"p{number}_profit")[places[0][0]]
        searched = search(pairs_at(scenario, number, plan, without, replicates, seed, workers))

    def of_kind(kind: str) -> list[Case]:
        return [case for case in cases if case.contrast.kind == kind]

    return Decision(
        scenario,
        number,
        seed,
        replicates=len(cases[0].pairs.gain),
        failed=len(runs.failures),
        closed=closed_forms(scenario, number, runs, places[0], plan.price),
        plan=cases[0],
        vendors=of_kind("vendor"),
        shifts=of_kind("shift"),
        unknowns=of_kind("unknown"),
        deciding=deciding,
        searched=searched,
        company=company,
    )


def pairs_at(
    scenario: Scenario,
    provider: int,
    plan: Contrast,
    without: Any,
    replicates: int,
    seed: int,
    workers: int | None,
) -> Callable[[float], Pairs]:
    """Return a function of the price that runs the plan at it; the runs without live patching serve all prices."""
    path = policy_path(provider)

    def run(price: float) -> Pairs:
        policy = plan.patching[path] | {"per_server_month": price}
        variant = Variant(f"patching at {price:g}", plan.patching | {path: policy})
        study = experiment(scenario, [variant], name="price", replicates=replicates, seed=seed)
        table = carry_out(study, None, workers).table
        profit, months = (paired(table, f"p{provider}_{name}")[0] for name in ("profit", "server_months"))
        gain = (profit - without).dropna()
        return Pairs(price, gain.to_numpy(float), months.loc[gain.index].to_numpy(float))

    return run


def closed_forms(scenario: Scenario, provider: int, runs: Runs, place: Sequence[int], price: float) -> ClosedForms:
    """Return what the closed forms say of the plan, their shares and rates estimated from its runs."""
    given = scenario.providers[provider]
    table = runs.table.set_index("point")

    def mean(outcome: str, point: int) -> float:
        return float(np.mean(table.loc[[point], f"p{provider}_{outcome}"]))

    without, patching = place
    start = mean("users_start", without)
    margin = given.price * start / -(-start // given.server_capacity) - given.server_cost
    months = {point: mean("user_months", point) for point in place}
    leaving = {point: mean("left", point) / months[point] for point in place}
    departing = sum(mean("departed", point) for point in place) / sum(months.values())
    kept = (mean("users_end", patching) - mean("users_end", without)) / start
    more = leaving[without] - leaving[patching]
    lasting = break_even_with_churn(margin, departing, leaving[patching], more) if departing else None
    needed = copying_pays_above(margin, price) if margin > 0 else None
    at_the_end = break_even_price(margin, kept)
    return ClosedForms(margin, kept, needed, at_the_end, departing, leaving[patching], more, lasting)
