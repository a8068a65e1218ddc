"""The targets of a calibration: what was observed, and the settings that may be changed to meet it."""

import math
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from agents.settings import Settings, setting
from batch.factors import Axis, Factor
from model.errors import ScenarioError
from model.explain import explain
from model.scenario import Scenario

DATA = Path(__file__).parent / "data"
PUBLISHED = "published-churn"
LEAST_DAYS = 61  # two whole months: one in which neighbours leave, one in which somebody follows


class Target(Settings):
    """Something that was observed, with its error."""

    measure: Literal["lost-share", "neighbour-hazard-ratio"] = setting(
        ..., "lost-share: of a provider's users; neighbour-hazard-ratio: what each who left does", grade="design"
    )
    value: float = setting(..., "what was observed", grade="design", gt=0)
    standard_error: float = setting(..., "of the value", grade="design", gt=0)
    weight: float = setting(1.0, "how much it counts beside the others", grade="design", gt=0)
    provider: int = setting(0, "number of the provider whose users leave, from 0", grade="design", ge=0)
    days: int | None = setting(None, "lost-share: within so many days; left out: within the whole run", unit="days",
                               grade="design", ge=1)  # fmt: skip

    @property
    def name(self) -> str:
        """What tables call it.

        >>> Target(measure="lost-share", value=0.2, standard_error=0.02, days=90).name
        'lost-share within 90 days'
        """
        of = f" of provider {self.provider}" if self.provider else ""
        return f"{self.measure}{of}{f' within {self.days} days' if self.days else ''}"


class Targets(Settings):
    """What a calibration aims at, and with what."""

    targets: list[Target] = setting(..., "what was observed", grade="design", min_length=1)
    fit: list[Factor] = setting(list, "settings to fit, each with its range; left out: those of the published targets",
                                grade="design")  # fmt: skip

    @classmethod
    def load(cls, source: str | Path) -> "Targets":
        """Read targets from a TOML file, or those that come with the project.

        Raises
        ------
        ScenarioError
            A line for each wrong field.
        """
        tables = read(source)
        if not tables.get("fit"):
            tables["fit"] = read(PUBLISHED)["fit"]
        try:
            return cls.model_validate(tables)
        except ValidationError as error:
            raise ScenarioError(explain(error, cls, tables)) from None


def read(source: str | Path) -> dict[str, Any]:
    """Return the tables of a targets file."""
    path = DATA / f"{source}.toml" if str(source) == PUBLISHED else Path(source)
    if not path.is_file():
        raise ScenarioError(f"--to {str(source)!r}: neither a file nor {PUBLISHED}")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"--to {str(source)!r}: not a TOML file that can be read: {error}") from None


class Problem:
    """A scenario with targets: points of the unit cube stand for values of the settings to fit.

    Raises
    ------
    ScenarioError
        When the targets cannot be measured in the scenario, or a setting cannot have the values of its range.
    """

    def __init__(self, scenario: Scenario, targets: Targets) -> None:
        self.scenario, self.targets = scenario, targets
        lines = [line for i, target in enumerate(targets.targets) for line in unmeasurable(scenario, target, i)]
        lines += [line for axis in self.axes for line in impossible(scenario, axis)]
        if lines:
            raise ScenarioError("\n".join(dict.fromkeys(lines)))

    @cached_property
    def axes(self) -> list[Axis]:
        """The settings to fit."""
        paths = [factor.path for factor in self.targets.fit]
        for number, factor in enumerate(self.targets.fit):
            factor.check(f"fit.{number}")
            if factor.low is None:
                raise ScenarioError(f"fit.{number}.low: is missing; a setting is fitted within a range")
            if factor.path in paths[:number]:
                raise ScenarioError.of(f"fit.{number}.path", factor.path, "must not be there twice")
        return [Axis(factor, f"fit.{number}", self.scenario) for number, factor in enumerate(self.targets.fit)]

    @property
    def paths(self) -> list[str]:
        """The settings to fit, by dotted path."""
        return [axis.factor.path for axis in self.axes]

    def values(self, unit: list[float]) -> dict[str, Any]:
        """Return the settings at a point of the unit cube."""
        return {path: v for axis, u in zip(self.axes, unit, strict=True) for path, v in axis.at(u).settings.items()}

    def unit_of(self, values: dict[str, Any]) -> list[float] | None:
        """Return the point of the unit cube where settings have these values; None where one is beyond its range."""
        unit = [coordinate(axis, values[axis.factor.path]) for axis in self.axes]
        return unit if all(0 <= u <= 1 for u in unit) else None

    def before(self) -> dict[str, Any]:
        """Return the values of the scenario as it is."""
        return {path: axis.base_level.labels[path] for path, axis in zip(self.paths, self.axes, strict=True)}


def coordinate(axis: Axis, value: float) -> float:
    """Return how far along its range a setting's value is, on the range's scale: from 0 to 1 within it."""
    low, high = float(axis.factor.low or 0), float(axis.factor.high or 0)
    if axis.factor.scale == "log":
        return math.log(value / low) / math.log(high / low) if value > 0 else -math.inf
    return (value - low) / (high - low)


def unmeasurable(scenario: Scenario, target: Target, number: int) -> list[str]:
    """Say why a target cannot be measured in a scenario, a line for each reason."""
    lines, place = [], f"targets.{number}"
    last = len(scenario.providers) - 1
    if target.provider > last:
        lines.append(str(ScenarioError.of(f"{place}.provider", target.provider, f"must be at most {last}")))
    elif scenario.shares[target.provider] == 0:
        lines.append(str(ScenarioError.of(f"{place}.provider", target.provider, "must have users at the start")))
    if scenario.open_market.arrivals_per_day or scenario.open_market.departures_per_year:
        lines.append("open_market: must be closed; who comes or goes for good is no mover")
    if target.measure == "lost-share":
        if target.value >= 1:
            lines.append(str(ScenarioError.of(f"{place}.value", target.value, "must be a share, below 1")))
        if target.days is not None and target.days > scenario.days:
            allowed = f"must be at most {scenario.days}, the days of the scenario"
            lines.append(str(ScenarioError.of(f"{place}.days", target.days, allowed)))
        return lines
    if target.days is not None:
        lines.append(f"{place}.days: is for lost-share only")
    if scenario.network.kind == "none":
        lines.append(f"{place}.measure: needs neighbours, but network.kind is none")
    if scenario.days < LEAST_DAYS:
        lines.append(str(ScenarioError.of("days", scenario.days, f"must be at least {LEAST_DAYS} for {place}")))
    return lines


def impossible(scenario: Scenario, axis: Axis) -> list[str]:
    """Say what is wrong with a setting to fit: tried are the ends of its range."""
    lines: list[str] = []
    for end, level in zip(("low", "high"), axis.ends, strict=True):
        try:
            scenario.replace(**level.settings)
        except ScenarioError as error:
            lines += [f"{axis.place}.{end}: {line}" for line in str(error).splitlines()]
    return lines
