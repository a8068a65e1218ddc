"""The goals, and whether this run met them. They hold for one core of a quiet machine."""

from typing import NamedTuple

from benchmarks.graphs import Built
from benchmarks.own import SMALL, Own
from benchmarks.race import Place

MILLION = 1_000_000


class Goal(NamedTuple):
    """A promise about speed or memory."""

    goal: str
    measured: float
    limit: float
    unit: str
    met: str


def goals(places: list[Place], own: list[Own], graphs: list[Built]) -> list[Goal]:
    """Return the goals of which something was measured."""
    ours = {place.users: place for place in places if place.implementation == "patchmarket" and place.rounds}
    found = []
    if place := ours.get(100_000):
        found.append(at_least("faster than Mesa objects, 100,000 users", place.faster_than_objects, 300, "times"))
    if place := ours.get(MILLION):
        found.append(at_most("as slow as the C bound, 1,000,000 users", place.times_bound, 2, "times"))
        found.append(at_most("year of 1,000,000 users", place.year_s, 6, "s"))
        found.append(at_most("memory of 1,000,000 users", place.peak_mib, 700, "MiB"))
    if place := ours.get(10 * MILLION):
        found.append(at_most("memory of 10,000,000 users", place.peak_mib, 8000, "MiB"))
    for measure in own:
        if measure.unit == "times":
            found.append(at_most(f"users doubled, {measure.users:,}", measure.value, 2, "times"))
        elif measure.users == SMALL:
            found.append(at_most(f"year of {SMALL:,} users, graph reused", measure.value, 8, "ms"))
        elif measure.users == MILLION:
            found.append(at_most("quiet year of 1,000,000 users", measure.value, 20, "ms"))
    largest = [graph for graph in graphs if graph.users == 10 * MILLION]
    if largest:
        found.append(at_most("slowest graph of 10,000,000 users", max(graph.seconds for graph in largest), 60, "s"))
        found.append(at_most("its memory, the most", max(graph.peak_mib for graph in largest), 4000, "MiB"))
    return found


def at_most(goal: str, measured: float, limit: float, unit: str) -> Goal:
    """Judge what should be small."""
    return Goal(goal, measured, limit, unit, "met" if measured <= limit else "missed")


def at_least(goal: str, measured: float, limit: float, unit: str) -> Goal:
    """Judge what should be large."""
    return Goal(goal, measured, limit, unit, "met" if measured >= limit else "missed")
