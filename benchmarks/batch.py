"""Measure sweeps: what one run costs beside the run itself, and what a second worker brings.

`python -m benchmarks.batch`, or `--quick`. Ours keeps every result on disk as it comes; loky and mesa.batch_run only
hold them in memory, so this is not a race, but says what safety costs. All take turns on the same machine.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import mesa
from loky import get_reusable_executor

from batch.outcomes import Result
from batch.pool import ProcessPool
from batch.runner import run_study
from batch.study import Run, Study

WORK = 0.010  # seconds of a run that is not empty
POINTS = 4  # of the study `tiny`


def spin(seconds: float) -> None:
    """Keep a processor busy."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def empty(_study: Study, run: Run) -> Result:
    """Do nothing."""
    return Result({"run_id": run.run_id}, None, None, None)


def busy(_study: Study, run: Run) -> Result:
    """Work for 10 ms."""
    spin(WORK)
    return Result({"run_id": run.run_id}, None, None, None)


def loky_run(seconds: float) -> dict[str, int]:
    """Work as long as told: what loky is given."""
    spin(seconds)
    return {"run": 0}


class MesaRun(mesa.Model):  # type: ignore[misc]  # Mesa ships no types
    """Work as long as told, in one step: what `mesa.batch_run` is given."""

    def __init__(self, seconds: float = 0.0, number: int = 0, rng: int | None = None) -> None:
        super().__init__(rng=rng)
        self.seconds, self.number = seconds, number
        self.datacollector = mesa.DataCollector({"number": "number"})

    def step(self) -> None:
        """Work, and stop."""
        spin(self.seconds)
        self.datacollector.collect(self)
        self.running = False


@contextmanager
def folder() -> Iterator[Path]:
    """Give a new folder, for a moment."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place) / "out"


def ours(seconds: float, runs: int, workers: int) -> None:
    """Sweep."""
    from benchmarks.batch import busy, empty  # by their name: workers cannot see what is run as a script

    study = Study.load("tiny", replicates=runs // POINTS)
    do = busy if seconds else empty
    with folder() as out:
        run_study(study, out, ProcessPool(study, workers, execute=do, initialize=None))


def loky(seconds: float, runs: int, workers: int) -> None:
    """Let loky do as much."""
    list(get_reusable_executor(max_workers=workers).map(loky_run, [seconds] * runs))


def batch_run(seconds: float, runs: int, workers: int) -> None:
    """Let `mesa.batch_run` do as much."""
    parameters: dict[str, Any] = {"seconds": seconds, "number": range(runs)}
    mesa.batch_run(MesaRun, parameters, number_processes=workers, display_progress=False)


RUNNERS: dict[str, Callable[[float, int, int], None]] = {"patchmarket": ours, "loky": loky, "mesa.batch_run": batch_run}


def milliseconds(runner: Callable[[float, int, int], None], seconds: float, runs: int, workers: int) -> float:
    """Return what one run takes, without what starting and stopping does."""
    few = max(POINTS, runs // 10 // POINTS * POINTS)
    runner(seconds, few, workers)  # whatever is loaded only once
    times = []
    for count in (few, runs):
        begin = time.perf_counter()
        runner(seconds, count, workers)
        times.append(time.perf_counter() - begin)
    return (times[1] - times[0]) / (runs - few) * 1e3


def table(quick: bool) -> None:
    """Print what a run costs with each runner."""
    repeats = 1 if quick else 3
    print(f"{'ms a run':<28}{'1 worker':>10}{'2 workers':>10}{'speed-up':>10}")
    for title, seconds, runs in (("empty", 0.0, 400 if quick else 4000), ("10 ms", WORK, 100 if quick else 800)):
        found: dict[str, list[list[float]]] = {name: [[], []] for name in RUNNERS}
        for _ in range(repeats):
            for name, runner in RUNNERS.items():
                for workers in (1, 2):
                    found[name][workers - 1].append(milliseconds(runner, seconds, runs, workers))
        for name, (one, two) in found.items():
            speedup = f"{median(one) / median(two):>10.2f}" if seconds else ""
            print(f"{title + ', ' + name:<28}{median(one):>10.2f}{median(two):>10.2f}{speedup}")


def thought_experiment(runs: int, workers: int) -> None:
    """Sweep the thought experiment with 2,000 users for a year."""
    tables = {"name": "thought", "scenario": "thought-experiment", "replicates": runs}
    study = Study.load(tables, **{"scenario.users.count": 2000})
    with folder() as out:
        begin = time.perf_counter()
        run_study(study, out, workers=workers)
        seconds = time.perf_counter() - begin
    print(f"{runs:,} runs of the thought experiment, 2,000 users, a year, {workers} workers: {seconds:.1f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs, once")
    quick = parser.parse_args().quick
    print(f"Python {sys.version.split()[0]}, Mesa {mesa.__version__}\n")
    table(quick)
    print()
    thought_experiment(40 if quick else 2000, 2)


if __name__ == "__main__":
    main()
