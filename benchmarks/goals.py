"""Goals for speed and memory, on one core of a quiet machine, and whether this run meets them."""

from typing import NamedTuple

from benchmarks.graphs import GraphBuild
from benchmarks.race import Result
from benchmarks.single_market import SMALL, Measurement

MILLION = 1_000_000


class Goal(NamedTuple):
    """A limit for speed or memory, and the measured value."""

    goal: str
    measured: float
    limit: float
    unit: str
    met: str


def check_goals(results: list[Result], market: list[Measurement], graphs: list[GraphBuild]) -> list[Goal]:
    """Return the goals for which there are measurements."""
    at_size = {result.users: result for result in results if result.implementation == "patchmarket" and result.rounds}
    found = []
    if result := at_size.get(100_000):
        found.append(at_least("faster than Mesa objects, 100,000 users", result.faster_than_objects, 300, "times"))
    if result := at_size.get(MILLION):
        found.append(at_most("time relative to the C bound, 1,000,000 users", result.times_bound, 2, "times"))
        found.append(at_most("year of 1,000,000 users", result.year_s, 6, "s"))
        found.append(at_most("memory of 1,000,000 users", result.peak_mib, 700, "MiB"))
    if result := at_size.get(10 * MILLION):
        found.append(at_most("memory of 10,000,000 users", result.peak_mib, 8000, "MiB"))
    for measure in market:
        if measure.unit == "times":
            found.append(at_most(f"time for twice as many users, {measure.users:,}", measure.value, 2, "times"))
        elif measure.users == SMALL:
            found.append(at_most(f"year of {SMALL:,} users, graph reused", measure.value, 8, "ms"))
        elif measure.users == MILLION:
            found.append(at_most("quiet year of 1,000,000 users", measure.value, 20, "ms"))
    largest = [graph for graph in graphs if graph.users == 10 * MILLION]
    if largest:
        found.append(at_most("slowest graph of 10,000,000 users", max(graph.seconds for graph in largest), 60, "s"))
        found.append(
            at_most(
                "largest memory of a graph of 10,000,000 users", max(graph.peak_mib for graph in largest), 4000, "MiB"
            )
        )
    return found


def at_most(goal: str, measured: float, limit: float, unit: str) -> Goal:
    """Return a goal whose value should be at most the limit."""
    return Goal(goal, measured, limit, unit, "met" if measured <= limit else "missed")


def at_least(goal: str, measured: float, limit: float, unit: str) -> Goal:
    """Return a goal whose value should be at least the limit."""
    return Goal(goal, measured, limit, unit, "met" if measured >= limit else "missed")
