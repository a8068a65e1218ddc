"""Where among a study's factors a condition mostly holds: `patchmarket discover`."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from answers.answer import Answer
from answers.factors.blocks import block_size, check_points
from answers.factors.boxes import LEVEL, SHUFFLES, Found, Points, coverage_of, density_of, discover
from answers.factors.condition import Condition
from batch.columns import RUN_COLUMNS
from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from batch.analysis import StudyResults
    from batch.study import Study

LEAST_POINTS = 10  # assumed: with fewer no box could be told from noise
COLUMNS = ("box", "rule", "coverage", "density", "mass", "p_value")


class Cases(NamedTuple):
    """The runs in which the condition can be told, by point."""

    points: Points
    total: int  # such runs
    cases: int  # those in which it holds
    unknown: int  # runs without a value in a column that the condition uses
    failed: int  # runs that failed


def find(results: "StudyResults", when: str) -> Answer:
    """Return the boxes of a study's factors in which a condition on its runs mostly holds.

    Parameters
    ----------
    results
        A study of any design.
    when
        The condition, as `answers.factors.condition` reads it.

    Raises
    ------
    ScenarioError
        For a condition that cannot be read, or a study of too few points or without factors.
    """
    study = results.study
    cases = cases_of(results, when)
    found = discover(cases.points) if 0 < cases.cases < cases.total else Found([], np.zeros(0, bool), (math.nan,) * 2)
    table = table_of(found)
    summary: dict[str, Any] = {
        "study": study.name,
        "when": when,
        "runs": cases.total,
        "runs_failed": cases.failed,
        "runs_unknown": cases.unknown,
        "share": cases.cases / cases.total,
        "boxes": [
            {
                "rule": box.rule,
                "limits": [limit_told(limit) for limit in box.limits],
                "coverage": box.coverage,
                "density": box.density,
                "mass": box.mass,
                "p_value": box.p_value,
            }
            for box in found.boxes
        ],
        "together": None if not found.boxes else together(cases.points, found),
    }

    def figure() -> "Figure":
        from answers.factors.discover_figure import discover_figure

        return discover_figure(study.name, when, cases.points, found)

    return Answer(
        name="discover",
        summary=summary,
        table=table,
        text=paragraph(study, when, cases, found),
        figure=figure,
    )


def cases_of(results: "StudyResults", when: str) -> Cases:
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


def limit_told(limit: Any) -> dict[str, Any]:
    """Return what a box asks of a factor as plain values."""
    if limit.levels:
        return {"factor": limit.factor, "levels": list(limit.levels)}
    return {"factor": limit.factor, "above": plain_bound(limit.low), "at_most": plain_bound(limit.high)}


def plain_bound(value: float) -> float | None:
    """Return a bound, None where there is none."""
    return value if math.isfinite(value) else None


def together(points: Points, found: Found) -> dict[str, float | None]:
    """Return the coverage and density of all boxes as one; also on points held out."""
    return {
        "coverage": coverage_of(points, found.union),
        "density": density_of(points, found.union),
        "held_out_coverage": plain_bound(found.held_out[0]),
        "held_out_density": plain_bound(found.held_out[1]),
    }


def table_of(found: Found) -> "pd.DataFrame":
    """Return a row a box."""
    import pandas as pd

    rows = [
        (number, box.rule, box.coverage, box.density, box.mass, box.p_value)
        for number, box in enumerate(found.boxes, start=1)
    ]
    kinds = {"box": int, "rule": str, "coverage": float, "density": float, "mass": float, "p_value": float}
    return pd.DataFrame(rows, columns=COLUMNS).astype(kinds)


def paragraph(study: "Study", when: str, cases: Cases, found: Found) -> str:
    """Say where the condition holds, and how far to trust that."""
    share = cases.cases / cases.total
    sentences = [f"{when} holds in {share:.1%} of {cases.total:,} runs at {len(cases.points.share):,} points."]
    if not cases.cases or cases.cases == cases.total:
        sentences.append(f"As it holds in {'all' if cases.cases else 'none'} of them, there is nothing to look for.")
    elif not found.boxes:
        sentences.append(
            "No part of the space of factors was found in which it holds more often, beyond what noise would give "
            f"(best of {SHUFFLES} trees grown on shuffled outcomes, level {LEVEL:.0%})."
        )
    for number, box in enumerate(found.boxes, start=1):
        sentences.append(
            f"Box {number}: {box.rule}. It holds {box.coverage:.0%} of all cases (coverage); {box.density:.0%} of its "
            f"runs are cases (density); noise gives one as good with p = {box.p_value:.3f}."
        )
    if found.boxes:
        whole = together(cases.points, found)
        sentences.append(
            f"Together: coverage {whole['coverage']:.0%}, density {whole['density']:.0%}; of boxes found without the "
            f"points they are judged by: coverage {told(whole['held_out_coverage'])}, density "
            f"{told(whole['held_out_density'])}."
        )
    if cases.failed:
        sentences.append(f"{cases.failed:,} runs failed; the boxes say nothing of them.")
    if cases.unknown:
        sentences.append(f"{cases.unknown:,} runs have no value in a column that the condition uses and are left out.")
    missing = len(study.points) - len(cases.points.share)
    if missing:
        sentences.append(f"{missing:,} points have no run in which it can be told.")
    return " ".join(sentences)


def told(value: float | None) -> str:
    """Write a share, or that there is none."""
    return "none" if value is None else f"{value:.0%}"
