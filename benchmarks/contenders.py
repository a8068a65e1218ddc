"""The contenders: several implementations of the same market, and how a year of each is timed.

Each contender is a generator. It builds its market and then yields after every day: the days done and the share of
users that the first provider has lost. The same code can therefore time all of them.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from model.scenario import Scenario

YEAR = 365  # days

Days = Iterator[tuple[int, float]]


class Contender(NamedTuple):
    """An implementation of the market."""

    title: str
    days: Callable[..., Days] | None  # None: a C program, which times itself
    packages: tuple[str, ...]  # whose versions are reported
    requires: tuple[str, ...] = ()  # packages for a separate environment, if they conflict with the project


class Timing(NamedTuple):
    """Time, in seconds, and memory of a run."""

    build: float  # flaws, graph and users
    run: float  # all days done
    days: int
    lost: float  # share of the first provider's users
    peak: int  # bytes; peak memory of the process so far

    @property
    def year(self) -> float:
        """Seconds for a year, extrapolated if fewer days were done."""
        return self.run / self.days * YEAR


def mesa_objects(scenario: Scenario, seed: int) -> Days:
    """Run the plain Mesa model."""
    from benchmarks.mesa_objects import PlainMarket

    market = PlainMarket(scenario, rng=seed)
    at_start = len(market.hosts[0].guests)
    with released(market):
        yield 0, 0.0
        while market.day < scenario.days:
            market.step()
            yield market.day, 1 - len(market.hosts[0].guests) / at_start


def agentpy_objects(scenario: Scenario, seed: int) -> Days:
    """Run the AgentPy model."""
    from benchmarks.agentpy_objects import AgentPyMarket

    market = AgentPyMarket({"scenario": scenario, "seed": seed, "steps": scenario.days})
    market.sim_setup()
    yield 0, 0.0
    while market.running:
        market.sim_step()
        yield market.t, market.lost


def mesa_dataframes(scenario: Scenario, seed: int) -> Days:
    """Run the mesa-frames model."""
    from benchmarks.mesa_dataframes import FrameMarket

    market = FrameMarket(scenario, rng=seed)
    yield 0, 0.0
    while market.day < scenario.days:
        market.step()
        yield market.day, market.lost


def numpy_columns(scenario: Scenario, seed: int) -> Days:
    """Run the numpy model."""
    from benchmarks.numpy_columns import ColumnMarket

    market = ColumnMarket(scenario, rng=seed)
    yield 0, 0.0
    while market.day < scenario.days:
        market.step()
        yield market.day, market.lost


def patchmarket(scenario: Scenario, seed: int, graph: Any = None) -> Days:
    """Run the project's market, a year in one call."""
    from model.market import Market

    market = Market(scenario, rng=seed, graph=graph)
    at_start = max(int(market.fleets.size[0]), 1)
    with released(market):
        yield 0, 0.0
        market.run()
        yield market.day, 1 - int(market.fleets.size[0]) / at_start


@contextmanager
def released(market: Any) -> Iterator[None]:
    """Release a Mesa model afterwards: Mesa 3.3 keeps a reference to each model in a table of ids."""
    import mesa

    try:
        yield
    finally:
        getattr(mesa.Agent, "_ids", {}).pop(market, None)


CONTENDERS = {
    "mesa-objects": Contender("Mesa objects", mesa_objects, ("mesa",)),
    "agentpy": Contender("AgentPy", agentpy_objects, ("agentpy",), ("agentpy==0.1.5",)),
    "mesa-frames": Contender("mesa-frames", mesa_dataframes, ("mesa-frames", "polars"), ("mesa-frames==0.1.0a0",)),
    "numpy": Contender("numpy only", numpy_columns, ("numpy",)),
    "patchmarket": Contender("patchmarket", patchmarket, ("numba",)),
    "bound": Contender("C bound", None, ()),
    "bound-single": Contender("C, single precision", None, ()),
}


def scenario_of(users: int, **settings: Any) -> Scenario:
    """Return the thought experiment with this number of users."""
    return Scenario.preset("thought-experiment", **({"users.count": users} | settings))


def measure(name: str, scenario: Scenario, seed: int, patience: float = float("inf"), graph: Any = None) -> Timing:
    """Build a market and run its days, or fewer if they take longer than `patience` seconds."""
    run_days = CONTENDERS[name].days
    if run_days is None:
        return measure_bound(scenario, seed, "double" if name == "bound" else "float")
    gc.collect()
    start = time.perf_counter()
    days = run_days(scenario, seed) if graph is None else run_days(scenario, seed, graph)
    done, lost = next(days)
    built = ended = time.perf_counter()
    while done < scenario.days and ended - built <= patience:
        done, lost = next(days)
        ended = time.perf_counter()
    return Timing(built - start, ended - built, done, lost, peak_memory())


def measure_bound(scenario: Scenario, seed: int, precision: str) -> Timing:
    """Time the C program on the market's graph and users; the build time is that of writing them to a file."""
    from benchmarks.bound import program, run_bound, write_input
    from model.market import Market

    program(precision)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        start = time.perf_counter()
        write_input(path, Market(scenario, rng=seed), precision)
        built = time.perf_counter()
        gc.collect()
        year = run_bound(path, seed, precision)
    return Timing(built - start, year.seconds, scenario.days, year.lost, year.allocated)


def peak_memory() -> int:
    """Return the peak memory of this process, in bytes.

    On Linux this is the kernel's high-water mark, because `getrusage` starts at the size of the parent process.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource
    import sys

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
