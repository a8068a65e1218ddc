"""The parameter tables: every setting with its unit, what is allowed, its default and where that is from.

They are read from the declarations that also validate scenario files, so the two always agree.
"""

import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from agents.settings import Settings
from model.errors import ScenarioError
from model.explain import sections
from model.published_terms import agreements, vendors
from model.scenario import Scenario

BEGIN, END = "<!-- parameters: begin -->", "<!-- parameters: end -->"
COLUMNS = ("setting", "meaning", "unit", "allowed", "default", "grade", "source")
TYPES = {int: "whole number", float: "number", bool: "true, false", str: "text"}
LIMITS = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "allow_inf_nan")
TAGS = ("kind", "source")  # keys that say which of several tables is meant
VENDOR_TERMS = {
    "per_server_month": "$/server/month",
    "per_patch": "$/patch",
    "coverage": "share",
    "max_age_days": "days",
    "patch_delay_days": "days",
}


class Table(NamedTuple):
    """One table of a scenario file."""

    path: str  # dotted; `providers.N` stands for any provider
    kind: str  # the key and value that choose it among several, e.g. `kind = "reboot"`; empty: it is the only one
    meaning: str  # of the table
    section: type[Settings]
    changes: bool = False  # whether all its settings may change in mid-run


def tables(section: type[Settings] = Scenario, path: str = "", *, changes: bool = False) -> Iterator[Table]:
    """Go through the tables that may stand in a scenario file, in its order."""
    if not path:
        yield Table("", "", "", section)
    for key, info in section.model_fields.items():
        below = sections(info.annotation)
        place = f"{path}.{key}".lstrip(".") + (".N" if _holds_several(info.annotation) else "")
        for table in below:
            if issubclass(table, Settings):
                changing = changes or bool(_origin(info).get("changes"))
                yield Table(place, _tag(table), first_line(table), table, changing)
                if not path.endswith("strategy"):  # the steps of an escalation are strategies again
                    yield from tables(table, place, changes=changing)


def _origin(info: FieldInfo) -> dict[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


def _holds_several(annotation: Any) -> bool:
    return get_origin(annotation) is list


def _tag(section: type[Settings]) -> str:
    keys = [key for key in TAGS if key in section.model_fields and _is_tag(section.model_fields[key])]
    return f'{keys[0]} = "{section.model_fields[keys[0]].default}"' if keys else ""


def _is_tag(info: FieldInfo) -> bool:
    return get_origin(info.annotation) is Literal and len(get_args(info.annotation)) == 1


def first_line(section: type[Settings]) -> str:
    """Return what a table is, in a line."""
    return (section.__doc__ or "").partition("\n")[0]


def settings(section: type[Settings]) -> list[tuple[str, FieldInfo]]:
    """Return a table's own settings: neither the tables in it nor what says which it is."""
    fields = section.model_fields.items()
    return [(key, info) for key, info in fields if not sections(info.annotation) and not _is_tag(info)]


def row(path: str, key: str, info: FieldInfo, *, changes: bool = False) -> tuple[str, ...]:
    """Return one setting as texts, in the order of `COLUMNS`.

    >>> from model.schema import UserSettings
    >>> row("users", "memory_days", UserSettings.model_fields["memory_days"])[2:6]
    ('days', 'number above 0, or inf', '90', 'assumed')
    """
    origin = _origin(info)
    place = f"{path}.{key}".lstrip(".")
    meaning = str(info.description or "") + (" (may change in a run)" if changes or origin.get("changes") else "")
    texts = (f"`{place}`", meaning, origin.get("unit"), allowed(info), default(info))
    grade = "" if info.is_required() else origin.get("grade")
    return tuple(str(text or "") for text in (*texts, grade, origin.get("source")))


def allowed(info: FieldInfo) -> str:
    """Say what values a setting may have."""
    limits = {name: getattr(limit, name) for limit in info.metadata for name in LIMITS if hasattr(limit, name)}
    said = f"{_type_name(info.annotation)} {_range(limits)}".strip()
    if "min_length" in limits:
        most = f" to {limits['max_length']}" if limits.get("max_length") else " or more"
        said += f" of {limits['min_length']}{most}" + ("" if said.startswith("list") else " characters")
    said += f", a multiple of {limits['multiple_of']}" if "multiple_of" in limits else ""
    return said + (", or inf" if limits.get("allow_inf_nan") else "")


def _range(limits: dict[str, Any]) -> str:
    """Write limits in words.

    >>> _range({"ge": 0, "le": 1}), _range({"gt": 0}), _range({"ge": 1}), _range({})
    ('from 0 to 1', 'above 0', 'from 1', '')
    """
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    return " ".join(f"{word} {_number(limits[name])}" for name, word in words.items() if name in limits)


def _type_name(annotation: Any) -> str:
    if get_origin(annotation) in (Union, types.UnionType):
        return next(_type_name(part) for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is Annotated:
        return _type_name(get_args(annotation)[0])
    if get_origin(annotation) in (list, dict):
        return "list" if get_origin(annotation) is list else "table"
    if get_origin(annotation) is Literal:
        return " or ".join(get_args(annotation))
    return TYPES.get(annotation, getattr(annotation, "__name__", str(annotation)))


def default(info: FieldInfo) -> str:
    """Write a default as a scenario file would; a setting without one must be given."""
    if info.is_required():
        return "must be given"
    if info.default_factory is not None:
        return "empty"
    value = info.default
    if value is None:
        return "left out"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"`{value}`" if value else "empty"
    return _number(value) if isinstance(value, int | float) else str(value)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


def to_markdown() -> str:
    """Write all tables as Markdown, and the terms of vendors and agreements that are kept as data."""
    parts = [_section(table) for table in tables() if table.kind or settings(table.section)]
    return "\n".join([*parts, _vendors(), _agreements()])


def _section(table: Table) -> str:
    title = f"`{table.path}`" if table.path else "The scenario"
    title += f", `{table.kind}`" if table.kind else ""
    rows = [row(table.path, key, info, changes=table.changes) for key, info in settings(table.section)]
    rows = [(place.replace(f"{table.path}.", "", 1) if table.path else place, *rest) for place, *rest in rows]
    lead = [table.meaning, ""] if table.meaning else []
    return "\n".join([f"### {title}", "", *lead, *(_lines(COLUMNS, rows) if rows else [])])


def _lines(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    body = [" | ".join(text.replace("|", "\\|") for text in texts) for texts in rows]
    return [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns), *(f"| {line} |" for line in body), ""]


def _vendors() -> str:
    """Write the vendors' terms, each figure with its grade, and below them the notes."""
    rows, notes = [], []
    for key, terms in vendors().items():
        graded = [f"{_term(terms[term])} ({terms[f'{term}_grade']})" for term in VENDOR_TERMS]
        rows.append((f"`{key}`", terms["name"], *graded, str(terms["year"])))
        notes.append(f"- `{key}`: {terms['note']} Source: {_link(terms['source'])}")
    units = tuple(f"`{term}`, {unit}" for term, unit in VENDOR_TERMS.items())
    lead = ["### Vendors of live patches", "", "What `providers.N.policy.vendor` stands for.", ""]
    return "\n".join([*lead, *_lines(("vendor", "name", *units, "year"), rows), *notes, ""])


def _term(value: float | dict[str, float]) -> str:
    """Write a term: a number, or the median and sigma of a delay."""
    return f"{_number(value['median'])}, sigma {_number(value['sigma'])}" if isinstance(value, dict) else _number(value)


def _agreements() -> str:
    """Write the published service level agreements."""
    rows = []
    for key, terms in agreements().items():
        tiers = "; ".join(f"below {tier['below']:.2%}: {tier['credit']:.0%}" for tier in terms["tiers"])
        grades = f"availability {terms['below_grade']}, credit {terms['credit_grade']}"
        rows.append((f"`{key}`", terms["name"], tiers, grades, str(terms["year"]), _link(terms["source"])))
    lead = ["### Service level agreements", "", "What `providers.N.sla.terms` stands for.", ""]
    return "\n".join([*lead, *_lines(("terms", "name", "credits", "grades", "year", "source"), rows)])


def _link(source: str) -> str:
    return f"<{source}>" if source.startswith("https://") else source


def put_between_markers(page: Path) -> None:
    """Replace what stands between the markers of a page by the tables as they are now.

    Raises
    ------
    ScenarioError
        If the page cannot be read or written, or has not exactly one pair of markers.
    """
    try:
        text = page.read_text(encoding="utf-8")
        page.write_text(with_tables(text, page), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError.of("--write", str(page), f"must be a text file that can be written ({error})") from None


def with_tables(text: str, page: Path) -> str:
    """Return a page's text with the tables of now between its markers."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ScenarioError.of("--write", str(page), f"must have one line {BEGIN} and, below, one line {END}")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    return f"{before}{BEGIN}\n\n{to_markdown()}\n{END}{after}"
