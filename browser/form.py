"""The form in which a visitor edits a scenario."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from browser.fields import Field, field_groups, format_value, parse_value
from model.errors import ScenarioError
from model.paths import KIND_KEYS, VENDOR_TERMS
from model.scenario import Scenario, preset_names

OWN = "own"  # name of the scenario given on the command line
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
    """

    name: str = "thought-experiment"
    own: Scenario | None = None
    edits: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def base(self) -> Scenario:
        """The scenario without the edits."""
        if self.name == OWN and self.own is not None:
            return self.own
        return Scenario.preset(self.name)

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario with the edits.

        Raises
        ------
        ScenarioError
            If an edit is invalid or the scenario is too large for the page.
        """
        scenario = self.base.replace(**self.edits)
        check_size(scenario)
        return scenario

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
        edits = self.edits
        table, _, key = path.rpartition(".")
        if KIND_KEYS.get(table.rpartition(".")[2]) == key:  # another kind has other settings
            edits = {old: value for old, value in edits.items() if not old.startswith(f"{table}.")}
        if key == "vendor":  # another vendor has other terms
            edits = {old: value for old, value in edits.items() if old not in [f"{table}.{t}" for t in VENDOR_TERMS]}
        return Form(self.name, self.own, edits | {path: parse_value(text)})

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
