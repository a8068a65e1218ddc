"""Founding: who is there on day 0, drawn from streams of their own."""

from functools import partial
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.bernoulli import bernoulli_indices
from agents.provider import Provider
from agents.users import INITIAL, UNKNOWN, Floats, Rows, Users
from model.errors import ScenarioError
from model.streams import stream

if TYPE_CHECKING:
    from model.scenario import Scenario


def create_providers(market: mesa.Model, scenario: "Scenario", seed: int) -> list[Provider]:
    """Make the providers, in the scenario's order."""
    return [
        Provider(
            market,
            index,
            name=given.name,
            policy=given.policy,
            price=given.price,
            capacity=given.server_capacity,
            server_cost=given.server_cost,
            claimed_downtime=given.claimed_downtime,
            failures_per_day=-np.expm1(-given.failures.per_server_year / 365),
            failure_minutes=given.failures.outage_minutes,
            strategy=given.strategy,
            review_days=given.review_days,
            lead_days=given.lead_days,
            sla=tuple((tier.below, tier.credit) for tier in given.sla.tiers),
            sla_counts_maintenance=given.sla.counts_maintenance,
            recovery_credit=given.recovery_credit,
            stream=partial(stream, seed, owner=given.name),
        )
        for index, given in enumerate(scenario.providers)
    ]


def create_users(
    rows: Rows,
    scenario: "Scenario",
    seed: int,
    tolerance: ArrayLike | None = None,
    downtime_value: ArrayLike | None = None,
    provider: Any = None,
) -> Users:
    """Make the users: each knows its own provider at 0 minutes a month, and maybe others at their claims.

    Rows beyond `users.count` are for those who arrive later; they are nowhere yet.
    """
    given, n, p = scenario.users, scenario.users.count, len(scenario.providers)
    later = len(rows) - n
    # Requirements is stratified, so that exactly the share `reach` of the users can run on a platform.
    requirements = (stream(seed, "fussiness").permutation(n) + 0.5) / n
    requirements = np.concatenate([requirements, stream(seed, "fussiness", "arrivals").random(later)])
    seats = stream(seed, "seats").permutation(n)
    own = (
        seat(scenario, requirements[:n], seats)
        if provider is None
        else _column("provider", provider, n, 0, p - 1, whole=True).astype(np.int16)
    )
    everybody = n + later
    users = Users.on(
        rows,
        provider=np.concatenate([own, np.full(later, -1, np.int16)]),
        slot=_slots(own, seats, p, everybody * (2 if given.redundancy.available else 1)),
        belief=np.array(np.nan),
        source=np.array(UNKNOWN),
        as_of=np.array(-1),
        tolerance=_lognormal(given.tolerance, stream(seed, "tolerances"), everybody),
        value=_lognormal(given.downtime_value, stream(seed, "values"), everybody),
        requirements=requirements,
        instances=np.array(1),
    )
    if tolerance is not None:
        users.tolerance[:n] = _column("tolerance", tolerance, n)
    if downtime_value is not None:
        users.value[:n] = _column("downtime_value", downtime_value, n, np.nextafter(0, 1))
    for j, settings in enumerate(scenario.providers):
        aware = bernoulli_indices(stream(seed, "awareness", settings.name), everybody, given.initial_awareness)
        users.belief[aware, j] = settings.claimed_downtime
        users.source[aware, j] = INITIAL
    users.belief[np.arange(n), own] = 0.0
    users.source[np.arange(n), own] = INITIAL
    return users


def seat(scenario: "Scenario", requirements: Floats, seats: NDArray[np.int64]) -> NDArray[np.int16]:
    """Give every user a provider by the shares, at random; special platforms first, to users who can run there.

    Providers of equal reach are gone through by name, so their order in the file does not matter.
    """
    n, settings = len(requirements), scenario.providers
    sizes = largest_remainder(scenario.shares, [s.name for s in settings], n)
    own = np.full(n, -1, np.int16)
    free = seats
    for j in sorted(range(len(settings)), key=lambda j: (settings[j].policy.reachable, settings[j].name)):
        able = requirements[free] < settings[j].policy.reachable
        chosen = free[able][: sizes[j]]
        own[chosen] = j
        free = free[own[free] < 0]
    if len(free):  # rounding may leave a platform one user short of its share
        own[free] = max(range(len(settings)), key=lambda j: settings[j].policy.reachable)
    return own


def largest_remainder(shares: list[float], names: list[str], n: int) -> list[int]:
    """Split `n` users by shares into whole numbers that sum to `n` (Hamilton's method, ties by name).

    >>> largest_remainder([0.5, 0.25, 0.25], ["a", "b", "c"], 10)
    [5, 3, 2]
    """
    exact = [share * n for share in shares]
    sizes = [int(e + 1e-9) for e in exact]
    by_remainder = sorted(range(len(sizes)), key=lambda j: (round(sizes[j] - exact[j], 9), names[j]))
    for j in by_remainder[: n - sum(sizes)]:
        sizes[j] += 1
    return sizes


def _slots(own: NDArray[np.int16], seats: NDArray[np.int64], providers: int, room: int) -> NDArray[np.int32]:
    """Give each provider's users their slots in the order of `seats`, so that neighbours are spread."""
    slots = np.zeros(room, np.int32)
    for j in range(providers):
        members = seats[own[seats] == j]
        slots[members] = np.arange(len(members), dtype=np.int32)
    return slots


def _lognormal(spread: Any, rng: np.random.Generator, n: int) -> Floats:
    """Draw lognormal values; the same draws serve every median and sigma (common random numbers)."""
    with np.errstate(over="ignore"):  # what is too large for a number is infinite, which both may be
        return np.asarray(spread.median * np.exp(spread.sigma * rng.standard_normal(n)))


def _column(name: str, values: Any, n: int, least: float = 0, most: float = np.inf, *, whole: bool = False) -> Floats:
    """Take over one value for each of the users who are there from the start, checked."""
    try:
        column = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise ScenarioError.of(name, values, f"must be {n} numbers, one for each user") from None
    if column.shape != (n,):
        raise ScenarioError.of(name, f"an array of shape {column.shape}", f"must have one value for each of {n} users")
    if not ((column >= least) & (column <= most)).all() or (whole and (column % 1).any()):
        limits = f"from {least:g} to {most:g}" if np.isfinite(most) else f"at least {least:g}"
        raise ScenarioError.of(name, values, f"every value must be {'a whole number ' if whole else ''}{limits}")
    return column
