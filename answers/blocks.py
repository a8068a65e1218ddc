"""A study's outcomes by point, in the blocks that its design is made of: a lost point spoils its whole block.

A block is a row of Saltelli's matrices with its crossings, or a walk of Morris. Its points are compared with each other
only, so each block's means are over the replicates that all of its points have: with common random numbers these met
the same flaws, graph and people. Nothing is ever put in the place of what is missing.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.design import Morris, Saltelli
from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from batch.analysis import StudyResults
    from batch.study import Study

Floats = NDArray[np.float64]
LEAST_BLOCKS = 4  # assumed: below it the bootstrap intervals of indices mean nothing


class Blocks(NamedTuple):
    """Means of an outcome over replicates."""

    means: Floats  # blocks by points of a block; only of the blocks that are whole
    kept: NDArray[np.bool_]  # which of the design's blocks these are
    noise: float  # variance of a point's mean that is due to the few replicates; nan where there is only one
    failed: int  # runs that failed
    missing: int  # runs that are not done, did not fail, or have no such outcome

    @property
    def dropped(self) -> int:
        """The number of blocks that are left out."""
        return int((~self.kept).sum())


def block_size(study: "Study") -> int:
    """Return the number of points of a block of a study's design, 1 where points stand alone."""
    match study.design:
        case Saltelli(second_order=second):
            return (2 if second else 1) * len(study.axes) + 2
        case Morris():
            return len(study.axes) + 1
    return 1


def numeric_outcomes(runs: "pd.DataFrame") -> list[str]:
    """Return the names of the outcomes that are numbers."""
    from pandas.api.types import is_numeric_dtype

    from batch.analysis import FIRST_OUTCOME

    names = list(runs.columns)
    return [name for name in names[names.index(FIRST_OUTCOME) :] if is_numeric_dtype(runs[name])]


def blocks_of(results: "StudyResults", outcome: str) -> Blocks:
    """Return an outcome's means by block.

    Raises
    ------
    ScenarioError
        When there is no such outcome, too few blocks are whole, or the design is not the one that was run.
    """
    study, runs = results.study, results.runs()
    if outcome not in (known := numeric_outcomes(runs)):
        raise ScenarioError.of("--outcome", outcome, f"must be one of {', '.join(known)}")
    check_points(study, runs)
    values = np.full((len(study.points), study.replicates.most), np.nan)
    values[runs["point"], runs["replicate"]] = runs[outcome].to_numpy(float)
    whole = values.reshape(-1, block_size(study), study.replicates.most)
    common = np.isfinite(whole).all(axis=1)
    kept = common.any(axis=1)
    if kept.sum() < LEAST_BLOCKS:
        raise ScenarioError(
            f"{results.folder}: {kept.sum()} of {len(kept)} blocks of the design are whole; at least {LEAST_BLOCKS} "
            f"must be (runs done: {len(runs):,} of {study.total_runs:,}, failed: {len(results.failures()):,})"
        )
    used = common[kept][:, None, :]
    means = np.where(used, whole[kept], 0).sum(axis=2) / used.sum(axis=2)
    failed = len(results.failures())
    wanted = len(study.points) * study.replicates.minimum
    missing = max(wanted - int(np.isfinite(values).sum()) - failed, 0)
    return Blocks(means, kept, noise_of(values, common=study.common_random_numbers), failed, missing)


def noise_of(values: Floats, *, common: bool) -> float:
    """Return the mean variance of points' means over replicates.

    With common random numbers only what replicates do not have in common counts: what is left of the values after
    each point's and each replicate's mean.
    """
    there = values[np.isfinite(values).sum(axis=1) > 1]
    there = there[:, np.isfinite(there).any(axis=0)]
    if len(there) < 2:
        return np.nan
    left = there - np.nanmean(there, axis=1, keepdims=True)
    if common:
        left = left - np.nanmean(left, axis=0, keepdims=True)
    number = np.isfinite(there).sum(axis=1)
    return float(np.mean(np.nansum(left**2, axis=1) / (number - 1) / number))


def check_points(study: "Study", runs: "pd.DataFrame") -> None:
    """Refuse runs whose levels are not those of the design: its sampler has changed since they were done."""
    for name in study.points[0].labels:
        now = np.array([point.labels[name] for point in study.points], dtype=object)
        if (now[runs["point"]] != runs[name].to_numpy(object)).any():
            raise ScenarioError(
                f"{name}: the runs have other levels than the design gives now; analyse them with the versions of "
                "SALib and scipy in manifest.json"
            )
