"""The settings that the page offers, with meaning and unit from the scenario's schema, and how values are typed."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, get_args

from agents.settings import Settings
from model.errors import ScenarioError
from model.plugins import rules
from model.published_terms import vendors
from model.scenario import Scenario
from model.schema import Network

USER_KEYS = (
    "count",
    "tolerance.median",
    "tolerance.sigma",
    "memory_days",
    "downtime_value.median",
    "downtime_value.sigma",
    "initial_awareness",
    "advertising_per_day",
    "peer_weight",
    "choice_noise",
    "contract_days",
    "voice",
)
PROVIDER_KEYS = ("price", "policy", "server_capacity", "server_cost", "strategy", "review_days", "claimed_downtime")
MAIN_LABELS = ("price", "policy", "per server month")  # a provider's fields that are always visible
LIVE_KEYS = ("price", "policy")  # a provider's settings that can change during a run
OPTIONS: dict[str, tuple[str, ...]] = {
    "policy.vendor": ("", *vendors()),
    "network.kind": tuple(
        kind.model_fields["kind"].default
        for kind in get_args(get_args(Network)[0])
        if kind.model_fields["kind"].default != "file"
    ),
    "flaws.source": ("poisson", "history"),
    "flaws.history": ("debian-kernel", "debian-advisories"),
}
Field = dict[str, Any]


def field_groups(scenario: Scenario) -> Iterator[dict[str, Any]]:
    """Return the groups of fields for a scenario."""
    for number, provider in enumerate(scenario.providers):
        fields = [item for key in PROVIDER_KEYS for item in _fields(provider, f"providers.{number}", key)]
        for item in fields:
            item["live"] = is_live(item["path"])
            item["main"] = item["label"] in MAIN_LABELS
        yield {"title": provider.name, "provider": number, "fields": fields}
    yield {"title": "Users", "fields": [item for key in USER_KEYS for item in _fields(scenario.users, "users", key)]}
    for title, key in (("Word of mouth", "word_of_mouth"), ("Network", "network"), ("Flaws", "flaws")):
        yield {"title": title, "fields": list(_fields(scenario, "", key))}
    yield {"title": "Run", "fields": list(_fields(scenario, "", "days"))}


def is_live(path: str) -> bool:
    """Return whether a setting can change during a run.

    >>> is_live("providers.1.policy.kind"), is_live("users.count")
    (True, False)
    """
    first, _, key, *_ = [*path.split("."), "", ""]
    return first == "providers" and key in LIVE_KEYS


def parse_value(text: Any) -> Any:
    """Return the number, date or truth value that was typed, or the text itself for the schema to check.

    >>> parse_value("5"), parse_value("0.5"), parse_value("inf"), parse_value("five"), parse_value(True)
    (5, 0.5, inf, 'five', True)
    """
    if not isinstance(text, str):
        return text
    text = text.strip()
    for kind in (int, float, date.fromisoformat):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)


def parse_seed(text: Any) -> int:
    """Return the seed that was typed.

    >>> parse_seed("7")
    7
    """
    value = parse_value(text)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ScenarioError.of("seed", value, "must be a whole number from 0")
    return value


def format_value(value: Any) -> str:
    """Return a value as it would be typed.

    >>> format_value(5.0), format_value(0.0167), format_value(True), format_value(None), format_value(1e-7)
    ('5', '0.0167', 'true', '', '1e-07')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def spell_out(text: str) -> str:
    """Return a description with the names of settings as the page spells them.

    >>> spell_out("from a vendor (`per_server_month`)")
    'from a vendor (per server month)'
    """
    return re.sub(r"`([^`]*)`", lambda name: name[1].replace("_", " "), text)


def _fields(section: Settings, place: str, key: str) -> Iterator[Field]:
    """Return the fields for a key of a section; if its value is a section too, those of all its keys."""
    first, _, rest = key.partition(".")
    value = getattr(section, first)
    path = f"{place}.{first}".lstrip(".")
    if isinstance(value, Settings):
        for inner in [rest] if rest else type(value).model_fields:
            yield from _fields(value, path, inner)
    elif not isinstance(value, list) and value is not None and path != "network.path":  # a visitor may not name files
        yield _field(section, path, first, value)


def _field(section: Settings, path: str, key: str, value: Any) -> Field:
    info = type(section).model_fields[key]
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    options = options_of(".".join(path.split(".")[-2:]))
    meaning = info.description or (type(section).__doc__ or "").splitlines()[0].rstrip(".")
    return {
        "path": path,
        "label": label_of(path),
        "unit": extra.get("unit") or _range(info),
        "help": spell_out(meaning),
        "value": format_value(value),
        "options": list(dict.fromkeys([*options, value])) if options else None,
        "switch": isinstance(value, bool),
        "live": False,
        "main": True,
    }


def options_of(setting: str) -> tuple[str, ...] | None:
    """Return the values among which a setting is chosen; None where it is typed."""
    groups = {"policy.kind": "policies", "strategy.kind": "strategies"}
    return tuple(rules(groups[setting])) if setting in groups else OPTIONS.get(setting)


def _range(info: Any) -> str:
    """Return the range of a number without a unit."""
    limits = {
        name: getattr(part, name) for part in info.metadata for name in ("ge", "gt", "le", "lt") if hasattr(part, name)
    }
    return "0 to 1" if limits.get("ge", limits.get("gt")) == 0 and limits.get("le", limits.get("lt")) == 1 else ""


def label_of(path: str) -> str:
    """Return the label of a field.

    >>> label_of("users.tolerance.median"), label_of("providers.0.policy.kind"), label_of("network.kind")
    ('tolerance, median', 'policy', 'kind of network')
    """
    *_, table, key = ("", *path.split("."))
    name = key.replace("_", " ")
    if key == "kind":
        return table if table in ("policy", "strategy") else f"kind of {table}"
    if table in ("tolerance", "downtime_value"):
        return f"{table.replace('_', ' ')}, {name}"
    return name
