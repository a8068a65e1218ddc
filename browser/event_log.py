"""The log of events in a market: flaws, maintenance, changes, responses and losses of users, day by day."""

from typing import TYPE_CHECKING, Any, NamedTuple

from model.histories import DatedFlaw, exploitation_dates, history_start, read_history
from model.schema import History
from model.timeline import describe

if TYPE_CHECKING:
    from agents.provider import Provider
    from model.market import Market

NOTABLE_LOSS = 0.01  # share of a provider's users; smaller losses in a day are not logged
MAX_LINES = 2_000
MAX_NAMED = 3  # CVEs of a flaw that are named, the exploited ones first


class Line(NamedTuple):
    """An event, and the row of the time line that it is a mark on; a loss is none."""

    day: int
    kind: str  # "flaw", "maintenance", "breach", "change", "event" or "loss"
    text: str


class ProviderState(NamedTuple):
    """What a provider's day is compared with."""

    announced: int | None
    campaigns: int
    price: float
    policy: Any

    @classmethod
    def of(cls, provider: "Provider") -> "ProviderState":
        """Return the state of a provider."""
        maintenance = provider.maintenance
        return cls(maintenance.announced, maintenance.campaigns, provider.price, provider.policy)


class EventLog:
    """Compares a market before and after each day, and logs what has changed."""

    def __init__(self, market: "Market") -> None:
        self.market = market
        self.lines: list[Line] = []
        self._before = [ProviderState.of(provider) for provider in market.providers]
        self._responses_before = 0
        self._dated = dated_flaws(market)

    def note_changes_by_hand(self) -> None:
        """Log at once the prices and policies that somebody has changed since the last day."""
        for j, provider in enumerate(self.market.providers):
            for text in changed(self._before[j], provider):
                self._add(self.market.day, "change", f"{provider.name}: {text}")
            self._before[j] = ProviderState.of(provider)

    def end_day(self) -> None:
        """Log the events of the day that has passed."""
        market, day = self.market, self.market.day - 1
        for kind, number in self._flaws(day).items():
            known = self._dated.get((day, kind))
            text = f"{number} {kind} flaws" if number > 1 else f"{kind} flaw"
            self._add(day, "flaw", f"{text}, {name_flaw(known)}" if known else text)
        for j, provider in enumerate(market.providers):
            for text in changed(self._before[j], provider):
                self._add(day, "change", f"{provider.name}: {text}")
            for kind, text in self._provider_events(provider, self._before[j], day):
                self._add(day, kind, f"{provider.name} {text}")
            self._before[j] = ProviderState.of(provider)
        for event in market.timeline.happened:
            if event["day"] == day and not is_offer(event):
                self._add(day, "event", describe(event))
        responses = market.record.responses
        for response in responses[self._responses_before :]:
            self._add(day, "change", f"{response.provider} {response.text}")
        self._responses_before = len(responses)

    def since(self, day: int) -> list[Line]:
        """Return the lines from a day on, oldest first."""
        return [line for line in self.lines if line.day >= day]

    def _add(self, day: int, kind: str, text: str) -> None:
        self.lines.append(Line(day, kind, text))
        del self.lines[:-MAX_LINES]

    def _flaws(self, day: int) -> dict[str, int]:
        kinds = [flaw.kind for flaw in self.market.flaws.get(day, [])]
        return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}

    def _provider_events(self, provider: "Provider", before: ProviderState, day: int) -> list[tuple[str, str]]:
        maintenance, events = provider.maintenance, []
        today = {
            name: int(self.market.record.column(name)[day, provider.index])
            for name in ("patches", "breaches", "left", "users")
        }
        if today["patches"]:
            events.append(("maintenance", "patches its running kernels"))
        if maintenance.announced is not None and maintenance.announced != before.announced:
            events.append(("maintenance", f"announces a campaign for day {maintenance.announced}"))
        if maintenance.campaigns > before.campaigns:
            events.append(("maintenance", "starts a campaign"))
        if today["breaches"]:
            events.append(("breach", "is broken into"))
        if today["left"] >= max(NOTABLE_LOSS * (today["left"] + today["users"]), 1):
            events.append(("loss", f"loses {today['left']:,} user{'s' if today['left'] > 1 else ''}"))
        return events


def changed(before: ProviderState, provider: "Provider") -> list[str]:
    """Say how a provider's price and policy differ from before.

    A policy of another kind is named; of one of the same kind, the settings in which it differs.
    """
    texts, old, new = [], before.policy, provider.policy
    if provider.price != before.price:
        texts.append(f"price ${before.price:g} to ${provider.price:g}")
    if old.kind != new.kind:
        texts.append(f"{old.kind} to {new.kind}")
    elif old != new:
        was, now = old.model_dump(), new.model_dump()
        texts += [f"{key.replace('_', ' ')} {was[key]} to {now[key]}" for key in was if was[key] != now[key]]
    return texts


def is_offer(event: dict[str, Any]) -> bool:
    """Return whether an event changes nothing but prices and policies, which are logged by provider."""
    return all(path.endswith((".price", ".policy")) or ".policy." in path for path in event.get("set", {"": None}))


def dated_flaws(market: "Market") -> dict[tuple[int, str], DatedFlaw]:
    """Return the flaws that have dates, by day and kind."""
    source = market.settings.flaws
    if not isinstance(source, History):
        return {}
    start = history_start(source)
    return {((flaw.date - start).days, flaw.kind): flaw for flaw in read_history(source.history)}


def name_flaw(flaw: DatedFlaw) -> str:
    """Say when a flaw of a history came, and what it is.

    >>> import datetime
    >>> name_flaw(DatedFlaw(datetime.date(2022, 3, 7), "kernel", 2, ("CVE-2022-0001", "CVE-2022-0847")))
    'update of 2022-03-07 with 2 CVEs: CVE-2022-0847 (attackers use it), CVE-2022-0001'
    """
    used = exploitation_dates()
    names = sorted(flaw.cves, key=lambda name: name not in used)
    shown = ", ".join(f"{name} (attackers use it)" if name in used else name for name in names[:MAX_NAMED])
    rest = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    count = "" if flaw.n_cve is None else f" with {flaw.n_cve:,} CVE{'' if flaw.n_cve == 1 else 's'}"
    return f"update of {flaw.date}{count}" + (f": {shown}{rest}" if names else "")
