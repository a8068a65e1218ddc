"""Calibrate: the settings with which the market shows what was observed, with how well it does so."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answers.answer import Answer
from answers.calibration.folder import TRIALS, held, question
from answers.calibration.measures import misfit, standard_error
from answers.calibration.search import Trial, alike, best, by_target, search
from answers.calibration.simulate import simulator
from answers.calibration.targets import Problem
from batch.identity import derived_seed
from batch.machine import cores
from batch.progress import Display
from batch.runner import Counts
from model.errors import ScenarioError
from model.files import write_atomically
from model.scenario_toml import to_toml

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("name", "before", "fitted", "low", "high", "observed", "error", "misfit")
NORMAL = 1.96  # 95 % of a normal distribution lie within so many standard deviations


def calibrate(
    problem: Problem,
    out: Path | None = None,
    *,
    trials: int = 60,
    replicates: int = 20,
    seed: int = 1,
    workers: int | None = None,
) -> Answer:
    """Fit settings to targets, and measure the fit on runs that the search has not seen.

    Parameters
    ----------
    problem
        The scenario, the targets and the settings to fit.
    out
        A folder that keeps every trial; one with some of them is gone on with. None: nothing is kept.
    trials
        How many combinations of settings are tried, in all.
    replicates
        Runs a trial, with the same seeds in each.
    seed
        Root of all randomness.
    workers
        Processes; None: one for each processor.

    Raises
    ------
    ScenarioError
        When the folder holds something else, or no trial gave all that is to be measured.
    """
    seeds, fresh = ([derived_seed(seed, use, r) for r in range(replicates)] for use in ("replicate", "fresh"))
    asked = question(problem, replicates=replicates, seed=seed)
    with held(out, asked) as folder, simulator(problem.targets.targets, workers or cores()) as simulate:
        with Display() as show:
            done = search(
                problem,
                simulate,
                seeds,
                folder / TRIALS,
                name="fit",
                trials=trials,
                seed=seed,
                progress=lambda n: show(Counts(n * replicates, 0, 0, trials * replicates, stopping=False)),
            )
        found = checked(done)
        fitted = problem.scenario.replace(**found.values)
        seen = simulate(fitted, fresh)
        errors = [standard_error(runs) for runs in zip(*seen, strict=True)]
        answer = told(problem, done, by_target(seen), errors, replicates)
        if out is not None:
            write_atomically(out / "fitted.toml", lambda path: path.write_text(to_toml(fitted), encoding="utf-8"))
            table = trials_table(problem, done)
            write_atomically(out / "trials.csv", lambda path: table.to_csv(path, index=False))
    return answer


def checked(trials: Sequence[Trial]) -> Trial:
    """Return the best trial, if there is any worth the name."""
    found = best(trials)
    if not math.isfinite(found.loss):
        allowed = "must be more, or the ranges others: in none of the trials did enough users leave to measure it all"
        raise ScenarioError.of("--trials", len(trials), allowed)
    return found


def told(
    problem: Problem, trials: Sequence[Trial], simulated: Sequence[float], errors: Sequence[float], replicates: int
) -> Answer:
    """Make the answer."""
    import pandas as pd

    from answers.calibration.calibrate_figures import fit_figure
    from answers.calibration.calibrate_text import paragraph

    found = best(trials)
    settings = setting_rows(problem, trials)
    targets = target_rows(problem, trials, simulated, errors)
    summary = {
        "scenario": problem.scenario.name,
        "trials": len(trials),
        "replicates": replicates,
        "loss": found.loss,
        "fitted": found.values,
        "settings": settings,
        "targets": targets,
    }
    table = pd.DataFrame([*settings, *targets], columns=list(COLUMNS))
    text = paragraph(problem, settings, targets, len(trials), replicates)
    return Answer("calibration", summary, table, text, lambda: fit_figure(problem, trials, targets))


def setting_rows(problem: Problem, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Return for each setting its value before, fitted, and the range in the trials that fit about as well."""
    before, found = problem.before(), best(trials)
    ranges = {path: alike(trials, path) for path in problem.paths}
    return [
        {"name": path, "before": before[path], "fitted": found.values[path], "low": low, "high": high}
        for path, (low, high) in ranges.items()
    ]


def target_rows(
    problem: Problem, trials: Sequence[Trial], simulated: Sequence[float], errors: Sequence[float]
) -> list[dict[str, Any]]:
    """Return for each target what the scenario as it was gave, what the fitted one gives on fresh runs, and the goal.

    `low` to `high` is a 95 % interval of the simulated value, `error` the standard error of the observed one.
    """
    inside = problem.unit_of(problem.before()) is not None  # then it was the first trial
    rows = []
    for number, (target, value, error) in enumerate(zip(problem.targets.targets, simulated, errors, strict=True)):
        before = trials[0].simulated[number] if inside else math.nan
        row = {"name": target.name, "before": None if math.isnan(before) else before, "fitted": value}
        row |= {"low": value - NORMAL * error, "high": value + NORMAL * error, "simulated_error": error}
        rows.append(row | {"observed": target.value, "error": target.standard_error, "misfit": misfit(target, value)})
    return rows


def trials_table(problem: Problem, trials: Sequence[Trial]) -> "pd.DataFrame":
    """Return a row for each trial: its settings, what it gave for each target, its loss."""
    import pandas as pd

    names = [target.name for target in problem.targets.targets]
    rows = [
        {"trial": n, **t.values, **dict(zip(names, t.simulated, strict=True)), "loss": t.loss}
        for n, t in enumerate(trials)
    ]
    return pd.DataFrame(rows)
