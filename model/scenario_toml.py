"""A scenario as TOML: complete, with unit, grade and meaning of every key as a comment."""

from typing import Any

import tomlkit

from agents.settings import Settings
from model.events import Event
from model.paths import VENDOR_TERMS
from model.published_terms import agreements, vendors
from model.scenario import Scenario
from model.schema import Sla, Tier

COMMENT_COLUMN = 44
Terms = dict[str, Any] | None


def to_toml(scenario: Scenario) -> str:
    """Return a scenario as TOML with all defaults; the text is itself a valid scenario.

    >>> print(to_toml(Scenario.preset("quiet")).splitlines()[2])
    days = 365                                  # days; design; length of a run
    """
    return "\n".join(_table(scenario, "", array=False)).lstrip("\n") + "\n"


def _table(section: Settings, name: str, *, array: bool, terms: Terms = None) -> list[str]:
    """Return the lines of a table: its plain keys first, as TOML requires, then the tables in it."""
    lines, tables = [], []
    if name:
        lines += ["", f"[[{name}]]" if array else f"[{name}]"]
    for key in type(section).model_fields:
        value = getattr(section, key)
        path = f"{name}.{key}" if name else key
        if isinstance(section, Event) and value in (None, {}):
            continue  # what an event does not do is left out
        if isinstance(value, Settings):
            tables += _table(value, path, array=False)
        elif isinstance(value, list) and all(isinstance(item, Settings) for item in value):
            published = agreements().get(section.terms) if isinstance(section, Sla) else None
            for item in value:
                tables += _table(item, path, array=True, terms=published)
        else:
            lines.append(_line(section, key, value, terms))
    return lines + tables


def _line(section: Settings, key: str, value: Any, terms: Terms) -> str:
    info = type(section).model_fields[key]
    origin = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    changes = "may change in a run" if origin.get("changes") else ""
    remarks = [origin.get("unit"), _grade(section, key, value, origin, terms), info.description, changes]
    comment = "; ".join(str(remark) for remark in remarks if remark)
    assignment = f"# {key} =" if value is None else f"{key} = {_literal(value)}"
    return f"{assignment:<{COMMENT_COLUMN - 1}} # {comment}" if comment else assignment


def _literal(value: Any) -> str:
    """Write a value on one line.

    >>> _literal({"providers.Live & Co.price": 5.5, "users": {"count": 1}})
    '{ "providers.Live & Co.price" = 5.5, users = { count = 1 } }'
    """
    if isinstance(value, dict):
        pairs = (f"{tomlkit.key(key).as_string()} = {_literal(inner)}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_literal(inner) for inner in value)}]"
    return str(tomlkit.item(value).as_string())


def _grade(section: Settings, key: str, value: Any, origin: dict[str, Any], terms: Terms) -> str:
    """Return the origin of a value: the grade of the default or of the published terms, or this scenario."""
    if terms and isinstance(section, Tier) and section.model_dump() in terms["tiers"]:
        return f"{terms[f'{key}_grade']} ({terms['name']}, {terms['year']})"
    vendor = getattr(section, "vendor", "")
    if vendor and key in VENDOR_TERMS and value == vendors()[vendor][key]:
        sold = vendors()[vendor]
        return f"{sold[f'{key}_grade']} ({vendor}, {sold['year']})"
    if value == type(section).model_fields[key].default:
        source = origin.get("source")
        return f"{origin.get('grade', '')} ({source})" if source else str(origin.get("grade", ""))
    return "set in this scenario" if origin.get("grade") not in (None, "design") else ""
