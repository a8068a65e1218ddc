"""Runs that go wrong in every way, and quick ones that do not; also a sweep of them as a process of its own.

What runs do is an argument (`ProcessPool(study, execute=...)`), so the code under test knows nothing of tests.
"""

import hashlib
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd  # noqa: F401 -- Arrow loads it in the first run otherwise, which counts as that run's time
import pyarrow as pa

from batch.outcomes import Result
from batch.pool import ProcessPool
from batch.study import Study

POINTS = 4
NAMES = ["Reboot & Co", "Live & Co"]


def study(replicates=50, **settings):
    return Study.load("tiny", replicates=replicates, **{"outcomes.series": True, "outcomes.flows": True, **settings})


def number(run, what):
    """A number that depends on the run alone."""
    digest = hashlib.sha256(f"{run.seed}/{run.point}/{what}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def row_of(study, run):
    return {
        "run_id": run.run_id,
        "point": run.point,
        "replicate": run.replicate,
        "seed": run.seed,
        **study.points[run.point].labels,
        "days": 3,
        "stopped": "",
        "moves": number(run, "moves") % 1000,
        "lost_share_p0": None if run.replicate % 7 == 3 else number(run, "lost") / 2**48,
    }


def empty(study, run):
    """A run that takes no time."""
    return Result({"run_id": run.run_id}, None, None, None)


def sleepy(study, run):
    """A run of 10 ms."""
    end = time.perf_counter() + 0.010
    while time.perf_counter() < end:
        pass
    return Result(row_of(study, run), None, None, None)


def quick(study, run):
    """A run of about 5 ms, with small tables."""
    time.sleep(0.005)
    days = 3
    series = pa.table(
        {
            "run_id": [run.run_id] * days,
            "day": pa.array(range(days), pa.int32()),
            "profit": [number(run, day) / 7 for day in range(days)],
        }
    )
    flows = pa.table({"run_id": [run.run_id], "from": NAMES[:1], "to": NAMES[1:], "users": [number(run, "flow")]})
    return Result(row_of(study, run), series, flows if run.replicate % 2 else flows.slice(0, 0), None)


def year(study, run):
    """A run that takes no time and gives a year of days of two providers."""
    days = 365 * 2
    columns = {f"column{k}": [float(k)] * days for k in range(17)}
    return Result(row_of(study, run), pa.table({"run_id": [run.run_id] * days, **columns}), None, None)


def tell_process(study, run):
    """A run that tells which process did it."""
    return Result(row_of(study, run) | {"moves": os.getpid()}, None, None, None)


def never(study, run):
    """A run that always fails."""
    raise ValueError("never")


def broken():
    """A preparation that fails."""
    return 1 / 0


@dataclass(frozen=True)
class Faulty:
    """A quick run, unless it is at point 1 and its replicate is one of those that go wrong."""

    faults: dict[int, str]

    def __call__(self, study, run):
        fault = self.faults.get(run.replicate) if run.point == 1 else None
        if fault == "raise":
            raise ValueError("the model is wrong")
        if fault == "exit":
            os._exit(7)
        if fault == "leave":
            sys.exit(3)
        if fault == "hang":
            time.sleep(3600)
        if fault == "eat":
            hoard = []
            while True:
                hoard.append(bytearray(b"x") * (8 << 20))
        if fault == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return quick(study, run)


def pool(study, execute=quick, **options):
    return ProcessPool(study, execute=execute, initialize=None, **options)


def sweep(out, do, workers, replicates):
    """Sweep as the command does, with runs that are told: for tests that need a process to kill."""
    from batch.runner import run_study
    from tests import faults  # by its name: workers cannot see what is run as a script

    plan = study(int(replicates))
    outcome = run_study(plan, Path(out), pool(plan, getattr(faults, do), workers=int(workers)))
    sys.stdout.write(json.dumps(outcome._asdict()))


def say(number):
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def fork_sweeps():
    """Fork a sweep for each line of standard input; say its process, and when it has ended, how.

    It spares the tests that kill many of them to import everything each time.
    """
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            sweep(*line.split())
            os._exit(0)
        say(process)
        say(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


if __name__ == "__main__":
    fork_sweeps()
