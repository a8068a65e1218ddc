"""The settings in which two compared scenarios differ."""

from collections.abc import Iterator
from typing import Any

from browser.fields import format_value
from model.scenario import Scenario

UNIMPORTANT = ("name", "description")


def differences(first: Scenario, second: Scenario | None = None) -> list[str]:
    """Return a text for each setting in which the second scenario differs from the first.

    Of policies, strategies and the like of different kinds, only the kinds are told.

    >>> base = Scenario.preset("quiet")
    >>> differences(base, base.replace(**{"providers.0.price": 4.0, "users.count": 100}))
    ['users: count 20000 to 100', 'Reboot & Co: price 5 to 4']
    """
    if second is None:
        return []
    return [_told(second, path, old, new) for path, old, new in _differences(first.tables(), second.tables())]


def _differences(first: Any, second: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Return path, first and second value of what differs in nested tables."""
    if isinstance(first, dict) and isinstance(second, dict):
        keys = [key for key in {**first, **second} if path or key not in UNIMPORTANT]
        kind = next((key for key in ("kind", "source") if first.get(key) != second.get(key)), None)
        for key in [kind] if kind else keys:
            yield from _differences(first.get(key), second.get(key), (*path, key))
    elif path == ("providers",) and len(first) == len(second):
        for number, pair in enumerate(zip(first, second, strict=True)):
            yield from _differences(*pair, (*path, str(number)))
    elif first != second:
        yield path, first, second


def _told(scenario: Scenario, path: tuple[str, ...], old: Any, new: Any) -> str:
    place = list(path)
    if path[0] == "providers" and len(path) > 1:
        place = [scenario.providers[int(path[1])].name, *path[2:]]
    if place[-1] == "kind" and len(place) > 1:
        place.pop()
    words = " ".join(place[1:]).replace("_", " ")
    if isinstance(old or new, list):
        return f"{place[0]}: {len(old or [])} to {len(new or [])}"
    values = [format_value(value) if value not in (None, "") else "(none)" for value in (old, new)]
    return f"{place[0].replace('_', ' ')}: {words} {values[0]} to {values[1]}".replace(":  ", ": ")
