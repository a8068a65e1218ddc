"""A discovery as a table of boxes, and as the object of `--json`."""

from typing import TYPE_CHECKING, Any

from answers.numbers import finite
from answers.scenario_discovery.boxes import Limit
from answers.scenario_discovery.discover_measure import Discovery

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("box", "rule", "coverage", "density", "mass", "p_value")


def table_of(discovery: Discovery) -> "pd.DataFrame":
    """Return a row a box."""
    import pandas as pd

    rows = [
        (number, box.rule, box.coverage, box.density, box.mass, box.p_value)
        for number, box in enumerate(discovery.found.boxes, start=1)
    ]
    kinds = {"box": int, "rule": str, "coverage": float, "density": float, "mass": float, "p_value": float}
    return pd.DataFrame(rows, columns=COLUMNS).astype(kinds)


def summary_of(discovery: Discovery) -> dict[str, Any]:
    """Return the object of `--json`."""
    cases = discovery.cases
    return {
        "study": discovery.study,
        "when": discovery.when,
        "runs": cases.total,
        "runs_failed": cases.failed,
        "runs_unknown": cases.unknown,
        "share": cases.cases / cases.total,
        "boxes": [
            {
                "rule": box.rule,
                "limits": [limit_values(limit) for limit in box.limits],
                "coverage": box.coverage,
                "density": box.density,
                "mass": box.mass,
                "p_value": box.p_value,
            }
            for box in discovery.found.boxes
        ],
        "together": discovery.together,
    }


def limit_values(limit: Limit) -> dict[str, Any]:
    """Return what a box asks of a factor as plain values; None where it sets no bound."""
    if limit.levels:
        return {"factor": limit.factor, "levels": list(limit.levels)}
    return {"factor": limit.factor, "above": finite(limit.low), "at_most": finite(limit.high)}
