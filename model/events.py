"""Events: what happens to a market on a given day, whatever the policies. So far outages."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from agents.policies import Outage
from agents.provider import Provider
from model.errors import ScenarioError
from model.schema import Event, ProviderSettings
from model.streams import stream

Calendar = dict[int, list[Event]]
"""The events of each day that has any."""


def events_by_day(events: Sequence[Event] | None) -> Calendar:
    """Group events by their day."""
    calendar: Calendar = defaultdict(list)
    for event in events or ():
        calendar[event.day].append(event)
    return dict(calendar)


def check_events(events: Sequence[Event] | None, days: int, providers: Sequence[ProviderSettings]) -> None:
    """Refuse events after the last day, and those of a provider that does not exist."""
    names = [provider.name for provider in providers]
    lines = []
    for number, event in enumerate(events or ()):
        if event.day >= days:
            allowed = f"must be below {days}, the days of the scenario"
            lines.append(str(ScenarioError.of(f"events.{number}.day", event.day, allowed)))
        if event.outage.provider not in names:
            allowed = f"must be one of {', '.join(names)}"
            lines.append(str(ScenarioError.of(f"events.{number}.outage.provider", event.outage.provider, allowed)))
    if lines:
        raise ScenarioError("\n".join(lines))


def add_outages(
    events: Sequence[Event], day: int, seed: int, providers: Sequence[Provider], outages: list[list[Outage]]
) -> None:
    """Add the outages of today's events to those of the policies; which servers go down is drawn."""
    for number, event in enumerate(events):
        given = event.outage
        index = next(j for j, provider in enumerate(providers) if provider.name == given.provider)
        servers = providers[index].servers
        if servers:
            down = max(1, round(given.servers * servers))
            chosen = stream(seed, "events", f"{day}/{number}").permutation(servers)[:down]
            outages[index].append(Outage(given.cause, np.sort(chosen), given.minutes))
