"""The form in which a visitor edits a scenario."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from browser.fields import Field, field_groups, format_value, is_live, label_of, parse_value
from model.errors import ScenarioError
from model.paths import KIND_KEYS, VENDOR_TERMS, named
from model.scenario import Scenario, preset_names

OWN = "own"  # name of the scenario given on the command line or dropped onto the page
MAX_USERS, MAX_DAYS, MAX_LINKS = 1_000_000, 10_000, 50_000_000
"""Limits for one visitor. *Assumed*: they allow about a gigabyte, and a second per step."""


@dataclass(frozen=True)
class Form:
    """A scenario to start from, and the visitor's edits.

    Attributes
    ----------
    name
        A preset, or `OWN`.
    own
        The scenario that `OWN` stands for.
    edits
        Values by dotted path, in the order in which they were typed; they may be invalid.
    changes
        Prices and policies that were changed during a run: values by day and dotted path.
    """

    name: str = "thought-experiment"
    own: Scenario | None = None
    edits: dict[str, Any] = field(default_factory=dict)
    changes: dict[tuple[int, str], Any] = field(default_factory=dict)

    @cached_property
    def base(self) -> Scenario:
        """The scenario without the edits."""
        if self.name == OWN and self.own is not None:
            return self.own
        return Scenario.preset(self.name)

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario with the edits, and with the changes among its events.

        Raises
        ------
        ScenarioError
            If an edit or a change is invalid, or the scenario is too large for the page.
        """
        scenario = self.base.replace(**self.edits)
        check_size(scenario)
        events = [*scenario.tables().get("events", []), *self._events(scenario.days)]
        return Scenario.parse(scenario.tables() | {"events": events}) if self.changes else scenario

    def as_of(self, day: int) -> "Form":
        """Return the form of what is in force on a day: the changes up to it are edits."""
        edits = self.edits
        for (when, path), value in self._changes_in_order:
            if when <= day:
                edits = with_edit(edits, path, value)
        return Form(self.name, self.own, edits)

    @property
    def _changes_in_order(self) -> list[tuple[tuple[int, str], Any]]:
        return sorted(self.changes.items(), key=lambda change: change[0][0])

    def _events(self, days: int) -> Iterator[dict[str, Any]]:
        """Return the changes as events. Each sets a whole policy, as its parts depend on its kind."""
        for (day, path), _ in self._changes_in_order:
            if day < days:
                scenario, (_, number, key, *_) = self.as_of(day).scenario, path.split(".")
                names = [provider.name for provider in scenario.providers]
                value = scenario.tables()["providers"][int(number)][key]
                yield {"day": day, "set": {named(f"providers.{number}.{key}", names): value}}

    @property
    def fields(self) -> list[dict[str, Any]]:
        """Groups of fields, with the values that were typed, valid or not."""
        try:
            scenario = self.scenario
        except ScenarioError:
            scenario = self._with_valid_edits
        groups = list(field_groups(scenario))
        for item in (item for group in groups for item in group["fields"]):
            if item["path"] in self.edits:
                item["value"] = format_value(self.edits[item["path"]])
        return groups

    @property
    def names(self) -> list[str]:
        """The scenarios that a visitor can choose."""
        return [*([OWN] if self.own is not None else []), *preset_names()]

    def choose_scenario(self, name: str) -> "Form":
        """Return a form for another scenario, without edits."""
        if name == OWN and self.own is None:
            raise ScenarioError.of("scenario", name, "was a file, which no link holds; drop it onto the page again")
        if name not in self.names:
            raise ScenarioError.of("scenario", name, f"must be one of {', '.join(self.names)}")
        return Form(name, self.own)

    def set_value(self, path: str, text: Any) -> "Form":
        """Return the form with one more edit, which may be invalid."""
        offered: dict[str, Field] = {item["path"]: item for group in self.fields for item in group["fields"]}
        if path not in offered:
            raise ScenarioError.of(path, text, "cannot be set on this page")
        options = offered[path].get("options")
        if options and text not in options:
            raise ScenarioError.of(path, text, f"must be one of {', '.join(options)}")
        return Form(self.name, self.own, with_edit(self.edits, path, parse_value(text)), self.changes)

    def change(self, day: int, path: str, text: Any) -> "Form":
        """Return the form with a price or policy that changes on a day.

        Raises
        ------
        ScenarioError
            If the value is invalid or this cannot change during a run.
        """
        if not is_live(path):
            raise ScenarioError.of(path, text, "cannot be changed during a run on this page")
        value = self.as_of(day).set_value(path, text)
        _ = value.scenario  # raises if the value is invalid
        kept = {
            (when, other): old
            for (when, other), old in self.changes.items()
            if when != day or (other != path and other in with_edit({other: old}, path, text))
        }
        form = Form(self.name, self.own, self.edits, kept | {(day, path): parse_value(text)})
        _ = form.scenario
        return form

    def list_changes(self) -> list[dict[str, Any]]:
        """Return the changes as the page lists them, in order."""
        names = [provider.name for provider in self.base.providers]
        listed = []
        for (day, path), value in self._changes_in_order:
            name = names[int(path.split(".")[1])]
            listed.append({"day": day, "path": path, "text": f"{name}: {label_of(path)} {format_value(value)}"})
        return listed

    def without_change(self, day: int, path: str) -> "Form":
        """Return the form without a change."""
        changes = {key: value for key, value in self.changes.items() if key != (day, path)}
        return Form(self.name, self.own, self.edits, changes)

    @property
    def _with_valid_edits(self) -> Scenario:
        """The scenario with the edits that are valid, applied in order."""
        scenario = self.base
        for path, value in self.edits.items():
            try:
                scenario = scenario.replace(**{path: value})
            except ScenarioError:
                continue
        return scenario


def with_edit(edits: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return edits with one more; what it makes meaningless is left out.

    >>> with_edit({"providers.0.policy.notice_days": 3}, "providers.0.policy.kind", "none")
    {'providers.0.policy.kind': 'none'}
    """
    table, _, key = path.rpartition(".")
    if KIND_KEYS.get(table.rpartition(".")[2]) == key:  # another kind has other settings
        edits = {old: known for old, known in edits.items() if not old.startswith(f"{table}.")}
    if key == "vendor":  # another vendor has other terms
        edits = {old: known for old, known in edits.items() if old not in [f"{table}.{term}" for term in VENDOR_TERMS]}
    return edits | {path: value}


def check_size(scenario: Scenario) -> None:
    """Refuse a scenario that is too large for the page."""
    users, days = scenario.users.count, scenario.days
    if users > MAX_USERS:
        limit = f"must be at most {MAX_USERS:,} on this page; the command line takes more"
        raise ScenarioError.of("users.count", users, limit)
    if days > MAX_DAYS:
        limit = f"must be at most {MAX_DAYS:,} on this page; the command line takes more"
        raise ScenarioError.of("days", days, limit)
    degree = getattr(scenario.network, "degree", 0)
    if users * degree > MAX_LINKS:
        limit = f"must be at most {MAX_LINKS // users} for {users:,} users on this page; the command line takes more"
        raise ScenarioError.of("network.degree", degree, limit)
