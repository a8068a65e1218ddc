"""What only the project's own market is asked: a quiet year, a small one for sweeps, and what doubling it costs."""

from statistics import median
from typing import NamedTuple

from benchmarks.worker import Worker

QUIET = {"flaws.per_year": 0, "word_of_mouth.talk_per_day": 0}
SMALL = 2_000  # users of a run in a sweep


class Own(NamedTuple):
    """One measurement."""

    what: str
    users: int
    value: float  # median
    lowest: float
    highest: float
    unit: str


def measure_own(large: int, doubled: tuple[int, ...], rounds: int) -> list[Own]:
    """Measure everything, in one process that is warm.

    Parameters
    ----------
    large
        Users of the quiet year.
    doubled
        Users of the markets that are compared with ones twice as large.
    rounds
        Of each; a small year gets five times as many.
    """
    worker = Worker("ours")
    quiet = [worker.ask(large, seed, settings=QUIET).run * 1000 for seed in range(1, rounds + 1)]
    found = [own("quiet year: no flaws, nobody talks", large, quiet, "ms")]
    small = [worker.ask(SMALL, seed, reuse_graph=True) for seed in range(1, 5 * rounds + 1)]
    years = [1000 * (timing.build + timing.run) for timing in small]
    found.append(own("year from scenario to end, graph reused", SMALL, years, "ms"))
    for users in doubled:
        pairs = [(worker.ask(2 * users, seed), worker.ask(users, seed)) for seed in range(1, rounds + 1)]
        growth = [twice.run / once.run for twice, once in pairs]
        found.append(own("year of twice as many users / year", users, growth, "times"))
    worker.close()
    return found


def own(what: str, users: int, values: list[float], unit: str) -> Own:
    """Summarise one measurement."""
    return Own(what, users, median(values), min(values), max(values), unit)
