"""The race: seconds per simulated year of every contender at every size, measured in alternation.

Each contender runs in its own process, so that its peak memory can be measured; sizes increase, so that the peak so far
belongs to the current size. In a round all contenders run with the same seed. Ratios are taken within a round, so that
load on the machine affects both numbers.
"""

from statistics import median
from typing import NamedTuple, Self

from benchmarks.contender_process import ContenderProcess, UnavailableError
from benchmarks.contenders import CONTENDERS, YEAR, Timing

MIB = 2**20
MAX_MEMORY = 8000 * MIB  # contenders that would need more are left out


class Size(NamedTuple):
    """A number of users, and how many rounds are run."""

    users: int
    rounds: int


class Result(NamedTuple):
    """A contender's result at one size."""

    users: int
    implementation: str
    rounds: int  # 0: left out
    year_s: float  # median seconds for a simulated year
    faster_than_objects: float  # median of the ratios within a round
    times_bound: float  # likewise, time relative to the C program
    build_s: float  # median
    peak_mib: float
    days: int  # least number of days in a round; times are extrapolated to a year
    note: str  # why it is left out


class Race:
    """All contenders at increasing sizes.

    Parameters
    ----------
    patience
        Seconds. A run that takes longer is cut short; a contender that would need longer to build is left out.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.processes: dict[str, ContenderProcess] = {}
        self.versions: dict[str, str] = {}
        self.excluded: dict[str, str] = {}  # contenders that are left out, with the reason
        self.last: dict[str, tuple[int, list[Timing]]] = {}  # users and timings of the last size

    def __enter__(self) -> Self:
        """Start the process of each contender."""
        for name in CONTENDERS:
            try:
                self.processes[name] = ContenderProcess(name)
                self.versions |= self.processes[name].versions
            except UnavailableError as reason:
                self.excluded[name] = str(reason)
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        for process in self.processes.values():
            process.close()

    def run(self, size: Size) -> list[Result]:
        """Return the results of all contenders at a size, which must be larger than the previous ones."""
        for name in list(self.processes):
            if why := self._reason_to_exclude(name, size.users):
                self.excluded[name] = why
                self.processes.pop(name).close()
        found: dict[str, list[Timing]] = {name: [] for name in self.processes}
        for seed in range(1, size.rounds + 1):
            for name, process in self.processes.items():
                found[name].append(process.measure(size.users, seed, self.patience))
        self.last = {name: (size.users, timings) for name, timings in found.items()}
        return [
            summarise(size.users, name, found) if name in found else left_out(size.users, name, self.excluded[name])
            for name in CONTENDERS
        ]

    def _reason_to_exclude(self, name: str, users: int) -> str:
        """Return why a size would take too much, extrapolated from the previous one; empty if it would not."""
        if name not in self.last:
            return ""
        before, timings = self.last[name]
        growth = users / before
        build = growth * median(timing.build for timing in timings)
        day = growth * median(timing.run / timing.days for timing in timings)
        peak = growth * max(timing.peak for timing in timings)
        if build > self.patience or day > self.patience:
            return f"{users:,} users: {build:,.0f} s to build, {day:,.0f} s a day"
        return f"{users:,} users: {peak / MIB:,.0f} MiB" if peak > MAX_MEMORY else ""


def summarise(users: int, name: str, found: dict[str, list[Timing]]) -> Result:
    """Return a contender's result over all rounds at one size."""
    timings = found[name]
    days = min(timing.days for timing in timings)
    return Result(
        users,
        CONTENDERS[name].title,
        len(timings),
        median(timing.year for timing in timings),
        1 / ratio(timings, found.get("mesa-objects", [])),
        ratio(timings, found.get("bound", [])),
        median(timing.build for timing in timings),
        max(timing.peak for timing in timings) / MIB,
        days,
        "extrapolated" if days < YEAR else "",
    )


def left_out(users: int, name: str, why: str) -> Result:
    """Return the result of a contender that does not run."""
    nothing = float("nan")
    return Result(users, CONTENDERS[name].title, 0, nothing, nothing, nothing, nothing, nothing, 0, why)


def ratio(timings: list[Timing], others: list[Timing]) -> float:
    """Return the median ratio of times to the others' times, round by round; nan without others."""
    if not others:
        return float("nan")
    return median(timing.year / other.year for timing, other in zip(timings, others, strict=True))
