"""Events: what a scenario file says will happen on a day. Their tables, and the checks that need the whole scenario."""

import copy
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BeforeValidator, Field, model_validator

from agents.settings import Settings, setting
from model.errors import ScenarioError
from model.explain import sections
from model.histories import history_start
from model.paths import in_setting_order, named, numbered, provider_names, set_path
from model.schema import Flaws, History


def _servers(value: Any) -> Any:
    """Accept a share of the servers, or their numbers."""
    share = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1
    listed = isinstance(value, list) and all(type(server) is int and server >= 0 for server in value)
    if not share and not (listed and value):
        raise ValueError("must be a share above 0, at most 1, or a list of server numbers from 0")
    return sorted({*value}) if isinstance(value, list) else value


class Incident(Settings):
    """An outage that no policy causes."""

    provider: str = setting(..., "name of the provider", grade="design")
    servers: Annotated[float | list[int], BeforeValidator(_servers)] = setting(
        1.0, "share of the servers in use, at least one, the first of the fleet; or a list of numbers", grade="design"
    )
    minutes: float = setting(..., "minutes without service", unit="minutes", grade="design", gt=0, le=1440)
    cause: str = setting("incident", "what the tables call it", grade="design", min_length=1, max_length=32)


class Announcement(Settings):
    """Users hear of a provider's downtime, in the press or from the provider, and read it like one message."""

    provider: str = setting(..., "name of the provider", grade="design")
    users: float = setting(1.0, "share of users who hear it, drawn at random", grade="design", gt=0, le=1)
    claim: float = setting(..., "downtime that they are told", unit="minutes/month", grade="design", ge=0)


class Transfer(Settings):
    """Users are moved to a provider, outside the rules and without an entry in the record of moves."""

    provider: str = setting(..., "name of the provider", grade="design")
    users: list[Annotated[int, Field(ge=0)]] = setting(..., "numbers of the users", grade="design", min_length=1)


class Departure(Settings):
    """Users leave the market for good."""

    users: list[Annotated[int, Field(ge=0)]] = setting(..., "numbers of the users", grade="design", min_length=1)


class Event(Settings):
    """What happens on a day, before anything else does: settings that change, an outage, news, users who go."""

    day: int | None = setting(None, "day on which it happens, from 0", unit="days", grade="design", ge=0)
    date: datetime.date | None = setting(None, "instead of `day`, where the flaws have dates", grade="design")
    set: dict[str, Any] = setting(dict, "settings from that day on: dotted path = value", grade="design")
    outage: Incident | None = setting(None, "an outage", grade="design")
    hear: Announcement | None = setting(None, "what users hear", grade="design")
    move: Transfer | None = setting(None, "users who are moved", grade="design")
    remove: Departure | None = setting(None, "users who leave the market", grade="design")

    @model_validator(mode="after")
    def _says_when_and_what(self) -> Self:
        if (self.day is None) == (self.date is None):
            raise ValueError("must have a day or a date, not both")
        if not (self.set or self.outage or self.hear or self.move or self.remove):
            raise ValueError("nothing happens; give set, outage, hear, move or remove")
        return self


class Dated(NamedTuple):
    """An event with its day and its number in the scenario."""

    day: int
    number: int
    event: Event


def tidy_events(tables: dict[str, Any], world: type[Settings]) -> dict[str, Any]:
    """Write the paths in what events set as quoted keys, providers by name; what has the wrong shape is left.

    In a file, `set = { users.advertising_per_day = 0.1 }` is a table in a table, and means the dotted path.
    """
    names, events = provider_names(tables), tables.get("events")
    for number, event in enumerate(events if isinstance(events, list) else []):
        if isinstance(event, dict) and isinstance(event.get("set"), dict):
            try:
                pairs = list(_flat(event["set"], "", names, world))
            except ScenarioError as error:
                raise ScenarioError(f"events.{number}.set.{error}") from None
            event["set"] = dict(pairs)
            for path in event["set"]:
                if sum(known == path for known, _ in pairs) > 1:
                    raise ScenarioError(f"events.{number}.set.{path}: is given twice")
    return tables


def _flat(
    given: Mapping[str, Any], above: str, names: Sequence[str], world: type[Settings]
) -> Iterator[tuple[str, Any]]:
    for key, value in given.items():
        path = numbered(f"{above}{key}", names)
        if isinstance(value, dict) and not may_change(path, world):
            yield from _flat(value, f"{path}.", names, world)
        else:
            yield named(path, names), value


@cache
def changing_paths(world: type[Settings], path: str = "") -> tuple[str, ...]:
    """Return the paths of the settings and tables that may change in mid-run; N stands for a provider's number."""
    found: list[str] = []
    for key, info in world.model_fields.items():
        place = f"{path}.{key}".lstrip(".")
        origin = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        if origin.get("changes"):
            found.append(place)
            continue
        for table in sections(info.annotation):
            if issubclass(table, Settings):
                found += changing_paths(table, f"{place}.N" if place == "providers" else place)
    return tuple(dict.fromkeys(found))


def may_change(path: str, world: type[Settings]) -> bool:
    """Return whether the setting at a path, with providers by number, may change in mid-run."""
    place = ".".join("N" if number == 1 and step.isdecimal() else step for number, step in enumerate(path.split(".")))
    return any(place == known or place.startswith(f"{known}.") for known in changing_paths(world))


def dated(events: Sequence[Event], flaws: Flaws) -> list[Dated]:
    """Return the events by day; those of one day in the order given."""
    return sorted(Dated(_day(event, flaws), number, event) for number, event in enumerate(events))


def _day(event: Event, flaws: Flaws) -> int:
    if event.day is not None:
        return event.day
    assert isinstance(flaws, History)
    assert event.date is not None
    return (event.date - history_start(flaws)).days


def check_events(
    events: Sequence[Event], flaws: Flaws, tables: dict[str, Any], parse: Callable[[dict[str, Any]], Settings]
) -> None:
    """Refuse events that cannot happen.

    Parameters
    ----------
    tables
        The scenario without its events, as nested tables.
    parse
        Builds the settings from tables, or raises what is wrong with them.

    Raises
    ------
    ScenarioError
        With a line for each event that is wrong.
    """
    names = provider_names(tables)
    wrong: list[str] = []
    for number, event in enumerate(events):
        wrong += _wrong_place(f"events.{number}", event, flaws, tables["days"], names)
    if not wrong:
        in_order = dated(events, flaws)
        wrong = [*contradictions(in_order, names), *_wrong_values(in_order, copy.deepcopy(tables), parse)]
    if wrong:
        raise ScenarioError("\n".join(dict.fromkeys(wrong)))


def _wrong_place(place: str, event: Event, flaws: Flaws, days: int, names: Sequence[str]) -> Iterator[str]:
    """Say what is wrong with when an event happens and to whom."""
    if event.date is not None and not isinstance(flaws, History):
        yield f'{place}.date = {event.date}: the flaws have no dates, as flaws.source = "{flaws.source}"; give a day'
    elif not 0 <= (day := _day(event, flaws)) < days:
        first = history_start(flaws) if isinstance(flaws, History) else None
        dates = f" ({first} to {first + datetime.timedelta(days - 1)})" if first else ""
        when = f"date = {event.date}" if event.date else f"day = {day}"
        yield f"{place}.{when}: must be from 0 to {days - 1}, the last day{dates}"
    for key in ("outage", "hear", "move"):
        part = getattr(event, key)
        if part is not None and part.provider not in names:
            yield str(ScenarioError.of(f"{place}.{key}.provider", part.provider, f"must be one of {', '.join(names)}"))


def overlap(one: str, other: str) -> bool:
    """Return whether two paths are the same, or one is of a setting in the other's table."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def contradictions(events: Sequence[Dated], names: Sequence[str]) -> Iterator[str]:
    """Say which events of one day set the same to different values, or let users hear two claims of one provider."""
    for k, (day, number, event) in enumerate(events):
        for before in (other for other in events[:k] if other.day == day):
            for path, value in event.set.items():
                for known, was in before.event.set.items():
                    same = numbered(path, names) == numbered(known, names)
                    if overlap(numbered(path, names), numbered(known, names)) and not (same and value == was):
                        contradicted = f"contradicts events.{before.number}, which sets {known} on the same day"
                        yield str(ScenarioError.of(f"events.{number}.set.{path}", value, contradicted))
            if event.hear and before.event.hear and event.hear.provider == before.event.hear.provider:
                about = f"which tells of {event.hear.provider} on the same day"
                yield f"events.{number}.hear: contradicts events.{before.number}, {about}"


def _wrong_values(
    events: Sequence[Dated], tables: dict[str, Any], parse: Callable[[dict[str, Any]], Settings]
) -> Iterator[str]:
    """Say which settings may not change, or not to that value; each is judged with those before it."""
    names, world = provider_names(tables), type(parse(tables)) if any(x.event.set for x in events) else Settings
    for _, number, event in events:
        by_number = {numbered(path, names): path for path in event.set}
        for path in in_setting_order(by_number):
            place, value = f"events.{number}.set.{by_number[path]}", event.set[by_number[path]]
            if not may_change(path, world):
                yield f"{place}: cannot change in mid-run; what can: {', '.join(changing_paths(world))}"
                continue
            changed = copy.deepcopy(tables)
            try:
                set_path(changed, path, copy.deepcopy(value))
                parse(changed)
            except ScenarioError as error:
                lines = str(error).splitlines()
                yield from (
                    line.replace(path, place, 1) if line.startswith(path) else f"{place}: {line}" for line in lines
                )
            else:
                tables = changed
