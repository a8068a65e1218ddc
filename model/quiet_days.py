"""Quiet days: going over days on which nothing happens but talk, in one call.

On a quiet day no flaw appears and no event happens; no provider has maintenance, a price change, a review or credits to
pay; and no user arrives, departs, sees an advert or renews a contract. Users talk and may want to leave; the first day
on which one does is the last that is passed. The result is that of stepping, to the last byte.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from agents.exposure import NEVER
from agents.policies import Flaw
from agents.provider import Provider
from agents.threads import ThreadPool
from agents.users import Ints
from model.credits import next_payment
from model.demography import Demography
from model.responses import next_review
from model.timeline import Timeline


class Steppable(Protocol):
    """The parts of a market that its quiet days consist of."""

    timeline: Timeline
    day: int
    flaws: Mapping[int, list[Flaw]]
    demography: Demography
    providers: list[Provider]
    removed: list[int]
    _threads: ThreadPool | None

    def _talk_until_someone_leaves(self, day: int, end: int) -> tuple[int, Ints]: ...
    def _choose(self, day: int, leaving: Ints) -> Any: ...
    def _settle(self, days: slice, moves: Any = ...) -> None: ...
    def _end_day(self, day: int) -> None: ...


def run_quiet_days(market: Steppable, end: int) -> None:
    """Pass the quiet days from today on, at most up to the day `end`; none if today is busy."""
    first = market.day
    if needs_every_day(market):
        return
    for provider in market.providers:
        provider.idle(first)
    end = first_busy_day(market, end)
    if first == end:
        return
    last, leaving = market._talk_until_someone_leaves(first, end)
    if first < last:
        market._settle(slice(first, last))
    moves = market._choose(last, leaving)
    market._settle(slice(last, last + 1), moves)
    market._end_day(last)


def needs_every_day(market: Steppable) -> bool:
    """Return whether something happens, or has to be looked at, on any day."""
    users, coming_or_going = market.timeline.world.users, market.demography.changing or market.removed
    return bool(users.advertising_per_day or users.contract_days or coming_or_going or market._threads)


def first_busy_day(market: Steppable, end: int) -> int:
    """Return the first day from today on, at most `end`, that has to be stepped."""
    today, providers = market.day, market.providers
    busy = min(end, next_review(today, providers), next_payment(today, providers), next_maintenance(today, providers))
    busy = min(busy, market.timeline.next_day(today))
    return next((day for day in range(today, busy) if day in market.flaws), max(busy, today))


def next_maintenance(today: int, providers: Sequence[Provider]) -> int:
    """Return the first day from today on with maintenance or a change of price or policy, if no flaw appears."""
    if any(provider.has_news or provider.changed for provider in providers):
        return today
    return min((provider.next_day(today - 1) for provider in providers), default=NEVER)
