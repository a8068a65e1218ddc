"""Questions on a small market, whose runs are done in this process."""

import pandas as pd
import pytest

import answers.decision.decide_run
from answers.decision.decide_ask import ask
from answers.decision.decide_measure import measure
from answers.decision.decide_run import run
from answers.experiment import Runs
from batch.outcomes import execute

SMALL = {
    "users.count": 400,
    "days": 200,
    "flaws.per_year": 20.0,
    "users.initial_awareness": 0.3,
    "providers.0.server_capacity": 20,
    "providers.1.server_capacity": 20,
    "providers.0.price": 250.0,  # a server takes in 5,000 dollars, as in the email
    "providers.1.price": 250.0,
}
OPTIONS = ("--set", "users.count=300", "--set", "days=60", "--set", "flaws.per_year=40.0", "--replicates", "3")


def here(study, out=None, workers=None):
    """Do a study's runs in this process."""
    rows = [execute(study, run).row for run in study.first_runs()]
    return Runs(pd.DataFrame(rows).sort_values(["point", "replicate"], ignore_index=True), pd.DataFrame())


def asked_and_run(scenario, replicates, company=None, point=True):
    """Ask whether live patching pays, and run that in this process."""
    question = ask(scenario, company=company, point=point)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers.decision.decide_run, "carry_out", here)
        return question, run(question, replicates=replicates, seed=1, workers=None, out=None)


def decision_on(scenario, replicates, company=None, point=True):
    """Ask whether live patching pays, run that in this process and measure it."""
    return measure(*asked_and_run(scenario, replicates, company, point), seed=1)
