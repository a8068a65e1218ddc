"""A sensitivity analysis as the object of `--json`."""

from typing import Any

from answers.numbers import finite
from answers.sensitivity_analysis.sensitivity_measure import Sensitivity


def summary_of(found: Sensitivity) -> dict[str, Any]:
    """Return the object of `--json`; an index without an interval has none there."""
    return {
        "study": found.study,
        "outcome": found.outcome,
        "design": found.design,
        "blocks": found.blocks,
        "blocks_left_out": found.dropped,
        "runs_failed": found.failed,
        "runs_missing": found.missing,
        "mean": found.mean,
        "sd": found.sd,
        "noise_floor": finite(found.noise_floor),
        "indices": [{key: finite(value) for key, value in row.items()} for row in found.table.to_dict("records")],
    }
