"""How long to wait before patching: too soon meets bad updates, too late meets attackers, too often loses users."""

from pathlib import Path
from typing import TYPE_CHECKING

from answers.answer import Answer
from answers.defaults import REPLICATES
from answers.experiment import carry_out, experiment
from answers.patch_timing.patch_cycle_ask import ask
from answers.patch_timing.patch_cycle_measure import PatchCycle, measure
from answers.patch_timing.patch_cycle_table import shown_of, summary_of, table_of
from answers.patch_timing.patch_cycle_text import paragraph
from model.files import prepare_folder
from model.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def patch_cycle(
    scenario: Scenario,
    provider: str | None = None,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
    workers: int | None = None,
    out: Path | None = None,
) -> Answer:
    """Return what each waiting time costs a provider, and the one that costs least.

    A provider waits after each update (its present policy with `soak_days`), or patches at intervals (`defer`). Costs
    are differences in profit between runs with the same flaws, users and network, compared with patching at once: in
    all, and by users, by bad updates and by breaches apart, from runs in which nobody has the latter two.

    Parameters
    ----------
    scenario
        The market; its `security` table says what attackers and bad updates do.
    provider
        The name of the provider; None: the first that does not patch live.
    replicates, seed, workers, out
        Runs of each variant, the root of their randomness, processes, and a folder that keeps the study under
        `study`.

    Returns
    -------
    Answer
        A row for each waiting time, with costs in dollars a server and month and their intervals.

    Raises
    ------
    ScenarioError
        When there is no such provider, or a waiting time has no run.
    """
    question = ask(scenario, provider)
    if out is not None:
        prepare_folder(out)
    study = experiment(
        scenario,
        question.variants,
        name=f"{scenario.name}, patch cycle",
        question=f"How long should {scenario.providers[question.provider].name} wait before patching?",
        replicates=replicates,
        seed=seed,
    )
    runs = carry_out(study, None if out is None else out / "study", workers)
    return tell(measure(question, runs))


def tell(cycle: PatchCycle) -> Answer:
    """Return a patch cycle as an answer."""

    def figure() -> "Figure":
        from answers.patch_timing.patch_cycle_figure import patch_cycle_figure  # matplotlib takes a moment

        return patch_cycle_figure(cycle)

    table, text = table_of(cycle), paragraph(cycle)
    return Answer("patch-cycle", summary_of(cycle) | {"answer": text}, table, text, figure, shown_of(table))
