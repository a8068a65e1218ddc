"""What do an operator's records tell about the unknowns of its market? A posterior, from simulations of its year."""

import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from answers.answer import Answer
from answers.company import Company
from answers.defaults import SIMULATIONS
from answers.draws import write_posterior
from answers.fitting.fit_ask import ask
from answers.fitting.fit_measure import Fit, learn, measure, posterior_draws
from answers.fitting.fit_run import prior_units, run
from answers.fitting.fit_table import shown_of, summary_of, table_of
from answers.fitting.fit_text import paragraph
from answers.unknowns import Priors
from batch.identity import derived_seed
from model.files import prepare_folder, write_atomically
from model.records import Records, read_records
from model.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PREDICTIONS = 40  # simulations from the posterior, at least; a fifteenth of those from the prior if that is more


def fit(
    records: str | Path | Records,
    scenario: Scenario,
    provider: str | None = None,
    *,
    company: Company | None = None,
    priors: Priors | None = None,
    since: date | None = None,
    simulations: int = SIMULATIONS,
    seed: int = 1,
    workers: int | None = None,
    out: Path | None = None,
) -> Answer:
    """Return what an operator's records tell about the unknowns of its market.

    The operator's outages are replayed, customers come and cancel, and the cancellations of many such markets, their
    unknowns drawn from the priors, are held against the operator's; see `answers.posterior`.

    Parameters
    ----------
    records
        A file, a folder of tidy tables as `patchmarket records` writes it, or what `model.records` has read.
    scenario
        The market. With a `company`, that of `Company.market`.
    provider
        The operator's name in the market; None: the first that does not patch live.
    company
        The operator's own numbers, if the market was made from them.
    priors
        What is not known; None: the priors that come with the project.
    since
        The first date that counts; None: that of the first cancellation, but at most eight weeks before the first
        outage, as nothing tells of outages before.
    simulations
        How many markets are simulated.
    seed, workers
        The root of all randomness; processes.
    out
        A folder for the runs and the posterior, which `decide` reads; the same call resumes what is unfinished.

    Raises
    ------
    ScenarioError
        When records or market cannot be used, or the model cannot produce such records.
    """
    found = records if isinstance(records, Records) else read_records([records])
    question = ask(scenario, found, provider, company=company, priors=priors, since=since, seed=seed)
    units = prior_units(question, simulations, seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) if out is None else out
        prepare_folder(folder)
        before = run(question, units, "prior", seed=seed, workers=workers, out=folder / "prior")
        posterior = learn(question, *before, seed=derived_seed(seed, "forest"))
        draws = posterior_draws(question, posterior, derived_seed(seed, "draws"))
        own = draws[: max(PREDICTIONS, simulations // 15), : len(question.unknowns)]
        again = derived_seed(seed, "posterior")
        after = run(question, own, "posterior", seed=again, workers=workers, out=folder / "posterior")
        result = measure(question, posterior, draws, before, after, seed)
        if out is not None:
            keep(result, question.priors, out)
    return tell(result)


def keep(result: Fit, priors: Priors, out: Path) -> None:
    """Write what `decide` reads, the pairs of unknowns, and where what writes NetCDF is installed, that for ArviZ."""
    import pandas as pd

    from answers.fitting.fit_figure import pairs_figure
    from answers.fitting.fit_netcdf import available, write_netcdf

    write_posterior(pd.DataFrame(result.draws, columns=[one.name for one in result.learnt]), priors, out)
    write_atomically(out / "pairs.png", lambda path: pairs_figure(result).savefig(path))
    if available():
        write_netcdf(result, out)


def tell(result: Fit) -> Answer:
    """Return a fit as an answer."""

    def figure() -> "Figure":
        from answers.fitting.fit_figure import fit_figure  # matplotlib takes a moment

        return fit_figure(result)

    text = paragraph(result)
    return Answer("fit", summary_of(result) | {"answer": text}, table_of(result), text, figure, shown_of(result))
