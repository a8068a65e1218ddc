"""Patch policies for one provider against the same market: users, dollars, downtime and exposure."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from answers.answer import Answer
from answers.comparison.compare_ask import ask
from answers.comparison.compare_measure import Comparison, measure
from answers.comparison.compare_table import shown_of, summary_of
from answers.comparison.compare_text import paragraph
from answers.defaults import REPLICATES
from answers.experiment import carry_out, experiment
from model.files import prepare_folder
from model.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def compare(
    scenario: Scenario,
    policies: Sequence[str] = (),
    provider: str | None = None,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
    workers: int | None = None,
    out: Path | None = None,
) -> Answer:
    """Return what each policy would give one provider, and the differences to its present one.

    Parameters
    ----------
    scenario
        The market.
    policies
        Kinds of patch policy; none: all seven. The present one is always among them. Each is on the terms that
        `answers.alternatives.on_its_terms` gives.
    provider
        The name of the provider; None: the first that does not patch live.
    replicates, seed, workers, out
        Runs of each policy, the root of their randomness, processes, and a folder that keeps the study under
        `study`.

    Returns
    -------
    Answer
        A row for each policy and outcome: its mean, and the mean paired difference to the present policy with its
        bootstrap interval from `low` to `high`.

    Raises
    ------
    ScenarioError
        When there is no such policy or provider, or a policy has no run.
    """
    question = ask(scenario, policies, provider)
    if out is not None:
        prepare_folder(out)
    study = experiment(
        scenario,
        question.variants,
        name=f"{scenario.name}, compare",
        question=f"Which patch policy is best for {scenario.providers[question.provider].name}?",
        replicates=replicates,
        seed=seed,
    )
    runs = carry_out(study, None if out is None else out / "study", workers)
    comparison = measure(question, runs)
    return tell(comparison)


def tell(comparison: Comparison) -> Answer:
    """Return a comparison as an answer."""

    def figure() -> "Figure":
        from answers.comparison.compare_figure import comparison_figure  # matplotlib takes a moment

        return comparison_figure(comparison)

    table, text = comparison.table, paragraph(comparison)
    return Answer("compare", summary_of(comparison) | {"answer": text}, table, text, figure, shown_of(table))
