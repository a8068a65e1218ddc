"""Tasks for the benchmark of sweeps. Workers import them by name, so they are not in the script that is run."""

import time

from batch.outcomes import Result
from batch.study import Run, Study

WORK = 0.010  # seconds; duration of a run that is not empty


def spin(seconds: float) -> None:
    """Keep a processor busy for this long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def run_empty(_study: Study, run: Run) -> Result:
    """Do nothing."""
    return Result({"run_id": run.run_id}, None, None, None)


def run_busy(_study: Study, run: Run) -> Result:
    """Work for 10 ms."""
    spin(WORK)
    return Result({"run_id": run.run_id}, None, None, None)
