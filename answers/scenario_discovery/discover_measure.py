"""What `discover` measures: boxes with their coverage and density, each and together."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from answers.numbers import finite
from answers.scenario_discovery.boxes import Found, Points, boxes_of, coverage_of, density_of
from answers.scenario_discovery.discover_ask import Cases

if TYPE_CHECKING:
    from batch.study import Study


@dataclass(frozen=True)
class Discovery:
    """Where a condition mostly holds, in plain numbers."""

    study: str
    when: str  # the condition
    cases: Cases
    found: Found  # the boxes
    together: dict[str, float | None] | None  # coverage and density of all boxes as one; None: no box
    silent: int  # points without a run in which the condition can be told


def measure(study: "Study", when: str, cases: Cases) -> Discovery:
    """Return the boxes in which the condition mostly holds; none where it holds always or never."""
    nothing = Found([], np.zeros(0, bool), (math.nan,) * 2)
    found = boxes_of(cases.points) if 0 < cases.cases < cases.total else nothing
    together = all_as_one(cases.points, found) if found.boxes else None
    return Discovery(study.name, when, cases, found, together, len(study.points) - len(cases.points.share))


def all_as_one(points: Points, found: Found) -> dict[str, float | None]:
    """Return the coverage and density of all boxes as one; also on points held out."""
    return {
        "coverage": coverage_of(points, found.union),
        "density": density_of(points, found.union),
        "held_out_coverage": finite(found.held_out[0]),
        "held_out_density": finite(found.held_out[1]),
    }
