"""What `discover` asks: in how many of each point's runs a condition holds."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from answers.blocks import block_size, check_points
from answers.scenario_discovery.boxes import Points
from answers.scenario_discovery.condition import Condition
from batch.columns import RUN_COLUMNS
from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from batch.analysis import StudyResults
    from batch.study import Study

LEAST_POINTS = 10  # assumed: with fewer no box could be told from noise


class Cases(NamedTuple):
    """The runs in which the condition can be told, by point."""

    points: Points
    total: int  # such runs
    cases: int  # those in which it holds
    unknown: int  # runs without a value in a column that the condition uses
    failed: int  # runs that failed


def ask(results: "StudyResults", when: str) -> Cases:
    """Return, for each point, in how many of its runs the condition holds."""
    import pandas as pd

    study, runs = results.study, results.runs()
    condition = Condition(when, [name for name in runs.columns if name not in RUN_COLUMNS])
    factors = factors_of(study)
    if factors.empty:
        raise ScenarioError(f"{results.folder}: varies nothing between points; there is nowhere to look")
    check_points(study, runs)
    holds, known = condition.of(runs)
    by_point = pd.DataFrame({"point": runs["point"], "holds": holds})[known].groupby("point")["holds"]
    counted = by_point.agg(["mean", "size"])
    if len(counted) < LEAST_POINTS:
        raise ScenarioError(
            f"{results.folder}: {len(counted)} points have runs in which the condition can be told; "
            f"at least {LEAST_POINTS} must"
        )
    there = counted.index.to_numpy()
    points = Points(
        factors.iloc[there].reset_index(drop=True),
        counted["mean"].to_numpy(float),
        counted["size"].to_numpy(float),
        np.unique(there // block_size(study), return_inverse=True)[1],
        there % block_size(study),
    )
    return Cases(points, int(known.sum()), int(holds.sum()), int((~known).sum()), len(results.failures()))


def factors_of(study: "Study") -> "pd.DataFrame":
    """Return the levels of the factors by point, those that differ: numbers as they are, all else as text."""
    import pandas as pd

    factors = pd.DataFrame([point.labels for point in study.points])
    for name in factors.columns:
        if factors[name].dtype.kind not in "iuf" or factors[name].isna().any():
            factors[name] = [str(value) for value in factors[name]]
    return factors[[name for name in factors.columns if factors[name].nunique() > 1]]
