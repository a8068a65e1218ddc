"""The runs of `decide`: one study of all contrasts, and a search by further runs where the price changes decisions."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from answers.alternatives import policy_path
from answers.decision.decide_ask import Contrast, Question
from answers.decision.decide_pairs import Pairs, pairs_of
from answers.decision.decide_search import search
from answers.experiment import Variant, carry_out, experiment, paired

if TYPE_CHECKING:
    import pandas as pd


class DecisionRuns(NamedTuple):
    """The runs of a question."""

    table: "pd.DataFrame"  # a row a run
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
    scenario, provider = question.scenario, question.provider
    variants, places = variants_of(question.contrasts)
    study = experiment(
        scenario,
        variants,
        name=f"{scenario.name}, decide",
        question=f"What may live patches cost {scenario.providers[provider].name} at most?",
        replicates=replicates,
        seed=seed,
    )
    runs = carry_out(study, None if out is None else out / "study", workers)
    pairs = pairs_of(runs, provider, question.contrasts, places)
    searched = None
    if question.deciding:
        without = paired(runs.table, f"p{provider}_profit")[places[0][0]]
        searched = search(pairs_at(question, without, replicates, seed, workers))
    return DecisionRuns(runs.table, len(runs.failures), places[0], pairs, searched)


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
    question: Question, without: Any, replicates: int, seed: int, workers: int | None
) -> Callable[[float], Pairs]:
    """Return a function of the price that runs the plan at it; the runs without live patching hold for all prices."""
    plan, provider = question.plan, question.provider
    path = policy_path(provider)

    def run_at(price: float) -> Pairs:
        policy = plan.patching[path] | {"per_server_month": price}
        variant = Variant(f"patching at {price:g}", plan.patching | {path: policy})
        study = experiment(question.scenario, [variant], name="price", replicates=replicates, seed=seed)
        table = carry_out(study, None, workers).table
        profit, months = (paired(table, f"p{provider}_{name}")[0] for name in ("profit", "server_months"))
        gain = (profit - without).dropna()
        return Pairs(price, gain.to_numpy(float), months.loc[gain.index].to_numpy(float))

    return run_at
