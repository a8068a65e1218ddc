"""The log of events in a market: flaws, maintenance, responses and losses of users, day by day."""

from typing import TYPE_CHECKING, Any, NamedTuple

from model.timeline import describe

if TYPE_CHECKING:
    from model.market import Market

NOTABLE_LOSS = 0.01  # share of a provider's users; smaller losses in a day are not logged
MAX_LINES = 300


class ProviderState(NamedTuple):
    """What a provider's day is compared with."""

    announced: int | None
    campaigns: int
    policy: str


class EventLog:
    """Compares a market before and after each day, and logs what has changed."""

    def __init__(self, market: "Market") -> None:
        self.market = market
        self.lines: list[tuple[int, str]] = []  # day, events
        self._before: list[ProviderState] = []
        self._responses_before = 0

    def start_day(self) -> None:
        """Remember the state of the market before a day."""
        self._responses_before = len(self.market.record.responses)
        self._before = [
            ProviderState(p.maintenance.announced, p.maintenance.campaigns, p.policy.kind)
            for p in self.market.providers
        ]

    def end_day(self) -> None:
        """Log the events of the day that has passed."""
        day = self.market.day - 1
        events = self._flaws(day)
        for provider, before in zip(self.market.providers, self._before, strict=True):
            events += [f"{provider.name} {event}" for event in self._provider_events(provider, before, day)]
        events += [describe(event) for event in self.market.timeline.happened if event["day"] == day]
        responses = self.market.record.responses[self._responses_before :]
        events += [f"{response.provider} {response.text}" for response in responses]
        if events:
            self.add(day, "; ".join(events))

    def add(self, day: int, text: str) -> None:
        """Add a line."""
        self.lines.append((day, text))
        del self.lines[:-MAX_LINES]

    def since(self, day: int) -> list[tuple[int, str]]:
        """Return the lines from a day on, oldest first."""
        return [line for line in self.lines if line[0] >= day]

    def _flaws(self, day: int) -> list[str]:
        kinds = [flaw.kind for flaw in self.market.flaws.get(day, [])]
        counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
        return [f"{kind} flaw" if n == 1 else f"{n} {kind} flaws" for kind, n in counts.items()]

    def _provider_events(self, provider: Any, before: ProviderState, day: int) -> list[str]:
        maintenance, events = provider.maintenance, []
        today = {
            name: int(self.market.record.column(name)[day, provider.index])
            for name in ("patches", "breaches", "left", "users")
        }
        if provider.policy.kind != before.policy:
            events.append(f"now follows the policy {provider.policy.kind}")
        if today["patches"]:
            events.append("patches its running kernels")
        if maintenance.announced is not None and maintenance.announced != before.announced:
            events.append(f"announces a campaign for day {maintenance.announced}")
        if maintenance.campaigns > before.campaigns:
            events.append("starts a campaign")
        if today["breaches"]:
            events.append("is broken into")
        if today["left"] >= max(NOTABLE_LOSS * (today["left"] + today["users"]), 1):
            events.append(f"loses {today['left']:,} user{'s' if today['left'] > 1 else ''}")
        return events
