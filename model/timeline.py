"""The timeline: the events of a market, those to come and those that have happened.

Events of a day happen before anything else does on it. A change by hand between two days is an event of the second.
"""

import copy
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from pydantic import ValidationError

from agents.bernoulli import BernoulliTrials, bernoulli_indices
from agents.day import Population
from agents.exposure import NEVER
from agents.policies import Flaw, Outage, Policy
from agents.provider import OFFERED, Provider
from agents.settings import Settings
from agents.strategies import Strategy
from agents.users import MESSAGE, Ints, News, inform
from agents.word_of_mouth import message_weights
from model.demography import Demography
from model.errors import ScenarioError
from model.events import Event, check_events, contradictions, dated, overlap, tidy_events
from model.explain import explain
from model.flaws import Calendar, draw_flaws
from model.histories import KINDS
from model.initial_state import failure_chance
from model.network import Graph
from model.paths import in_setting_order, named, numbered, set_path
from model.plugins import HOW, has_name
from model.scenario import Scenario, World, as_given
from model.schema import Poisson
from model.streams import stream

ARRIVALS = "open_market.arrivals_per_day"
Table = dict[str, Any]


class Eventful(Protocol):
    """The parts of a market that events change."""

    settings: Scenario
    seed: int
    day: int
    flaws: Calendar
    demography: Demography
    network: Graph
    providers: list[Provider]
    population: Population
    news: News
    talk_trials: BernoulliTrials

    def relocate(self, movers: Ints, index: int) -> Ints: ...  # noqa: D102 -- see model.mesa_face
    def take_out(self, rows: Sequence[int]) -> Sequence[int]: ...  # noqa: D102 -- see model.mesa_face


def check_users(place: str, event: Event, rows: int) -> None:
    """Refuse to move or remove users of whom there are not so many."""
    for key in ("move", "remove"):
        most = max(getattr(event, key).users) if getattr(event, key) else 0
        if most >= rows:
            raise ScenarioError.of(f"{place}{key}.users", most, f"must be below {rows}, the number of users")


class Timeline:
    """The events of one market.

    Attributes
    ----------
    world : World
        The settings in force today. What providers have decided by their strategies is only in `market.providers`.
    happened : list of dict
        The events so far, as tables of a scenario, each with the value that came in force; policies are whole.
    coming : dict
        Day -> the events that are still to happen on it.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.world = World.model_construct(**{key: getattr(scenario, key) for key in World.model_fields})
        self.happened: list[Table] = []
        self.coming: dict[int, list[Event]] = {}
        self._days: list[int] = []
        self._today: list[Event] = []
        for day, _, event in dated(scenario.events, scenario.flaws):
            self._expect(day, event)

    def _expect(self, day: int, event: Event) -> None:
        if day not in self.coming:
            insort(self._days, day)
        self.coming.setdefault(day, []).append(event)

    def next_day(self, today: int) -> int:
        """Return the first day from today on with an event; `NEVER` if there is none."""
        place = bisect_left(self._days, today)
        return self._days[place] if place < len(self._days) else NEVER

    def changes_of(self, path: str) -> list[tuple[int, float]]:
        """Return the days on which a setting is to change, and its values."""
        return [(day, e.set[path]) for day in self._days for e in self.coming[day] if path in e.set]

    # --- a day

    def begin_day(self, market: Eventful) -> None:
        """Let the day's events happen, and those by hand since the last day; a change by hand is the later word."""
        self._today = self.coming.pop(market.day, [])
        if not self._today and not any(provider.changed for provider in market.providers):
            return
        day, names = market.day, [p.name for p in market.providers]
        by_hand = changes_by_hand(market.providers)
        for provider in market.providers:
            for name in [key for key in provider.changed if f"providers.{provider.index}.{key}" in by_hand]:
                provider.follow(name)
            provider.changed = {}
        came: Table = dict(by_hand)
        for event in self._today:
            if event.move:
                present = np.array(event.move.users, np.int32)
                present = present[market.population.users.provider[present] >= 0]
                market.relocate(present, names.index(event.move.provider))
            if event.remove:
                market.take_out(event.remove.users)
            self.happened += [{"day": day, **part} for part in _parts(event)]
        sets = {numbered(path, names): value for event in self._today for path, value in event.set.items()}
        for path in in_setting_order(sets):
            if not any(overlap(path, known) for known in by_hand) and self._set(market, path, sets[path]):
                came |= dict([self._in_force(market, path)])
        if came:
            self.happened.append({"day": day, "set": {named(path, names): value for path, value in came.items()}})

    def _set(self, market: Eventful, path: str, value: Any) -> bool:
        """Change a setting; return whether that is possible.

        It is not where a strategy, or somebody by hand, has given the provider another kind of policy, to which the
        path means nothing.
        """
        tables, (_, number, key, *below) = world_tables(self.world, market.providers), [*path.split("."), "", ""]
        provider = market.providers[int(number)] if path.startswith("providers.") else None
        if provider and key == "policy" and below[0] and not has_name(provider.policy):
            return False
        try:
            set_path(tables, path, copy.deepcopy(value))
            world = World.parse(tables)
        except ScenarioError:
            return False
        put_in_force(market, self, world, market.day)
        if provider and key in OFFERED and getattr(world.providers[provider.index], key) != getattr(provider, key):
            provider.change(key, getattr(world.providers[provider.index], key))
        return True

    def _in_force(self, market: Eventful, path: str) -> tuple[str, Any]:
        """Return a path, of a policy's or a strategy's key that of the whole table, and what is in force there."""
        first, *steps = path.split(".")
        if first == "providers" and steps[1] in OFFERED:
            provider = market.providers[int(steps[0])]
            return f"providers.{steps[0]}.{steps[1]}", getattr(provider, steps[1])
        place: Any = self.world
        for step in (first, *steps):
            place = place[int(step)] if isinstance(place, list) else getattr(place, step)
        return path, place

    def add_outages(self, providers: Sequence[Provider], outages: list[list[Outage]]) -> None:
        """Add today's incidents to the providers' outages."""
        by_name = {provider.name: provider for provider in providers}
        for incident in (event.outage for event in self._today if event.outage):
            provider = by_name[incident.provider]
            down = np.arange(provider.servers)
            if isinstance(incident.servers, list):
                down = np.intersect1d(down, incident.servers)
            else:
                down = down[: max(int(incident.servers * provider.servers + 0.5), 1)]
            if len(down):
                outages[provider.index].append(Outage(incident.cause, down, incident.minutes))

    def announce(self, market: Eventful) -> None:
        """Send today's announcements to the users who hear them."""
        users, mailbox = market.population.users, market.population.mailbox
        names = [p.name for p in market.providers]
        for hear in (event.hear for event in self._today if event.hear):
            rng, j = stream(market.seed, "announcements", f"{market.day} {hear.provider}"), names.index(hear.provider)
            rows = bernoulli_indices(rng, len(market.network), hear.users)
            rows = rows[users.provider[rows] >= 0]
            mailbox.messages[rows, j] += 1
            mailbox.total[rows, j] += hear.claim
            inform(market.news, rows, MESSAGE)

    # --- by hand

    def checked(self, provider: Provider, name: str, value: Any) -> Any:
        """Return a value for a provider's setting as the schema has it; refuse what a scenario file may not say."""
        if isinstance(value, {"policy": Policy, "strategy": Strategy}.get(name, ())):
            return value
        tables, path = self.world.tables(), f"providers.{provider.index}.{name}"
        tables["providers"][provider.index][name] = value
        try:
            return getattr(World.parse(tables).providers[provider.index], name)
        except ScenarioError as error:
            names = [p["name"] for p in tables["providers"]]
            raise ScenarioError(as_given(str(error), {path: named(path, names)})) from None

    def add(self, market: Eventful, event: Table) -> None:
        """Add an event, on a day that has not begun.

        Raises
        ------
        ScenarioError
            If the event is not valid, contradicts another, or changes the arrivals, who are drawn before day 0.
        """
        event = event if "date" in event else {"day": market.day} | event
        tables = world_tables(self.world, market.providers)
        try:
            (told,) = tidy_events(tables | {"events": [event]}, World)["events"]
            added = Event.model_validate(told)
            check_events([added], market.settings.flaws, tables, World.parse)
        except ValidationError as error:
            raise ScenarioError(explain(error, Event, event)) from None
        except ScenarioError as error:
            raise ScenarioError(str(error).replace("events.0.", "")) from None
        day = dated([added], market.settings.flaws)[0].day
        if day < market.day:
            raise ScenarioError.of("day", day, f"must be at least {market.day}, the next day")
        check_users("", added, market.demography.rows)
        if ARRIVALS in added.set:
            raise ScenarioError(f"{ARRIVALS}: is drawn before day 0; give its changes as events of the scenario")
        names = [p.name for p in market.providers]
        wrong = list(contradictions(dated([*self.coming.get(day, []), added], market.settings.flaws), names))
        if wrong:
            raise ScenarioError("\n".join(wrong))
        self._expect(day, added)


def _parts(event: Event) -> Iterator[Table]:
    """Return what happens beside changes of settings, each as an event of its own."""
    for key in ("move", "remove", "outage", "hear"):
        part = getattr(event, key)
        if part is not None:
            yield {key: part.model_dump()}


def changes_by_hand(providers: Sequence[Provider]) -> Table:
    """Return what has been changed by hand since the last day: path -> value."""
    return {
        f"providers.{provider.index}.{name}": getattr(provider, name)
        for provider in providers
        for name, was in provider.changed.items()
        if getattr(provider, name) != was
    }


def world_tables(world: World, providers: Sequence[Provider]) -> Table:
    """Return the settings in force as tables; a policy or strategy that none can name is left out."""
    tables = world.tables()
    for provider, table in zip(providers, tables["providers"], strict=True):
        for name in OFFERED:
            value = getattr(provider, name)
            if not isinstance(value, Settings) or has_name(value):
                table[name] = value.model_dump() if isinstance(value, Settings) else value
    return tables


def put_in_force(market: Eventful, timeline: Timeline, world: World, day: int) -> None:
    """Put settings in force from `day` on, as far as they are not those of single providers."""
    was, timeline.world = timeline.world, world
    words, before = world.word_of_mouth, was.word_of_mouth
    if (words.listen, words.negativity) != (before.listen, before.negativity):
        weights = message_weights(words.listen, words.negativity, most_messages(market.network))
        market.population = market.population._replace(message_weights=weights)
    if words.talk_per_day != before.talk_per_day:
        rng = stream(market.seed, "talk", f"from day {day}")
        people, days = len(market.population.users.provider), market.settings.days
        market.talk_trials = BernoulliTrials(rng, people, days, words.talk_per_day, first_row=day)
    if isinstance(world.flaws, Poisson) and isinstance(was.flaws, Poisson) and world.flaws != was.flaws:
        changed = (
            world.flaws.per_year != was.flaws.per_year,
            world.flaws.hypervisor_per_year != was.flaws.hypervisor_per_year,
        )
        kinds = [kind for kind, other in zip(KINDS, changed, strict=True) if other]
        market.flaws = redrawn(market.flaws, world, kinds, day, market.settings.days, market.seed)
    for provider, now, then in zip(market.providers, world.providers, was.providers, strict=True):
        if now.failures != then.failures:
            provider.failures_per_day = failure_chance(now.failures)
            provider.failure_minutes = now.failures.outage_minutes


def most_messages(network: Graph) -> int:
    """Return the most messages that a user can get about one provider on a day: an announcement is one more."""
    return int(network.max_in_degree) + 1


def redrawn(
    calendar: Mapping[int, list[Flaw]], world: World, kinds: Sequence[str], day: int, days: int, seed: int
) -> Calendar:
    """Return the flaws with those of some kinds drawn anew from `day` on, from streams of that day's own."""
    seed_of_day = int(stream(seed, "flaws", f"from day {day}").integers(2**53))
    fresh = draw_flaws(world.flaws, days, seed_of_day, world.security)
    kept = {when: [f for f in flaws if when < day or f.kind not in kinds] for when, flaws in calendar.items()}
    new = {when: [f for f in flaws if when >= day and f.kind in kinds] for when, flaws in fresh.items()}
    both = {when: [*kept.get(when, []), *new.get(when, [])] for when in sorted({*kept, *new})}
    return {when: sorted(flaws, key=lambda flaw: KINDS.index(flaw.kind)) for when, flaws in both.items() if flaws}


def settings_as_run(market: Eventful, timeline: Timeline) -> Scenario:
    """Return the scenario that repeats a run: its events are those that have happened, and those still to come.

    Raises
    ------
    ScenarioError
        If a policy or strategy was put in force by hand that no scenario can name.
    """
    names, days = [p.name for p in market.providers], market.settings.days
    by_hand = changes_by_hand(market.providers)
    events = [plain(event) for event in timeline.happened]
    if by_hand:
        events.append(plain({"day": market.day, "set": {named(path, names): value for path, value in by_hand.items()}}))
    for day in sorted(timeline.coming):
        for event in timeline.coming[day]:
            table = event.model_dump(exclude_none=True) | {"day": day}
            table.pop("date", None)
            if day == market.day:
                table["set"] = {
                    path: value
                    for path, value in event.set.items()
                    if not any(overlap(numbered(path, names), known) for known in by_hand)
                }
            if len(table) > 2 or table["set"]:
                events.append(table)
    return Scenario.parse(market.settings.tables() | {"events": [event for event in events if event["day"] < days]})


def plain(event: Table) -> Table:
    """Return an event as plain values; refuse a policy or strategy that no scenario can name."""
    sets = event.get("set", {})
    for path, value in sets.items():
        if isinstance(value, Policy | Strategy) and not has_name(value):
            raise ScenarioError(f"{path}: {type(value).__name__} is no plugin yet; {HOW}")
    told = {path: value.model_dump() if isinstance(value, Settings) else value for path, value in sets.items()}
    return event | {"set": told} if told else event


def restore(market: Eventful, timeline: Timeline, happened: list[Table], coming: list[Table]) -> None:
    """Bring a new market of the same scenario to the events of a checkpoint; providers are restored elsewhere."""
    names = [p.name for p in market.providers]
    for event in happened:
        if "set" in event:
            tables = timeline.world.tables()
            for path, value in event["set"].items():
                set_path(tables, numbered(path, names), value)
            put_in_force(market, timeline, World.parse(tables), event["day"])
    timeline.happened, timeline.coming, timeline._days = happened, {}, []
    for event in coming:
        added = Event.model_validate(event)
        assert added.day is not None
        timeline._expect(added.day, added)


def describe(event: Table) -> str:
    """Say what happened, in a few words.

    >>> describe({"day": 1, "set": {"providers.Live & Co.price": 5.5}})
    'providers.Live & Co.price = 5.5'
    """
    if "outage" in event:
        told = event["outage"]
        which = (
            f"servers {told['servers']}" if isinstance(told["servers"], list) else f"{told['servers']:.0%} of servers"
        )
        return f"{told['provider']}: {which} down for {told['minutes']:g} minutes ({told['cause']})"
    if "hear" in event:
        told = event["hear"]
        return f"{told['users']:.0%} of users hear that {told['provider']} has {told['claim']:g} minutes a month"
    if "move" in event:
        return f"{len(event['move']['users']):,} users are moved to {event['move']['provider']}"
    if "remove" in event:
        return f"{len(event['remove']['users']):,} users leave the market"
    return ", ".join(f"{path} = {_value(value)}" for path, value in event["set"].items())


def planned(scenario: Scenario) -> list[str]:
    """Say what is to happen in a scenario, a line for each event.

    >>> planned(Scenario.preset("quiet", events=[{"day": 9, "set": {"flaws.per_year": 2.0}}]))
    ['day 9: flaws.per_year = 2']
    """
    events = dated(scenario.events, scenario.flaws)
    told = [(day, [*_parts(event), *([{"set": event.set}] if event.set else [])]) for day, _, event in events]
    return [f"day {day}: {'; '.join(describe(part) for part in parts)}" for day, parts in told]


def _value(value: Any) -> str:
    if isinstance(value, Settings):
        other = value.model_dump(exclude_defaults=True)
    elif isinstance(value, dict):
        other = {key: inner for key, inner in value.items() if key != "kind"}
    else:
        return f"{value:g}" if isinstance(value, float) else str(value)
    kind = value.get("kind", "") if isinstance(value, dict) else getattr(value, "kind", "")
    return " ".join([str(kind), *(f"{key}={_value(other[key])}" for key in other)]).strip()
