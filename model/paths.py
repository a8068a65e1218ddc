"""Dotted paths: how a value in nested tables is named, set and read from a command line.

A provider is named by its number, from 0, or by its name: `providers.0.price`, `providers.Live & Co.price`.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.errors import ScenarioError

KIND_KEYS = {"policy": "kind", "strategy": "kind", "network": "kind", "flaws": "source"}
VENDOR_TERMS = ("per_server_month", "per_patch", "coverage", "max_age_days", "patch_delay_days")


def set_path(tables: dict[str, Any], path: str, value: Any) -> None:
    """Set a dotted path of nested tables to `value`; whether it is valid is checked later, by the schema.

    Setting the kind of a table to another one resets it to that kind's defaults. Likewise, setting the vendor of a
    policy or the terms of an agreement drops the values they replace.

    >>> tables = {"providers": [{"price": 5.0}]}
    >>> set_path(tables, "providers.0.price", 4.0)
    >>> set_path(tables, "users.count", 10)
    >>> tables
    {'providers': [{'price': 4.0}], 'users': {'count': 10}}
    """
    *parents, last = steps(path)
    place: Any = tables
    table = ""
    for depth, step in enumerate(parents):
        if isinstance(place, list):
            number = _index(place, step, path)
            if isinstance(place[number], str):  # a bare name: a table of that kind
                place[number] = {"kind": place[number]}
            place = place[number]
        elif isinstance(place, dict):
            if isinstance(place.get(step), str) and step in KIND_KEYS:
                place[step] = {KIND_KEYS[step]: place[step]}
            place = place.setdefault(step, {})
        else:
            raise ScenarioError.of(path, value, f"{'.'.join(parents[:depth])} is not a table")
        table = step
    if isinstance(place, list):
        place[_index(place, last, path)] = value
    elif isinstance(place, dict):
        if (last == "kind" or (table, last) == ("flaws", "source")) and place.get(last, value) != value:
            place.clear()
        if (table, last) == ("policy", "vendor"):
            for term in VENDOR_TERMS:
                place.pop(term, None)
        if (table, last) == ("sla", "terms"):
            place.pop("tiers", None)
        place[last] = value
    else:
        raise ScenarioError.of(path, value, f"{'.'.join(parents)} is not a table")


def numbered(path: str, names: Sequence[str]) -> str:
    """Return a path with a provider's name in it replaced by the provider's number.

    Digits are always a number. Names may have dots; of several that fit, the longest is meant.

    >>> numbered("providers.acme.example.price", ["Live & Co", "acme.example"])
    'providers.1.price'
    """
    table, _, rest = path.partition(".")
    step = rest.partition(".")[0]
    if table == "events":
        return _numbered_event(path, names)
    if table != "providers" or not rest or step.isdecimal():
        return path
    found = [name for name in names if rest == name or rest.startswith(f"{name}.")]
    if not found:
        raise ScenarioError(f"{path}: there is no provider {step!r}; there are {', '.join(names)}")
    name = max(found, key=len)
    return f"providers.{names.index(name)}{rest[len(name) :]}"


def named(path: str, names: Sequence[str]) -> str:
    """Return a path with a provider's number in it replaced by its name, unless that is read as a number.

    >>> named("providers.1.price", ["Live & Co", "acme.example"])
    'providers.acme.example.price'
    """
    table, _, rest = path.partition(".")
    step, dot, key = rest.partition(".")
    if table != "providers" or not step.isdecimal() or int(step) >= len(names):
        return path
    written = f"providers.{names[int(step)]}{dot}{key}"
    return written if numbered(written, names) == path else path


def _numbered_event(path: str, names: Sequence[str]) -> str:
    """Do the same for what an event sets, whose keys are themselves paths, by name where there is one."""
    events, _, key = path.partition(".set.")
    return f"{events}.set.{named(numbered(key, names), names)}" if key else path


def steps(path: str) -> list[str]:
    """Split a path with numbers into its steps; what an event sets is one step.

    >>> steps("events.0.set.providers.0.price")
    ['events', '0', 'set', 'providers.0.price']
    """
    if path.startswith("events.") and ".set." in path:
        events, _, key = path.partition(".set.")
        return [*events.split("."), "set", key]
    return path.split(".")


def provider_names(tables: Mapping[str, Any]) -> list[str]:
    """Return the providers' names in the tables of a scenario; an empty text where there is none."""
    providers = tables.get("providers")
    listed = providers if isinstance(providers, list) else []
    return [str(p.get("name", "")) if isinstance(p, Mapping) else "" for p in listed]


def in_setting_order(paths: Iterable[str]) -> list[str]:
    """Sort paths so that tables come before their keys, and keys that reset a table before its other keys."""
    return sorted(paths, key=lambda path: (path.count("."), not path.endswith((".kind", ".source", ".vendor"))))


def _index(place: list[Any], step: str, path: str) -> int:
    if not (step.isascii() and step.isdigit()) or int(step) >= len(place):
        raise ScenarioError(f"{path}: there is no number {step}; allowed are 0 to {len(place) - 1}")
    return int(step)


def read_assignment(text: str) -> tuple[str, Any]:
    """Read `key=value`, the value as TOML, or as bare text where it is not.

    >>> read_assignment("users.count=1000")
    ('users.count', 1000)
    >>> read_assignment("providers.0.policy.kind=live-patch")
    ('providers.0.policy.kind', 'live-patch')
    """
    path, equals, value = text.partition("=")
    path, value = path.strip(), value.strip()
    if not equals or not path or not value:
        raise ScenarioError(f"--set {text!r}: must be key=value, e.g. users.count=1000")
    try:
        return path, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path, value
