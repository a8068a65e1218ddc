"""Measure the market against the same model in Mesa objects: `python -m benchmarks`, or `--quick`.

Everything is measured side by side in one run: what is compared takes turns, on the same seeds, and medians
are shown, so that a slow or busy machine moves both columns and hardly their ratio.
"""

import argparse
import gc
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import mesa

from benchmarks.mesa_objects import PlainMarket
from model.market import Market
from model.scenario import Scenario

ROOT = Path(__file__).parents[1]
YEAR = 365  # days
PATIENCE = 120.0  # seconds that a year of Mesa objects may take before it is cut short
GOAL = 50.0  # milliseconds for a year of 2,000 users, graph included
SIZES = {1_000: 7, 10_000: 5, 100_000: 1}  # users: repetitions
QUICK_SIZES = {300: 3, 1_000: 3}
LARGE, QUICK_LARGE = 1_000_000, 20_000

BARE_COMMAND = """
import typer
app = typer.Typer()
@app.command()
def main(users: int = 1) -> None:
    '''Do nothing.'''
app()
"""


class Timing(NamedTuple):
    """How long a market took, in seconds."""

    build: float  # flaws, graph, people
    run: float  # the days done
    days: int

    @property
    def year(self) -> float:
        """Seconds for a year, scaled up if fewer days were done."""
        return self.run / self.days * YEAR


def preset(users: int) -> Scenario:
    """Return the thought experiment with some number of users."""
    return Scenario.preset("thought-experiment", **{"users.count": users})


def timed(kind: Callable[..., Any], scenario: Scenario, seed: int, patience: float = float("inf")) -> Timing:
    """Build a market and let its days pass, fewer if patience runs out."""
    gc.collect()
    start = time.perf_counter()
    market = kind(scenario, rng=seed)
    built = time.perf_counter()
    while market.day < scenario.days and time.perf_counter() - built < patience:
        market.step()
    timing = Timing(built - start, time.perf_counter() - built, market.day)
    # Mesa 3.3 counts ids in a class-level table that keeps every model alive; the next must not pay for it.
    getattr(mesa.Agent, "_ids", {}).pop(market, None)
    return timing


def warm_up() -> None:
    """Load compiled code and fill caches."""
    timed(PlainMarket, preset(300), seed=0)
    timed(Market, preset(300), seed=0)


def measure_alone(users: int) -> list[str]:
    """Time a market and note this process's peak memory; for a process that does nothing else."""
    warm_up()
    timing = timed(Market, preset(users), seed=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return [
        f"{users:>10,} users: {timing.year:.2f} s a year, built in {timing.build:.2f} s,"
        f" peak memory {peak:,.0f} MiB (one run, in a process of its own)"
    ]


def measure_large(users: int) -> list[str]:
    """Measure one market in a fresh process."""
    command = [sys.executable, "-m", "benchmarks", "--alone", str(users)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def compare_sizes(sizes: dict[int, int]) -> list[str]:
    """Run both markets in turn at each size, and tabulate seconds a simulated year."""
    lines = [
        f"{'users':>10} {'runs':>5} {'objects':>10} {'ours':>10} {'ratio':>8}"
        f" {'objects, built':>16} {'ours, built':>12}"
    ]
    notes = []
    for users, repetitions in sizes.items():
        scenario = preset(users)
        pairs = [
            (timed(PlainMarket, scenario, seed, PATIENCE), timed(Market, scenario, seed))
            for seed in range(1, repetitions + 1)
        ]
        objects, ours = zip(*pairs, strict=True)
        lines.append(
            f"{users:>10,} {repetitions:>5}"
            f" {median(t.year for t in objects):>10.3f} {median(t.year for t in ours):>10.4f}"
            f" {median(o.year / t.year for o, t in pairs):>8.0f}"
            f" {median(t.build for t in objects):>16.3f} {median(t.build for t in ours):>12.4f}"
        )
        days = min(t.days for t in objects)
        if days < YEAR:
            notes.append(f"{users:,} users: only {days} days of the objects, scaled to a year")
    return lines + notes


def measure_year(users: int, repetitions: int) -> list[str]:
    """Time whole years, the graph included."""
    scenario = preset(users)
    times = [timed(Market, scenario, seed) for seed in range(1, repetitions + 1)]
    total = sorted(1000 * (t.build + t.run) for t in times)
    verdict = "met" if median(total) < GOAL else "missed"
    return [
        f"{users:>10,} users: {median(total):.1f} ms, from {total[0]:.1f} to {total[-1]:.1f}"
        f" in {repetitions} runs; goal {GOAL:.0f} ms: {verdict}"
    ]


def seconds_to_run(*arguments: str) -> float | None:
    """Return the seconds that a fresh Python takes, or None if it fails or has no help to show."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False)
    taken = time.perf_counter() - start
    worked = done.returncode == 0 and (done.stdout or "--help" not in arguments)
    return taken if worked else None


def compare_starts(repetitions: int) -> list[str]:
    """Time the help page in turn with the least that a command of its kind can take."""
    commands = {
        "python": ("-c", ""),
        "python, import typer": ("-c", "import typer"),
        "a bare typer command, --help": ("-c", BARE_COMMAND, "--help"),
        "patchmarket --help": ("-m", "batch.cli", "--help"),
    }
    for arguments in commands.values():
        seconds_to_run(*arguments)  # the first one reads from disk and writes bytecode
    taken: dict[str, list[float | None]] = {name: [] for name in commands}
    for _ in range(repetitions):
        for name, arguments in commands.items():
            taken[name].append(seconds_to_run(*arguments))
    return [
        f"{name:>32}: "
        + ("does not run" if None in times else f"{1000 * median(t for t in times if t is not None):.0f} ms")
        for name, times in taken.items()
    ]


def machine() -> list[str]:
    """Say what this was measured on."""
    packages = ("mesa", "numpy", "numba", "typer")
    info = Path("/proc/cpuinfo")
    models = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        if info.is_file()
        else []
    )
    return [
        f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in packages),
        f"{models[0] if models else platform.processor() or platform.machine()}, {os.cpu_count()} cores,"
        f" {platform.system()}",
    ]


def show(title: str, lines: list[str]) -> None:
    """Print one table as soon as it is there."""
    print(f"\n{title}", *lines, sep="\n", flush=True)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only, in a few seconds")
    parser.add_argument("--alone", type=int, metavar="USERS", help="only one market of ours, and its memory")
    arguments = parser.parse_args()
    if arguments.alone:
        print(*measure_alone(arguments.alone), sep="\n")
        return
    quick = arguments.quick

    show("Measured with", machine())
    # First, while this process is small: a child's peak memory starts from that of its parent.
    show("A large market (ours)", measure_large(QUICK_LARGE if quick else LARGE))
    warm_up()
    show(
        "Seconds a simulated year: Mesa objects and ours in turn, same seeds; medians, also of the ratios",
        compare_sizes(QUICK_SIZES if quick else SIZES),
    )
    show(
        "A year after warm-up, flaws, graph and people included (ours)",
        measure_year(2_000, 5 if quick else 21),
    )
    show("Start of the command line, in turn", compare_starts(3 if quick else 9))


if __name__ == "__main__":
    main()
