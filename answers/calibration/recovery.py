"""Parameter recovery: settings are planted, what they show becomes the target, and the fit is held against them.

A calibration is worth no more than this shows: a setting that is not found again from simulated data, of which
everything is known, is not determined by such data from the world either.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answers.answer import Answer
from answers.calibration.calibrate import checked
from answers.calibration.folder import TRIALS, held, question
from answers.calibration.measures import standard_error
from answers.calibration.search import Trial, alike, best, by_target, search
from answers.calibration.simulate import Simulate, simulator
from answers.calibration.targets import Problem, Targets, coordinate
from batch.identity import derived_seed
from batch.machine import cores
from batch.progress import Display
from batch.runner import Counts
from model.errors import ScenarioError

if TYPE_CHECKING:
    pass

ATTEMPTS = 50  # at settings in which enough users leave for all targets to be measured


def recover(
    problem: Problem,
    plants: int,
    out: Path | None = None,
    *,
    trials: int = 60,
    replicates: int = 20,
    seed: int = 1,
    workers: int | None = None,
) -> Answer:
    """Plant settings drawn from their ranges, take what they show for observed, and fit them again.

    The planted runs have other seeds than those of the fit: other people and flaws, as in the world.

    Parameters
    ----------
    problem
        The scenario, what is measured, and the settings. The targets' values are replaced.
    plants
        How many combinations are planted.
    out, trials, replicates, seed, workers
        As of `calibrate`.
    """
    seeds, theirs = ([derived_seed(seed, use, r) for r in range(replicates)] for use in ("replicate", "planted"))
    most = plants * trials * replicates
    rows: list[dict[str, Any]] = []
    asked = question(problem, replicates=replicates, seed=seed, planted=True)
    with (
        held(out, asked) as folder,
        simulator(problem.targets.targets, workers or cores()) as simulate,
        Display() as show,
    ):
        for number in range(plants):
            values, planted = plant(problem, simulate, theirs, derived_seed(seed, "plant", number))
            first = number * trials

            def tell(done: int, first: int = first) -> None:
                show(Counts((first + done) * replicates, 0, 0, most, stopping=False))

            done = search(
                planted,
                simulate,
                seeds,
                folder / TRIALS,
                name=f"plant-{number}",
                trials=trials,
                seed=seed,
                progress=tell,
            )
            checked(done)
            rows += compared(planted, number, values, done)
    return told(problem, rows, plants, trials, replicates)


def plant(problem: Problem, simulate: Simulate, seeds: Sequence[int], seed: int) -> tuple[dict[str, Any], Problem]:
    """Draw settings under which all can be measured; return them, and the problem of finding them again."""
    import numpy as np

    rng = np.random.default_rng(seed)
    for _ in range(ATTEMPTS):
        values = problem.values(rng.random(len(problem.paths)).tolist())
        seen = simulate(problem.scenario.replace(**values), seeds)
        found = by_target(seen)
        errors = [standard_error(runs) for runs in zip(*seen, strict=True)]
        targets = problem.targets.targets
        if all(_usable(*pair) for pair in zip(targets, found, errors, strict=True)):
            # Both sides are simulated with as many runs: their difference has twice the variance.
            new = [
                target.model_copy(update={"value": value, "standard_error": error * math.sqrt(2)})
                for target, value, error in zip(targets, found, errors, strict=True)
            ]
            return values, Problem(problem.scenario, Targets(targets=new, fit=problem.targets.fit))
    raise ScenarioError(
        f"--recover: in none of {ATTEMPTS} drawn settings did enough users leave to measure all targets; "
        "give other ranges, more users, days or replicates"
    )


def _usable(target: Any, value: float, error: float) -> bool:
    share = target.measure == "lost-share"
    return math.isfinite(value) and math.isfinite(error) and error > 0 and value > 0 and (value < 1 or not share)


def compared(problem: Problem, number: int, planted: dict[str, Any], trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Return a row for each setting; `distance` (fitted less planted) and `width` are shares of its range."""
    rows = []
    for axis, path in zip(problem.axes, problem.paths, strict=True):
        low, high = alike(trials, path)
        fitted = best(trials).values[path]
        row = {"plant": number, "setting": path, "planted": planted[path], "fitted": fitted, "low": low, "high": high}
        distance = coordinate(axis, fitted) - coordinate(axis, planted[path])
        width = coordinate(axis, high) - coordinate(axis, low)
        inside = bool(low <= planted[path] <= high)
        rows.append(row | {"distance": distance, "width": width, "inside": inside})
    return rows


def told(problem: Problem, rows: list[dict[str, Any]], plants: int, trials: int, replicates: int) -> Answer:
    """Make the answer."""
    import pandas as pd

    from answers.calibration.calibrate_figures import recovery_figure
    from answers.calibration.calibrate_text import recovery_paragraph

    table: pd.DataFrame = pd.DataFrame(rows)
    summary = {
        "scenario": problem.scenario.name,
        "plants": plants,
        "trials": trials,
        "replicates": replicates,
        "settings": rows,
    }
    text = recovery_paragraph(table, plants)
    return Answer("recovery", summary, table, text, lambda: recovery_figure(problem, table))
