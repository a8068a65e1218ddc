"""The race: seconds per simulated year of every contender at every size, measured in turns.

Each contender has a process of its own, so that its peak memory is its own; sizes grow, so that the peak so far is
that of the size. In a round all take their turn on the same seed; ratios are taken within a round, so that a busy
machine moves both sides of them.
"""

from statistics import median
from typing import NamedTuple, Self

from benchmarks.contenders import CONTENDERS, YEAR, Timing
from benchmarks.worker import UnavailableError, Worker

MIB = 2**20
MOST_MEMORY = 8000 * MIB  # that a contender may be expected to need


class Size(NamedTuple):
    """A size of the market, and how often it is run."""

    users: int
    rounds: int


class Place(NamedTuple):
    """How a contender did at one size."""

    users: int
    implementation: str
    rounds: int  # 0: left out
    year_s: float  # median seconds for a simulated year
    faster_than_objects: float  # median of the ratios within a round
    times_bound: float  # how much slower than the C program, the same
    build_s: float  # median
    peak_mib: float
    days: int  # fewest that were done in a round; the rest is scaled
    note: str  # why it is left out: what it would take, or what is missing


class Race:
    """All contenders at sizes that grow.

    Parameters
    ----------
    patience
        Seconds that the days of one market may take before it is cut short, or its building before it is left out.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.workers: dict[str, Worker] = {}
        self.versions: dict[str, str] = {}
        self.out: dict[str, str] = {}  # contenders that are out of the race, and why
        self.last: dict[str, tuple[int, list[Timing]]] = {}  # users and timings of the last size

    def __enter__(self) -> Self:
        """Start everybody's process."""
        for name in CONTENDERS:
            try:
                self.workers[name] = Worker(name)
                self.versions |= self.workers[name].versions
            except UnavailableError as reason:
                self.out[name] = str(reason)
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes that are left."""
        for worker in self.workers.values():
            worker.close()

    def at(self, size: Size) -> list[Place]:
        """Return everybody's places at a size, above those before."""
        for name in list(self.workers):
            if why := self._hopeless(name, size.users):
                self.out[name] = why
                self.workers.pop(name).close()
        found: dict[str, list[Timing]] = {name: [] for name in self.workers}
        for seed in range(1, size.rounds + 1):
            for name, worker in self.workers.items():
                found[name].append(worker.ask(size.users, seed, self.patience))
        self.last = {name: (size.users, timings) for name, timings in found.items()}
        return [
            place_of(size.users, name, found) if name in found else left_out(size.users, name, self.out[name])
            for name in CONTENDERS
        ]

    def _hopeless(self, name: str, users: int) -> str:
        """Say why a size would be too much, going by the last one; empty if it would not."""
        if name not in self.last:
            return ""
        before, timings = self.last[name]
        growth = users / before
        build = growth * median(timing.build for timing in timings)
        day = growth * median(timing.run / timing.days for timing in timings)
        peak = growth * max(timing.peak for timing in timings)
        if build > self.patience or day > self.patience:
            return f"{users:,} users: {build:,.0f} s to build, {day:,.0f} s a day"
        return f"{users:,} users: {peak / MIB:,.0f} MiB" if peak > MOST_MEMORY else ""


def place_of(users: int, name: str, found: dict[str, list[Timing]]) -> Place:
    """Summarise a contender's rounds at one size."""
    timings = found[name]
    days = min(timing.days for timing in timings)
    return Place(
        users,
        CONTENDERS[name].title,
        len(timings),
        median(timing.year for timing in timings),
        1 / ratio(timings, found.get("mesa-objects", [])),
        ratio(timings, found.get("bound", [])),
        median(timing.build for timing in timings),
        max(timing.peak for timing in timings) / MIB,
        days,
        "scaled" if days < YEAR else "",
    )


def left_out(users: int, name: str, why: str) -> Place:
    """Give the place of one that does not run."""
    nothing = float("nan")
    return Place(users, CONTENDERS[name].title, 0, nothing, nothing, nothing, nothing, nothing, 0, why)


def ratio(timings: list[Timing], others: list[Timing]) -> float:
    """Return the median of how much longer a year took than the others', round by round; nan without others."""
    if not others:
        return float("nan")
    return median(timing.year / other.year for timing, other in zip(timings, others, strict=True))
