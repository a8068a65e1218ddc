"""Experiments: one scenario in several variants that meet the same people, network and flaws in each replicate.

An experiment is a study like any other: swept by the same runner, kept in the same kind of folder, completed by the
same command after an interruption. Two variants' runs of one replicate have the same seed, so their difference is
that of the variants (common random numbers; Law 2015, Simulation Modeling and Analysis, 11.2).
"""

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from batch.study import Study
from model.errors import ScenarioError
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


class Variant(NamedTuple):
    """A change to the scenario."""

    name: str
    settings: dict[str, Any]  # dotted path -> value; none: the scenario as it is


class Runs(NamedTuple):
    """What came of an experiment."""

    table: "pd.DataFrame"  # a row a run, sorted by point and replicate; point is the variant's number
    failures: "pd.DataFrame"  # a row a failed run


def experiment(
    scenario: Scenario,
    variants: Sequence[Variant],
    *,
    name: str,
    question: str = "",
    replicates: int = 100,
    seed: int = 1,
    **settings: Any,
) -> Study:
    """Return the study that runs every variant in each replicate.

    Parameters
    ----------
    scenario, variants
        What is run; the number of a variant is that of its point.
    name, question, replicates, seed
        Of the study.
    settings
        Other keys of the study by dotted path, e.g. `**{"outcomes.series": True}`.
    """
    tables = {
        "name": name,
        "question": question,
        "seed": seed,
        "scenario": scenario,
        "replicates": {"minimum": replicates},
        "design": {"kind": "points", "points": [variant.settings for variant in variants]},
    }
    return Study.load(tables, **settings)


def carry_out(study: Study, out: Path | None = None, workers: int | None = None) -> Runs:
    """Do the runs of a study that are not done yet, and return them all.

    Parameters
    ----------
    out
        The study's folder; None: one that is forgotten afterwards.
    workers
        Processes; None: one for each processor.
    """
    from batch.analysis import open_study
    from batch.machine import cores
    from batch.progress import Display
    from batch.runner import run_study

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "study" if out is None else out
        with Display() as show:
            run_study(study, folder, workers=workers or cores(), progress=show)
        results = open_study(folder)
        runs = results.runs().sort_values(["point", "replicate"], ignore_index=True)
        return Runs(runs, results.failures())


def paired(runs: "pd.DataFrame", outcome: str) -> "pd.DataFrame":
    """Return an outcome by replicate (rows) and point (columns), only the replicates that all points have.

    A replicate of which one run failed, or has no such outcome, says nothing about differences.
    """
    table = runs.pivot_table(index="replicate", columns="point", values=outcome, dropna=False)
    return table.dropna()


def need_replicates(replicates: Iterable[Any], least: int = 2) -> None:
    """Refuse to draw an interval from fewer replicates than it needs."""
    if (found := len(list(replicates))) < least:
        raise ScenarioError.of("replicates", found, f"must leave at least {least} in which all runs were done")
