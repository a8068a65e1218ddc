"""The runs of `decide`: all contrasts at every draw of the unknowns, more where the price changes decisions.

A host that copies its rival compares profits, and one that cuts its price stops at its costs. What live patches cost
then decides when and how they act, so one set of runs no longer holds for all prices: the break-even price is searched
for by further runs.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from answers.decision.decide_ask import Contrast, Question
from answers.decision.decide_pairs import Pairs, pairs_of
from answers.draws import Values, draw
from answers.experiment import Runs, Variant, carry_out, experiment, paired
from answers.unknowns import settings_of
from batch.identity import derived_seed
from batch.study import Study

if TYPE_CHECKING:
    import pandas as pd

DOUBLINGS = 5  # at most, to find a price at which live patching no longer pays
MOST_RUNS = 12  # prices tried between the two that enclose the root
PRECISION = 0.01  # of the upper price


class DecisionRuns(NamedTuple):
    """The runs of a question."""

    table: "pd.DataFrame"  # a row a run; point is the variant, replicate the draw of the unknowns
    values: Values  # of the unknowns, an array of draws by unknowns, for each replicate
    failed: int  # runs
    plan: tuple[int, int]  # points of the plan: without live patching, and with it
    pairs: list[Pairs]  # of each contrast
    searched: tuple[float, list[Pairs]] | None  # the price found by searching and all pairs tried; None: no search


def run(question: Question, *, replicates: int, seed: int, workers: int | None, out: Path | None) -> DecisionRuns:
    """Run every contrast in each replicate; see `decide` for the parameters.

    Raises
    ------
    ScenarioError
        When a contrast has no replicate in which all runs were done.
    """
    provider = question.provider
    values = draw(question.unknowns, question.posterior, replicates, derived_seed(seed, "unknowns"))
    variants, places = variants_of(question.contrasts)
    runs = carry_out(study_of(question, variants, values, seed), None if out is None else out / "study", workers)
    runs = by_variant(runs, len(variants)) if question.unknowns else runs
    pairs = pairs_of(runs, provider, question.contrasts, places)
    searched = None
    if question.deciding:
        without = paired(runs.table, f"p{provider}_profit")[places[0][0]]
        searched = search(pairs_at(question, without, values, seed, workers))
    return DecisionRuns(runs.table, values, len(runs.failures), places[0], pairs, searched)


def study_of(question: Question, variants: Sequence[Variant], values: Values, seed: int) -> Study:
    """Return the study that runs every variant at each draw of the unknowns.

    The variants of one draw meet the same people, graph and flaws; without unknowns a draw is a replicate.
    """
    scenario = question.scenario
    name = f"{scenario.name}, decide"
    asked = f"What may live patches cost {scenario.providers[question.provider].name} at most?"
    if not question.unknowns:
        return experiment(scenario, variants, name=name, question=asked, replicates=len(values), seed=seed)
    drawn = [
        Variant(f"{variant.name}, draw {number}", settings_of(question.unknowns, row) | variant.settings)
        for number, row in enumerate(values)
        for variant in variants
    ]
    block = {"design.block": len(variants)}
    return experiment(scenario, drawn, name=name, question=asked, replicates=1, seed=seed, **block)


def by_variant(runs: Runs, variants: int) -> Runs:
    """Return runs whose points are the variants, and whose replicates are the draws."""
    point = runs.table["point"]
    return runs._replace(table=runs.table.assign(point=point % variants, replicate=point // variants))


def variants_of(contrasts: Sequence[Contrast]) -> tuple[list[Variant], list[tuple[int, int]]]:
    """Return the variants to be run, none twice, and which two each contrast compares."""
    numbers: dict[str, int] = {}
    variants: list[Variant] = []

    def number_of(name: str, settings: dict[str, Any]) -> int:
        key = json.dumps(settings, sort_keys=True, default=str)
        if key not in numbers:
            numbers[key] = len(variants)
            variants.append(Variant(name, settings))
        return numbers[key]

    places = [
        (number_of(f"{c.name}, without", c.without), number_of(f"{c.name}, patching", c.patching)) for c in contrasts
    ]
    return variants, places


def pairs_at(
    question: Question, without: Any, values: Values, seed: int, workers: int | None
) -> Callable[[float], Pairs]:
    """Return a function of the price that runs the plan at it; the runs without live patching hold for all prices."""
    plan, provider = question.plan, question.provider
    ((path, live),) = plan.patching.items()

    def run_at(price: float) -> Pairs:
        variant = Variant(f"patching at {price:g}", {path: live | {"per_server_month": price}})
        runs = carry_out(study_of(question, [variant], values, seed), None, workers)
        table = by_variant(runs, 1).table if question.unknowns else runs.table
        profit, months = (paired(table, f"p{provider}_{name}")[0] for name in ("profit", "server_months"))
        gain = (profit - without).dropna()
        return Pairs(price, gain.to_numpy(float), months.loc[gain.index].to_numpy(float))

    return run_at


def search(pairs_at: Callable[[float], Pairs]) -> tuple[float, list[Pairs]]:
    """Return the price at which the mean gain is nothing, and the runs of all prices tried, sorted by price.

    The gain falls with the price, in jumps where a decision changes: Brent's method finds a price at which it changes
    sign. Where live patching does not pay even for nothing, the price below 0 is that of those runs.
    """
    from scipy import optimize

    tried: dict[float, Pairs] = {}

    def mean_gain(price: float) -> float:
        if price not in tried:
            tried[price] = pairs_at(price)
        return float(tried[price].gain.mean())

    def found(price: float) -> tuple[float, list[Pairs]]:
        return price, [tried[key] for key in sorted(tried)]

    if mean_gain(0.0) <= 0:
        return found(tried[0.0].break_even)
    low, high = 0.0, 1.1 * tried[0.0].break_even  # above what it would be if nobody looked at costs
    for _ in range(DOUBLINGS):
        if mean_gain(high) <= 0:
            break
        low, high = high, 2 * high
    else:
        if mean_gain(high) > 0:
            return found(tried[high].break_even)
    root = optimize.brentq(mean_gain, low, high, xtol=PRECISION * high, rtol=1e-9, maxiter=MOST_RUNS, disp=False)
    mean_gain(float(root))
    return found(float(root))
