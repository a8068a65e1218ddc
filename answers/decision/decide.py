"""Does live patching pay? Its break-even price for one provider: in closed form, and from pairs of runs."""

from pathlib import Path
from typing import TYPE_CHECKING

from answers.answer import Answer
from answers.company import Company
from answers.decision.decide_ask import ask
from answers.decision.decide_measure import Decision, measure
from answers.decision.decide_run import run
from answers.decision.decide_table import shown_of, summary_of, table_of
from answers.decision.decide_text import paragraph
from answers.defaults import DRAWS, REPLICATES
from answers.unknowns import Priors
from model.files import prepare_folder
from model.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def decide(
    scenario: Scenario,
    provider: str | None = None,
    *,
    company: Company | None = None,
    priors: Priors | None = None,
    posterior: Path | None = None,
    point: bool = False,
    replicates: int | None = None,
    seed: int = 1,
    workers: int | None = None,
    out: Path | None = None,
) -> Answer:
    """Return the break-even price of live patching for one provider, with its uncertainty.

    Parameters
    ----------
    scenario
        The market. With a `company`, that of `Company.market`.
    provider
        The name of the provider that decides; None: the first that does not patch live.
    company
        The operator's own numbers, if the market was made from them.
    priors
        What is not known about users and flaws; None: as in the file that comes with the project. Each pair of runs has
        a draw of it.
    posterior
        The folder of a `fit`: draws come from there, and from its priors what it does not tell.
    point
        Run all at the scenario's own values instead: the interval is then that of the seeds alone.
    replicates
        Pairs of runs; None: `DRAWS`, or with `point` `REPLICATES`.
    seed, workers
        The root of their randomness, processes.
    out
        A folder for the study of the pairs, kept under `study`; None: the study is not kept.

    Raises
    ------
    ScenarioError
        When the provider does not exist or has no users, or no pair of runs could be done.
    """
    question = ask(scenario, provider, company, priors=priors, posterior=posterior, point=point)
    number = replicates or (DRAWS if question.unknowns else REPLICATES)
    if out is not None:
        prepare_folder(out)
    runs = run(question, replicates=number, seed=seed, workers=workers, out=out)
    decision = measure(question, runs, seed)
    return tell(decision)


def tell(decision: Decision) -> Answer:
    """Return a decision as an answer."""

    def figure() -> "Figure":
        from answers.decision.decide_figure import decision_figure  # matplotlib takes a moment

        return decision_figure(decision)

    table, summary, text = table_of(decision), summary_of(decision), paragraph(decision)
    return Answer("decide", summary | {"answer": text}, table, text, figure, shown_of(table))
