"""Feed: what happens in a market, in words."""

from typing import TYPE_CHECKING, Any, NamedTuple

from model.timeline import describe

if TYPE_CHECKING:
    from model.market import Market

WORTH_TELLING = 0.01  # share of a provider's users that leave on one day
KEPT = 300  # days with events that are kept


class Before(NamedTuple):
    """What a provider was doing in the morning."""

    announced: int | None
    campaigns: int
    policy: str
    responses: int


class Feed:
    """Looks at a market before and after each day, and writes down what has changed."""

    def __init__(self, market: "Market") -> None:
        self.market = market
        self.lines: list[tuple[int, str]] = []  # day, what happened on it
        self._before: list[Before] = []

    def before(self) -> None:
        """Take note of the morning."""
        responses = len(self.market.record.responses)
        self._before = [
            Before(p.maintenance.announced, p.maintenance.campaigns, p.policy.kind, responses)
            for p in self.market.providers
        ]

    def after(self) -> None:
        """Write down the day that has passed."""
        day = self.market.day - 1
        found = self._flaws(day)
        for provider, before in zip(self.market.providers, self._before, strict=True):
            found += [f"{provider.name} {what}" for what in self._deeds(provider, before, day)]
        found += [describe(event) for event in self.market.timeline.happened if event["day"] == day]
        first = self._before[0].responses
        found += [f"{event.provider} {event.text}" for event in self.market.record.responses[first:]]
        if found:
            self.note(day, "; ".join(found))

    def note(self, day: int, text: str) -> None:
        """Add a line."""
        self.lines.append((day, text))
        del self.lines[:-KEPT]

    def since(self, day: int) -> list[tuple[int, str]]:
        """Return the lines from a day on, oldest first."""
        return [line for line in self.lines if line[0] >= day]

    def _flaws(self, day: int) -> list[str]:
        kinds = [flaw.kind for flaw in self.market.flaws.get(day, [])]
        counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
        return [f"{kind} flaw" if n == 1 else f"{n} {kind} flaws" for kind, n in counts.items()]

    def _deeds(self, provider: Any, before: Before, day: int) -> list[str]:
        maintenance, found = provider.maintenance, []
        today = {
            name: int(self.market.record.column(name)[day, provider.index])
            for name in ("patches", "breaches", "left", "users")
        }
        if provider.policy.kind != before.policy:
            found.append(f"now follows the policy {provider.policy.kind}")
        if today["patches"]:
            found.append("patches its running kernels")
        if maintenance.announced is not None and maintenance.announced != before.announced:
            found.append(f"announces a campaign for day {maintenance.announced}")
        if maintenance.campaigns > before.campaigns:
            found.append("starts a campaign")
        if today["breaches"]:
            found.append("is broken into")
        if today["left"] >= max(WORTH_TELLING * (today["left"] + today["users"]), 1):
            found.append(f"loses {today['left']:,} user{'s' if today['left'] > 1 else ''}")
        return found
