"""The initial state: providers and users on day 0, drawn from streams of their own.

The names of the streams ("fussiness", "seats") are part of the results: another name gives other draws.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.bernoulli import bernoulli_indices
from agents.provider import Provider
from agents.users import INITIAL, UNKNOWN, Floats, Rows, Users
from model.errors import ScenarioError
from model.schema import Failures
from model.streams import stream

if TYPE_CHECKING:
    from model.scenario import Scenario


def create_providers(market: mesa.Model, scenario: "Scenario", seed: int) -> list[Provider]:
    """Return the providers, in the scenario's order."""
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
            failures_per_day=failure_chance(given.failures),
            failure_minutes=given.failures.outage_minutes,
            security=scenario.security,
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


def failure_chance(failures: Failures) -> float:
    """Return the chance that a server fails on a day."""
    return float(-np.expm1(-failures.per_server_year / 365))


def create_users(
    rows: Rows,
    scenario: "Scenario",
    seed: int,
    tolerance: ArrayLike | None = None,
    downtime_value: ArrayLike | None = None,
    provider: Any = None,
) -> Users:
    """Return the users. Each believes its own provider to have no downtime, and may know others by their claims.

    Rows beyond `users.count` are for users who arrive later; they have no provider yet.

    Parameters
    ----------
    tolerance, downtime_value, provider
        One value for each initial user, in place of those drawn; `provider` holds indices.

    Raises
    ------
    ScenarioError
        If one of these columns has another length or values that are not allowed.
    """
    given, n, p = scenario.users, scenario.users.count, len(scenario.providers)
    later = len(rows) - n
    # Requirements are stratified, so that exactly the share `reach` of the users can run on a platform.
    requirements = (stream(seed, "fussiness").permutation(n) + 0.5) / n
    requirements = np.concatenate([requirements, stream(seed, "fussiness", "arrivals").random(later)])
    order = stream(seed, "seats").permutation(n)
    own = (
        assign_providers(scenario, requirements[:n], order)
        if provider is None
        else _column("provider", provider, n, 0, p - 1, whole=True).astype(np.int16)
    )
    rows_in_all = n + later
    users = Users.on(
        rows,
        provider=np.concatenate([own, np.full(later, -1, np.int16)]),
        slot=_slots(own, order, p, rows_in_all * (2 if given.redundancy.available else 1)),
        belief=np.array(np.nan),
        source=np.array(UNKNOWN),
        as_of=np.array(-1),
        tolerance=_lognormal(given.tolerance, stream(seed, "tolerances"), rows_in_all),
        value=_lognormal(given.downtime_value, stream(seed, "values"), rows_in_all),
        requirements=requirements,
        instances=np.array(1),
    )
    if tolerance is not None:
        users.tolerance[:n] = _column("tolerance", tolerance, n)
    if downtime_value is not None:
        users.value[:n] = _column("downtime_value", downtime_value, n, np.nextafter(0, 1))
    for j, settings in enumerate(scenario.providers):
        aware = bernoulli_indices(stream(seed, "awareness", settings.name), rows_in_all, given.initial_awareness)
        users.belief[aware, j] = settings.claimed_downtime
        users.source[aware, j] = INITIAL
    users.belief[np.arange(n), own] = 0.0
    users.source[np.arange(n), own] = INITIAL
    return users


def assign_providers(scenario: "Scenario", requirements: Floats, order: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return each user's provider, by the shares: providers take users who can run on their platform, in `order`.

    Platforms with the smallest reach come first. Those of equal reach are sorted by name, so their order in the file
    does not matter.
    """
    n, settings = len(requirements), scenario.providers
    sizes = largest_remainder(scenario.shares, [s.name for s in settings], n)
    own = np.full(n, -1, np.int16)
    free = order
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


def _slots(own: NDArray[np.int16], order: NDArray[np.int64], providers: int, size: int) -> NDArray[np.int32]:
    """Return the slots of each provider's users, in random `order`, so that neighbours are on different servers."""
    slots = np.zeros(size, np.int32)
    for j in range(providers):
        members = order[own[order] == j]
        slots[members] = np.arange(len(members), dtype=np.int32)
    return slots


def _lognormal(spread: Any, rng: np.random.Generator, n: int) -> Floats:
    """Draw lognormal values, from the same normal draws for every median and sigma (common random numbers)."""
    with np.errstate(over="ignore"):  # values too large for a float become infinite, which is allowed
        return np.asarray(spread.median * np.exp(spread.sigma * rng.standard_normal(n)))


def _column(name: str, values: Any, n: int, least: float = 0, most: float = np.inf, *, whole: bool = False) -> Floats:
    """Return the values given for the initial users as a checked column."""
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
