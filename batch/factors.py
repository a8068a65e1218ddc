"""Factors: what a study varies, each a setting (or several at once) with its levels or its range."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from pydantic.fields import FieldInfo

from agents.settings import Settings, setting
from model.errors import ScenarioError, shown
from model.explain import sections
from model.paths import numbered, steps
from model.scenario import Scenario


class Factor(Settings):
    """A setting that differs between points: a list of levels, or a range from `low` to `high`."""

    path: str = setting("", "dotted path of the setting", grade="design")
    paths: list[str] = setting([], "instead of `path`: several settings that change together", grade="design")
    name: str = setting("", "name of its column in the tables; left out: the path", grade="design")
    levels: list[Any] = setting([], "values, or whole tables; with `paths`, lists of one for each path", grade="design")
    names: list[str] = setting([], "what the tables call the levels; left out: the values", grade="design")
    low: float | None = setting(None, "lower end of a range", grade="design")
    high: float | None = setting(None, "upper end of a range", grade="design")
    scale: Literal["linear", "log"] = setting("linear", "how a range is filled", grade="design")
    steps: int | None = setting(
        None, "levels of a range where a design asks for levels, its ends among them", grade="design", ge=2
    )
    role: Literal["policy", "uncertainty"] | None = setting(
        None, "policy: one can choose it; uncertainty: one cannot", grade="design"
    )

    @property
    def targets(self) -> list[str]:
        """The dotted paths that the factor sets."""
        return self.paths or [self.path]

    def check(self, place: str) -> None:
        """Refuse a factor whose keys contradict each other; `place` is its own dotted path in the study."""
        if bool(self.path) == bool(self.paths):
            raise ScenarioError(f"{place}.path: must be given, or else `paths`, not both")
        ranged = self.low is not None or self.high is not None
        if ranged == bool(self.levels):
            raise ScenarioError(f"{place}.levels: must be given, or else `low` and `high`, not both")
        if ranged:
            self._check_range(place)
        elif self.paths:
            for number, level in enumerate(self.levels):
                if not isinstance(level, list) or len(level) != len(self.paths):
                    allowed = f"must be a list of {len(self.paths)} values, one for each of `paths`"
                    raise ScenarioError.of(f"{place}.levels.{number}", level, allowed)
        if self.names and len(self.names) != len(self.levels):
            raise ScenarioError.of(f"{place}.names", self.names, f"must be {len(self.levels)}, one for each level")
        if len(set(self.names)) < len(self.names):
            raise ScenarioError.of(f"{place}.names", self.names, "must differ from each other")

    def _check_range(self, place: str) -> None:
        if self.paths:
            raise ScenarioError(f"{place}.low: a range is for one `path`, not for `paths`")
        if self.low is None or self.high is None:
            raise ScenarioError(f"{place}.{'low' if self.low is None else 'high'}: is missing")
        if self.low >= self.high:
            raise ScenarioError.of(f"{place}.high", self.high, f"must be above low, {self.low:g}")
        if self.scale == "log" and self.low <= 0:
            raise ScenarioError.of(f"{place}.low", self.low, 'must be above 0 where scale = "log"')


class Level(NamedTuple):
    """One value of a factor: what it sets, and what the tables call it."""

    settings: dict[str, Any]
    labels: dict[str, Any]
    place: str  # its dotted path in the study, for messages


@dataclass(frozen=True)
class Axis:
    """A factor of a study with the scenario it changes: it turns numbers into levels."""

    factor: Factor
    place: str
    base: Scenario = field(repr=False)

    @property
    def ranged(self) -> bool:
        """Whether the factor is a range rather than a list."""
        return self.factor.low is not None

    @cached_property
    def columns(self) -> list[str]:
        """The columns of the tables that tell its level: one, or one a path for a nameless group."""
        factor = self.factor
        if len(factor.targets) > 1 and not factor.name and not factor.names:
            return factor.targets
        return [factor.name or "; ".join(factor.targets)]

    @cached_property
    def levels(self) -> list[Level]:
        """The levels: those of the list, or `steps` of the range."""
        factor = self.factor
        if not self.ranged:
            return [self._listed(number) for number in range(len(factor.levels))]
        if factor.steps is None:
            raise ScenarioError(f"{self.place}.steps: is missing; this design asks how many levels the range has")
        return [self._ranged(self._between(i / (factor.steps - 1))) for i in range(factor.steps)]

    @property
    def ends(self) -> tuple[Level, Level]:
        """The two levels of a two-level design: the ends of the range, or a list of two."""
        if self.ranged:
            return self._ranged(self._between(0.0)), self._ranged(self._between(1.0))
        if len(self.factor.levels) != 2:
            raise ScenarioError.of(f"{self.place}.levels", self.factor.levels, "must be two in this design")
        return self.levels[0], self.levels[1]

    def at(self, u: float) -> Level:
        """Return the level at `u` from 0 to 1: of a list, and of a range of whole numbers, each with equal chance."""
        if not self.ranged:
            return self.levels[min(int(u * len(self.levels)), len(self.levels) - 1)]
        return self._ranged(self._between(u, widened=True))

    @property
    def base_level(self) -> Level:
        """The base scenario's own value: nothing is set."""
        values = [setting_at(self.base, path) for path in self.factor.targets]
        named = len(self.columns) < len(values) or bool(self.factor.names)
        labels = ["base"] if named else [v if _scalar(v) else "base" for v in values]
        return Level({}, dict(zip(self.columns, labels, strict=True)), self.place)

    def _listed(self, number: int) -> Level:
        factor = self.factor
        values = factor.levels[number] if factor.paths else [factor.levels[number]]
        labels = [v if _scalar(v) else _table_name(v, number) for v in values]
        if factor.names:
            labels = [factor.names[number]]
        elif len(self.columns) < len(labels):
            labels = ["; ".join(str(label) for label in labels)]
        settings = dict(zip(factor.targets, values, strict=True))
        return Level(settings, dict(zip(self.columns, labels, strict=True)), f"{self.place}.levels.{number}")

    def _ranged(self, value: float) -> Level:
        return Level({self.factor.path: value}, {self.columns[0]: value}, self.place)

    def _between(self, u: float, *, widened: bool = False) -> float:
        """Return the value at `u` of the range, in whole steps where the setting is a whole number.

        `widened` reaches half a step beyond the ends before rounding: else the ends get half the chance of others.
        """
        low, high = float(self.factor.low or 0), float(self.factor.high or 0)
        step = self._step
        if not step:
            return _interpolate(low, high, u, self.factor.scale)
        first, last = math.ceil(low / step), math.floor(high / step)
        if first > last:
            allowed = f"must leave room for a multiple of {step} above low, {low:g}"
            raise ScenarioError.of(f"{self.place}.high", high, allowed)
        margin = 0.5 if widened else 0.0
        number = round(_interpolate(first - margin, last + margin, u, self.factor.scale))
        return min(max(number, first), last) * step

    @cached_property
    def _step(self) -> int:
        """The step of a setting of whole numbers: 1, or 2 where it must be even; 0 for any other setting."""
        info = field_at(self.base, self.factor.path)
        if info is None or info.annotation not in (int, int | None):
            return 0
        return next((int(limit.multiple_of) for limit in info.metadata if hasattr(limit, "multiple_of")), 1)


def _interpolate(low: float, high: float, u: float, scale: str) -> float:
    """Return the value a share `u` of the way from `low` to `high`, on the scale; exact at both ends."""
    if u in (0.0, 1.0):
        return high if u else low
    if scale == "log":
        return min(max(math.exp(math.log(low) + u * math.log(high / low)), low), high)
    return low + u * (high - low)


def field_at(base: Scenario, path: str) -> FieldInfo | None:
    """Return what the schema says about a setting: at its place in the base, else in any table that could be there."""
    place: Any = base
    tables: list[Any] = [Scenario]
    info: FieldInfo | None = None
    taken = steps(numbered(path, [provider.name for provider in base.providers]))
    if taken[0] == "events" and "set" in taken[:-1]:  # a path in what an event sets
        return field_at(base, taken[-1])
    for step in taken:
        if step.isdigit():
            place = place[int(step)] if isinstance(place, list) and int(step) < len(place) else None
            continue
        kinds = [type(place)] if isinstance(place, Settings) else tables
        found = [kind for kind in kinds if step in kind.model_fields]
        if not found:  # not in the table that is there now, perhaps in the kind that another factor puts there
            found = [kind for kind in tables if step in kind.model_fields]
            place = None
        if not found:
            return None
        info = found[0].model_fields[step]
        tables = sections(info.annotation) + [t for part in info.metadata for t in sections(part)]
        place = getattr(place, step, None)
    return info


def setting_at(base: Scenario, path: str) -> Any:
    """Return a setting's value in the base scenario, None where the base has no such setting."""
    place: Any = base
    for step in steps(numbered(path, [provider.name for provider in base.providers])):
        if isinstance(place, list):
            place = place[int(step)] if step.isdigit() and int(step) < len(place) else None
        elif isinstance(place, dict):
            place = place.get(step)
        else:
            place = getattr(place, step, None)
    return place


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _table_name(value: Any, number: int) -> str:
    """Name a level that is a table: by its kind and place in the list; a date by itself."""
    if isinstance(value, dict):
        return f"{number}: {value.get('vendor') or value.get('kind') or value.get('source') or 'table'}"
    return f"{number}: list" if isinstance(value, list) else str(value)


def uniform(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Give each column of labels one type, so that a table can hold it: numbers stay numbers unless mixed with text.

    >>> uniform({"a": [1, 2.5], "b": [1, "x"], "c": [True, None]})
    {'a': [1.0, 2.5], 'b': ['1', 'x'], 'c': [True, None]}
    """
    tidy: dict[str, list[Any]] = {}
    for name, values in columns.items():
        types = {type(value) for value in values} - {type(None)}
        if types == {int, float}:
            tidy[name] = [None if value is None else float(value) for value in values]
        elif len(types) > 1:
            tidy[name] = [v if v is None or isinstance(v, str) else shown(v) for v in values]
        else:
            tidy[name] = values
    return tidy
