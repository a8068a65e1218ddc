"""Validation errors of a scenario as one line for each field, in the terms of the scenario file."""

import difflib
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from model.errors import ScenarioError, shown
from model.plugins import BUILT_IN, HOW, loaded

MOVED: dict[int | str, str] = {
    "breach_per_flaw_day": "security.attack_rate, a rate per server-day for all policies alike",
    "breach_minutes": "security.breach_minutes, for all policies alike",
    "breach_cost": "security.breach_cost, for all policies alike",
}
"""Keys of policies that have moved, and where to."""


def explain(error: ValidationError, schema: type[BaseModel], tables: Mapping[str, Any]) -> str:
    """Return one line for each error: dotted path, value, and what is allowed."""
    lines = []
    for problem in error.errors():
        cause = problem.get("ctx", {}).get("error")
        if isinstance(cause, ScenarioError):  # checks in the schema name the field themselves
            lines.append(str(cause))
            continue
        path, tags = _real_path(problem["loc"], tables)
        dotted = ".".join(str(step) for step in path)
        if problem["type"] == "extra_forbidden":
            hint = f"is now {MOVED[path[-1]]}" if path[-1] in MOVED and "policy" in path else ""
            lines.append(f"{dotted}: {hint or f'no such key; {_allowed_keys(schema, path, tags)}'}")
        elif problem["type"] == "missing":
            lines.append(f"{dotted}: is missing and has no default")
        elif problem["type"] in ("model_type", "model_attributes_type"):
            lines.append(f"{dotted} = {shown(problem['input'])}: must be a table")
        elif problem["type"] == "value_error":
            lines.append(f"{dotted}: {cause}")
        elif problem["type"].startswith("union_tag"):
            lines.append(_kinds(dotted, problem))
        else:
            lines.append(f"{dotted} = {shown(problem['input'])}: {_allowed(problem['msg'])}")
    return "\n".join(dict.fromkeys(lines))


def _real_path(loc: tuple[int | str, ...], tables: Any) -> tuple[list[int | str], list[str]]:
    """Separate the keys of the file from the kinds that pydantic inserts between them."""
    path: list[int | str] = []
    tags: list[str] = []
    place, tagged = tables, None
    for number, step in enumerate(loc):
        if isinstance(place, dict):  # a plugin's errors come without its kind
            tags += [place[key] for key in ("kind", "source") if isinstance(place.get(key), str)]
        inside = step in place if isinstance(place, dict) else isinstance(place, list) and isinstance(step, int)
        tag = isinstance(place, dict) and step in (place.get("kind"), place.get("source")) and place is not tagged
        if tag:  # the kind comes before a key of the same name, such as `file`
            inside, tagged = False, place
        if not inside and (tag or not isinstance(place, dict | list)) and number < len(loc) - 1:
            tags.append(str(step))
            continue
        if not inside and tag:
            continue
        path.append(step)
        if inside:
            place = place[step]
    return path, tags


def _allowed(message: str) -> str:
    return (
        message.replace("Input should be", "must be")
        .replace("a valid integer, got a number with a fractional part", "a whole number")
        .replace("a valid integer", "a whole number")
        .replace("a valid dictionary", "a table")
        .replace("a valid ", "a ")
        .replace("List should have", "must have")
        .replace("String should have", "must have")
    )


def _kinds(dotted: str, problem: Mapping[str, Any]) -> str:
    context = problem["ctx"]
    key = context["discriminator"].strip("'")
    allowed = context.get("expected_tags", "").replace("'", "")
    given = problem["input"].get(key) if isinstance(problem["input"], Mapping) else problem["input"]
    if problem["type"] == "union_tag_not_found":
        return f"{dotted}.{key}: is missing; say which"
    group = next((group for group, built_in in BUILT_IN.items() if allowed == ", ".join(built_in)), None)
    if group is None:
        return f"{dotted}.{key} = {shown(given)}: must be one of {allowed}"
    return f"{dotted}.{key} = {shown(given)}: must be one of {', '.join([allowed, *loaded(group)])}, or a plugin: {HOW}"


def _allowed_keys(schema: type[BaseModel], path: list[int | str], tags: list[str]) -> str:
    keys = list(_fields_at(schema, path[:-1], tags))
    near = difflib.get_close_matches(str(path[-1]), keys, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    return f"{meant}allowed here: {', '.join(keys)}"


def _fields_at(schema: type[BaseModel], path: list[int | str], tags: list[str]) -> dict[str, FieldInfo]:
    """Return the keys of the table at a path, given the kinds of the tables above it."""
    tables = [schema]
    for step in path:
        if isinstance(step, str):
            tables = [
                t
                for table in tables
                if step in table.model_fields
                for t in sections(table.model_fields[step].annotation)
            ]
        chosen = [t for t in tables if _tag(t) in tags]
        tables = chosen or tables
    return {key: info for table in tables for key, info in table.model_fields.items()}


def _tag(table: type[BaseModel]) -> Any:
    return next((table.model_fields[key].default for key in ("kind", "source") if key in table.model_fields), None)


def sections(annotation: Any) -> list[type[BaseModel]]:
    """Return the tables that a type annotation allows: itself, or the members of a list or union, and plugins."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found = [table for part in get_args(annotation) for table in sections(part)]
    for group, built_in in BUILT_IN.items():
        if found == list(built_in.values()):
            found += loaded(group).values()
    return found
