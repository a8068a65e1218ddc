"""Benchmarks of the market alone: a quiet year, a small market as in sweeps, and the growth with the users."""

from statistics import median
from typing import NamedTuple

from benchmarks.contender_process import ContenderProcess

QUIET = {"flaws.per_year": 0, "word_of_mouth.talk_per_day": 0}
SMALL = 2_000  # users; a typical run of a sweep


class Measurement(NamedTuple):
    """One measurement."""

    what: str
    users: int
    value: float  # median
    lowest: float
    highest: float
    unit: str


def measure_market(large: int, doubled: tuple[int, ...], rounds: int) -> list[Measurement]:
    """Measure everything in one process, after a warm-up.

    Parameters
    ----------
    large
        Users in the quiet year.
    doubled
        Numbers of users that are compared with twice as many.
    rounds
        Repetitions of each measurement; five times as many for the small market.
    """
    process = ContenderProcess("patchmarket")
    quiet = [process.measure(large, seed, settings=QUIET).run * 1000 for seed in range(1, rounds + 1)]
    found = [summarise("quiet year: no flaws, nobody talks", large, quiet, "ms")]
    small = [process.measure(SMALL, seed, reuse_graph=True) for seed in range(1, 5 * rounds + 1)]
    years = [1000 * (timing.build + timing.run) for timing in small]
    found.append(summarise("year from scenario to end, graph reused", SMALL, years, "ms"))
    for users in doubled:
        pairs = [(process.measure(2 * users, seed), process.measure(users, seed)) for seed in range(1, rounds + 1)]
        growth = [twice.run / once.run for twice, once in pairs]
        found.append(summarise("year of twice as many users / year", users, growth, "times"))
    process.close()
    return found


def summarise(what: str, users: int, values: list[float], unit: str) -> Measurement:
    """Summarise one measurement."""
    return Measurement(what, users, median(values), min(values), max(values), unit)
