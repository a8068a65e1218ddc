"""Form: the settings that the page offers, with the meaning and unit that the scenario's schema gives them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from agents.policies import POLICIES
from agents.settings import Settings
from model.errors import ScenarioError
from model.paths import KIND_KEYS, VENDOR_TERMS
from model.published_terms import vendors
from model.scenario import Scenario, preset_names
from model.schema import Network

OWN = "own"  # stands for the scenario that the page was started with, where it is no preset
MOST_USERS, MOST_DAYS, MOST_LINKS = 1_000_000, 10_000, 50_000_000
"""What one visitor may ask a server for. *Assumed*: about a gigabyte, and a step of a second."""

USERS = (
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
PROVIDER = ("price", "policy", "server_capacity", "server_cost", "strategy", "review_days", "claimed_downtime")
MAIN = ("price", "policy", "per server month")  # of a provider: shown at once
LIVE = ("price", "policy")  # of a provider: may be changed in mid-run
CHOICES: dict[str, tuple[str, ...]] = {
    "policy.kind": tuple(POLICIES),
    "policy.vendor": ("", *vendors()),
    "strategy.kind": ("hold", "copy", "cut-price", "match", "escalate"),
    "network.kind": tuple(
        kind.model_fields["kind"].default
        for kind in get_args(get_args(Network)[0])
        if kind.model_fields["kind"].default != "edge-list"
    ),
    "flaws.source": ("poisson", "history"),
    "flaws.history": ("debian-kernel", "debian-advisories"),
}
Item = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """A scenario in the making: one to begin with, and what has been typed since."""

    start: str = "thought-experiment"  # a preset, or OWN
    own: Scenario | None = None  # what OWN stands for
    edits: dict[str, Any] = field(default_factory=dict)  # dotted path -> value

    @cached_property
    def base(self) -> Scenario:
        """The scenario to begin with."""
        if self.start == OWN and self.own is not None:
            return self.own
        return Scenario.preset(self.start)

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario as it is now; raises ScenarioError where it cannot be."""
        found = self.base.replace(**self.edits)
        check_size(found)
        return found

    @property
    def fields(self) -> list[Item]:
        """What can be set: groups of fields, with what has been typed in them, right or wrong."""
        try:
            shown = self.scenario
        except ScenarioError:
            shown = self._last_right
        groups = list(offered(shown))
        for item in (item for group in groups for item in group["fields"]):
            if item["path"] in self.edits:
                item["value"] = written(self.edits[item["path"]])
        return groups

    def put(self, path: str, text: Any) -> "Form":
        """Return the form with one value typed in, which need not be right."""
        offered_here = {item["path"]: item for group in self.fields for item in group["fields"]}
        if path not in offered_here:
            raise ScenarioError.of(path, text, "cannot be set on this page")
        options = offered_here[path].get("options")
        if options and text not in options:
            raise ScenarioError.of(path, text, f"must be one of {', '.join(options)}")
        edits = self.edits
        table, _, key = path.rpartition(".")
        if KIND_KEYS.get(table.rpartition(".")[2]) == key:  # another kind has other settings
            edits = {old: value for old, value in edits.items() if not old.startswith(f"{table}.")}
        if key == "vendor":  # another vendor asks another price
            edits = {old: value for old, value in edits.items() if old not in [f"{table}.{t}" for t in VENDOR_TERMS]}
        return Form(self.start, self.own, edits | {path: read(text)})

    def choose(self, start: str) -> "Form":
        """Return a form that begins with another scenario."""
        if start not in self.starts:
            raise ScenarioError.of("scenario", start, f"must be one of {', '.join(self.starts)}")
        return Form(start, self.own)

    @property
    def starts(self) -> list[str]:
        """What can be begun with."""
        return [*([OWN] if self.own is not None else []), *preset_names()]

    @property
    def _last_right(self) -> Scenario:
        """The scenario with the edits that can be, taken in the order in which they were typed."""
        found = self.base
        for path, value in self.edits.items():
            try:
                found = found.replace(**{path: value})
            except ScenarioError:
                continue
        return found

    def query(self, prefix: str = "") -> dict[str, str]:
        """Return the form as query parameters."""
        return {f"{prefix}scenario": self.start} | {f"{prefix}{k}": written(v) for k, v in self.edits.items()}


def read_link(search: str, own: Scenario | None, start: str, seed: int) -> tuple[list[Form], int, str]:
    """Return the forms and the seed that a link's query asks for, and what is wrong with it, a line for each field."""
    given = dict(parse_qsl(search.lstrip("?"), keep_blank_values=True))
    forms, wrong = [], []
    try:
        seed = read_seed(given.pop("seed", str(seed)))
    except ScenarioError as error:
        wrong.append(str(error))
    for prefix in ("", "vs.") if any(key.startswith("vs.") for key in given) else ("",):
        mine = {
            key.removeprefix(prefix): value for key, value in given.items() if key.startswith("vs.") == bool(prefix)
        }
        form = Form(start, own)
        try:
            form = form.choose(mine.pop("scenario", start))
        except ScenarioError as error:
            wrong.append(str(error))
        for path, text in mine.items():
            try:
                form = form.put(path, text)
            except ScenarioError as error:
                wrong.append(str(error))
        forms.append(form)
    return forms, seed, "\n".join(wrong)


def write_link(forms: list[Form], seed: int) -> str:
    """Return the query of a link that restores the forms and the seed."""
    query = {"seed": str(seed)} | forms[0].query()
    for form in forms[1:]:
        query |= form.query("vs.")
    return urlencode(query)


def read_seed(text: Any) -> int:
    """Read a seed.

    >>> read_seed("7")
    7
    """
    value = read(text)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ScenarioError.of("seed", value, "must be a whole number from 0")
    return value


def check_size(scenario: Scenario) -> None:
    """Refuse what would be too much for a page."""
    users, days = scenario.users.count, scenario.days
    if users > MOST_USERS:
        raise ScenarioError.of(
            "users.count", users, f"must be at most {MOST_USERS:,} on this page; the command takes more"
        )
    if days > MOST_DAYS:
        raise ScenarioError.of("days", days, f"must be at most {MOST_DAYS:,} on this page; the command takes more")
    degree = getattr(scenario.network, "degree", 0)
    if users * degree > MOST_LINKS:
        allowed = f"must be at most {MOST_LINKS // users} for {users:,} users on this page; the command takes more"
        raise ScenarioError.of("network.degree", degree, allowed)


def read(text: Any) -> Any:
    """Read what was typed: a number if it is one, else the text as it is, for the schema to judge.

    >>> read("5"), read("0.5"), read("inf"), read("five"), read(True)
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


def written(value: Any) -> str:
    """Write a value as it is typed.

    >>> written(5.0), written(0.0167), written(True), written(None), written(1e-7)
    ('5', '0.0167', 'true', '', '1e-07')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def offered(scenario: Scenario) -> Iterator[Item]:
    """Return the groups of fields for a scenario."""
    for number, provider in enumerate(scenario.providers):
        place = f"providers.{number}"
        fields = [item for key in PROVIDER for item in _items(provider, place, key)]
        for item in fields:
            item["live"] = item["path"].split(".")[2] in LIVE
            item["main"] = item["label"] in MAIN
        yield {"title": provider.name, "provider": number, "fields": fields}
    yield {"title": "Users", "fields": [item for key in USERS for item in _items(scenario.users, "users", key)]}
    for title, key in (("Word of mouth", "word_of_mouth"), ("Network", "network"), ("Flaws", "flaws")):
        yield {"title": title, "fields": list(_items(scenario, "", key))}
    yield {"title": "Run", "fields": list(_items(scenario, "", "days"))}


def _items(section: Settings, place: str, key: str) -> Iterator[Item]:
    """Return the fields for a key of a table; for a table in it, those of all its keys."""
    first, _, rest = key.partition(".")
    value = getattr(section, first)
    path = f"{place}.{first}".lstrip(".")
    if isinstance(value, Settings):
        for inner in [rest] if rest else type(value).model_fields:
            yield from _items(value, path, inner)
    elif not isinstance(value, list) and value is not None and first != "file":  # a visitor may not name files
        yield _item(section, path, first, value)


def _item(section: Settings, path: str, key: str, value: Any) -> Item:
    info = type(section).model_fields[key]
    origin = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    options = CHOICES.get(".".join(path.split(".")[-2:]))
    meaning = info.description or (type(section).__doc__ or "").splitlines()[0].rstrip(".")
    return {
        "path": path,
        "label": _label(path),
        "unit": origin.get("unit") or _range(info),
        "help": plainly(meaning),
        "value": written(value),
        "options": list(dict.fromkeys([*options, value])) if options else None,
        "switch": isinstance(value, bool),
        "live": False,
        "main": True,
    }


def plainly(text: str) -> str:
    """Return the text with names of settings as the page writes them.

    >>> plainly("from a vendor (`per_server_month`)")
    'from a vendor (per server month)'
    """
    return re.sub(r"`([^`]*)`", lambda name: name[1].replace("_", " "), text)


def _range(info: Any) -> str:
    """Say between what a pure number lies, in place of a unit."""
    limits = {
        name: getattr(part, name) for part in info.metadata for name in ("ge", "gt", "le", "lt") if hasattr(part, name)
    }
    return "0 to 1" if limits.get("ge", limits.get("gt")) == 0 and limits.get("le", limits.get("lt")) == 1 else ""


def _label(path: str) -> str:
    """Return the name of a field.

    >>> _label("users.tolerance.median"), _label("providers.0.policy.kind"), _label("network.kind")
    ('tolerance, median', 'policy', 'kind of network')
    """
    *_, table, key = ("", *path.split("."))
    name = key.replace("_", " ")
    if key == "kind":
        return table if table in ("policy", "strategy") else f"kind of {table}"
    if table in ("tolerance", "downtime_value"):
        return f"{table.replace('_', ' ')}, {name}"
    return name
