"""The runs of `fit`: markets whose unknowns are drawn from the priors, and some drawn from the posterior."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from answers.experiment import carry_out
from answers.fitting.fit_ask import Question
from answers.unknowns import settings_of
from batch.analysis import open_study
from batch.study import Study

if TYPE_CHECKING:
    from answers.fitting.fit_observed import Values

COLUMNS = ["users", "left", "departed"]  # of each day


def prior_units(question: Question, simulations: int, seed: int) -> "Values":
    """Return draws from the priors on the unit scale, an array of simulations by unknowns: a Latin hypercube."""
    from scipy.stats import qmc

    units: Values = qmc.LatinHypercube(len(question.unknowns), rng=np.random.default_rng(seed)).random(simulations)
    return units


def study_of(question: Question, units: "Values", name: str, seed: int) -> Study:
    """Return the study that runs a market for each draw."""
    points = [
        settings_of(question.unknowns, [u.value(x) for u, x in zip(question.unknowns, row, strict=True)])
        | question.fixed
        for row in units
    ]
    tables: dict[str, Any] = {
        "name": name,
        "question": "What do the records tell about the unknowns?",
        "seed": seed,
        "scenario": question.scenario,
        "common_random_numbers": False,
        "replicates": {"minimum": 1},
        "outcomes": {"series": COLUMNS},
        "design": {"kind": "points", "points": points},
    }
    return Study.load(tables)


def run(
    question: Question, units: "Values", name: str, *, seed: int, workers: int | None, out: Path
) -> "tuple[Values, Values, Values]":
    """Simulate each draw.

    Returns
    -------
    units, customers, cancelled
        The draws whose runs were done; customers at the start of each period and cancellations in it, arrays of draws
        by periods.
    """
    carry_out(study_of(question, units, name, seed), out, workers)
    results = open_study(out)
    runs = results.runs().sort_values("point")
    days, edges = question.scenario.days, question.observed.edges
    own = results.series(["day", "provider", *COLUMNS])
    own = own[own["provider"] == question.scenario.providers[question.provider].name]
    place = dict(zip(runs["run_id"], range(len(runs)), strict=True))
    order = np.lexsort((own["day"].to_numpy(), own["run_id"].map(place).to_numpy()))
    columns = {name: own[name].to_numpy(float)[order].reshape(-1, days) for name in COLUMNS}
    start = round(question.scenario.shares[question.provider] * question.scenario.users.count)
    before = np.column_stack([np.full(len(runs), float(start)), columns["users"]])
    gone = np.cumsum(columns["left"] + columns["departed"], axis=1)
    gone = np.column_stack([np.zeros(len(runs)), gone])
    told = np.isnan(question.observed.customers)
    customers = np.where(told, float(start), before[:, edges[:-1]])
    return units[runs["point"].to_numpy()], customers, np.diff(gone[:, edges], axis=1)
