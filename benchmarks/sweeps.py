"""Benchmark of sweeps: the overhead of a run, and the speed-up by a second worker.

Run with `python -m benchmarks.sweeps`, optionally with `--quick`. A sweep writes every result to disk at once; loky and
mesa.batch_run only keep results in memory, so the difference is the cost of safety. All alternate on the same machine.
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

from batch.pool import ProcessPool
from batch.runner import run_study
from batch.study import Study
from benchmarks.sweep_tasks import WORK, run_busy, run_empty, spin

POINTS = 4  # number of points of the study `tiny`


def loky_run(seconds: float) -> dict[str, int]:
    """Work for this long, as a task for loky."""
    spin(seconds)
    return {"run": 0}


class MesaRun(mesa.Model):  # type: ignore[misc]  # Mesa ships no types
    """A model for `mesa.batch_run` that works for this long in one step."""

    def __init__(self, seconds: float = 0.0, number: int = 0, rng: int | None = None) -> None:
        super().__init__(rng=rng)
        self.seconds, self.number = seconds, number
        self.datacollector = mesa.DataCollector({"number": "number"})

    def step(self) -> None:
        """Work and stop."""
        spin(self.seconds)
        self.datacollector.collect(self)
        self.running = False


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield the path of a new folder, which is deleted afterwards."""
    with tempfile.TemporaryDirectory() as parent:
        yield Path(parent) / "out"


def run_sweep(seconds: float, runs: int, workers: int) -> None:
    """Run a sweep."""
    study = Study.load("tiny", replicates=runs // POINTS)
    execute = run_busy if seconds else run_empty
    with temporary_folder() as out:
        run_study(study, out, ProcessPool(study, workers, execute=execute, initialize=None))


def run_loky(seconds: float, runs: int, workers: int) -> None:
    """Run as many tasks with loky."""
    list(get_reusable_executor(max_workers=workers).map(loky_run, [seconds] * runs))


def run_mesa(seconds: float, runs: int, workers: int) -> None:
    """Run as many models with `mesa.batch_run`."""
    parameters: dict[str, Any] = {"seconds": seconds, "number": range(runs)}
    mesa.batch_run(MesaRun, parameters, number_processes=workers, display_progress=False)


RUNNERS: dict[str, Callable[[float, int, int], None]] = {
    "patchmarket": run_sweep,
    "loky": run_loky,
    "mesa.batch_run": run_mesa,
}


def milliseconds(runner: Callable[[float, int, int], None], seconds: float, runs: int, workers: int) -> float:
    """Return the time per run in milliseconds, without start and stop of the workers."""
    few = max(POINTS, runs // 10 // POINTS * POINTS)
    runner(seconds, few, workers)  # warm-up: load what is loaded only once
    times = []
    for count in (few, runs):
        begin = time.perf_counter()
        runner(seconds, count, workers)
        times.append(time.perf_counter() - begin)
    return (times[1] - times[0]) / (runs - few) * 1e3


def table(quick: bool) -> None:
    """Print the time per run of each runner."""
    repeats = 1 if quick else 3
    print(f"{'ms per run':<28}{'1 worker':>10}{'2 workers':>10}{'speed-up':>10}")
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
    """Time a sweep of the thought experiment with 2,000 users for a year."""
    tables = {"name": "thought", "scenario": "thought-experiment", "replicates": runs}
    study = Study.load(tables, **{"scenario.users.count": 2000})
    with temporary_folder() as out:
        begin = time.perf_counter()
        run_study(study, out, workers=workers)
        seconds = time.perf_counter() - begin
    print(f"{runs:,} runs of the thought experiment, 2,000 users, a year, {workers} workers: {seconds:.1f} s")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs, one repetition")
    quick = parser.parse_args().quick
    print(f"Python {sys.version.split()[0]}, Mesa {mesa.__version__}\n")
    table(quick)
    print()
    thought_experiment(40 if quick else 2000, 2)


if __name__ == "__main__":
    main()
