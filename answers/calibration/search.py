"""The search for settings that meet targets: trials proposed by Optuna, kept on disk one by one, and gone on with.

All trials run the same seeds (common random numbers), so that the loss is a function of the settings alone. What is
tried next follows from the trials done so far and their number: a search that was stopped and goes on tries the same
settings as one that was not.

References
----------
Bergstra, J., Bardenet, R., Bengio, Y., Kegl, B. (2011). Algorithms for hyper-parameter optimization. NIPS 24: the
tree-structured Parzen estimator. Akiba, T., et al. (2019). Optuna. KDD '19.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from answers.calibration.measures import Seen, loss, measured
from answers.calibration.simulate import Simulate
from answers.calibration.targets import Problem
from batch.identity import derived_seed

RANDOM_TRIALS = 8  # for each setting: spread over the ranges before the estimator is trusted
ALIKE = 3.841  # chi-squared with one degree of freedom, 95 %
WORST = 1e12  # stands for an infinite loss, which the estimator cannot learn from


class Trial(NamedTuple):
    """Settings that were tried, and what they gave."""

    values: dict[str, Any]
    simulated: list[float]  # by target
    loss: float


def search(
    problem: Problem,
    simulate: Simulate,
    seeds: Sequence[int],
    storage: Path,
    *,
    name: str,
    trials: int,
    seed: int,
    progress: Callable[[int], object] | None = None,
) -> list[Trial]:
    """Do the trials that are not done yet, and return them all in their order.

    Parameters
    ----------
    problem
        What is fitted, to what.
    simulate
        Runs a scenario once for each seed.
    seeds
        Those of every trial's runs.
    storage
        An SQLite file, made if it is not there. It may hold several searches.
    name
        Of the search in it.
    trials
        How many trials there shall be in all.
    seed
        Decides which settings are tried.
    progress
        Called with the number of trials that are done.
    """
    import optuna
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with database(storage) as kept:
        study = optuna.create_study(storage=kept, study_name=name, load_if_exists=True)
        for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING)):
            study.tell(left.number, state=TrialState.FAIL)  # was under way when its process ended: it is done anew
        done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        for number in range(len(done), trials):
            study.sampler = optuna.samplers.TPESampler(
                n_startup_trials=RANDOM_TRIALS * len(problem.paths), seed=derived_seed(seed, "trial", number) % 2**32
            )
            if number == 0 and (unit := problem.unit_of(problem.before())) is not None:
                study.enqueue_trial(dict(zip(problem.paths, unit, strict=True)))
            trial = study.ask()
            values = problem.values([trial.suggest_float(path, 0.0, 1.0) for path in problem.paths])
            seen = simulate(problem.scenario.replace(**values), seeds)
            found = by_target(seen)
            total = loss(problem.targets.targets, found)
            trial.set_user_attr("values", values)
            trial.set_user_attr("simulated", [value if math.isfinite(value) else None for value in found])
            study.tell(trial, min(total, WORST))
            if progress is not None:
                progress(number + 1)
        return [told(trial) for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))[:trials]]


@contextmanager
def database(path: Path) -> Iterator[Any]:
    """Open Optuna's storage in an SQLite file, and close its connections afterwards."""
    from optuna.storages import RDBStorage

    storage = RDBStorage(f"sqlite:///{path}")
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def by_target(seen: Sequence[Sequence[Seen]]) -> list[float]:
    """Return what runs give together for each target."""
    return [measured(runs) for runs in zip(*seen, strict=True)]


def told(trial: Any) -> Trial:
    """Return one of Optuna's trials in our words."""
    simulated = [math.nan if value is None else float(value) for value in trial.user_attrs["simulated"]]
    return Trial(trial.user_attrs["values"], simulated, math.inf if trial.value >= WORST else float(trial.value))


def best(trials: Sequence[Trial]) -> Trial:
    """Return the trial with the least loss, the first of several."""
    return min(trials, key=lambda trial: trial.loss)


def alike(trials: Sequence[Trial], path: str) -> tuple[float, float]:
    """Return the range of a setting in the trials that meet the targets about as well as the best.

    These are those whose loss is at most 3.84 above the least: where misfits are normal and trials many, a 95 %
    interval for one setting (the likelihood ratio's). Trials are few, so it is rather too narrow than too wide.
    """
    least = best(trials).loss
    values = [trial.values[path] for trial in trials if trial.loss <= least + ALIKE]
    return min(values), max(values)
