"""What is not known about users and flaws: priors from a file, as settings of a scenario.

A prior belongs to a scenario, whose own values are the medians. Unknowns are drawn and learnt on the unit scale: 0.5 is
the median, and every prior is uniform there.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from agents.settings import Grade, Settings, setting
from batch.factors import field_at, setting_at
from model.errors import ScenarioError
from model.explain import explain
from model.scenario import Scenario

PRIORS = Path(__file__).parent / "data" / "priors.toml"
ENDS = 1e-4  # of the unit scale, cut off at both ends: a lognormal has none of its own


class Prior(Settings):
    """What is believed about one unknown before anything is observed."""

    name: str = setting(..., "what tables call it", grade="design", min_length=1)
    paths: list[str] = setting(
        ..., "settings that change together, in proportion; the first is told", grade="design", min_length=1
    )
    unit: str = setting("", "of the first setting", grade="design")
    spread: float | None = setting(
        None, "standard deviation of the logarithm around the scenario's own value", grade="design", gt=0, le=3
    )
    low: float | None = setting(None, "instead: lower end of a uniform prior", grade="design")
    high: float | None = setting(None, "upper end of it", grade="design")
    grade: Grade = setting("assumed", "where it comes from", grade="design")
    source: str = setting(..., "source, or why it is assumed", grade="design", min_length=1)
    measure: str = setting("", "how to get to know it", grade="design")

    def check(self, place: str) -> None:
        """Refuse a prior whose keys contradict each other; `place` is its own dotted path."""
        ranged = self.low is not None and self.high is not None
        if ranged == (self.spread is not None) or (self.low is None) != (self.high is None):
            raise ScenarioError(f"{place}.spread: must be given, or else `low` and `high`, not both")
        if ranged and len(self.paths) > 1:
            raise ScenarioError.of(f"{place}.paths", self.paths, "must be one where `low` and `high` are given")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ScenarioError.of(f"{place}.high", self.high, f"must be above low, {self.low:g}")


class Priors(Settings):
    """A file of priors."""

    priors: list[Prior] = setting(..., "a table an unknown", grade="design", min_length=1)

    @classmethod
    def load(cls, source: str | Path = PRIORS) -> "Priors":
        """Read a TOML file.

        Raises
        ------
        ScenarioError
            A line for each wrong field.
        """
        try:
            tables = tomllib.loads(Path(source).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ScenarioError(f"--priors {str(source)!r}: not a TOML file that can be read: {error}") from None
        try:
            found = cls.model_validate(tables)
        except ValidationError as error:
            raise ScenarioError(explain(error, cls, tables)) from None
        for number, prior in enumerate(found.priors):
            prior.check(f"priors.{number}")
        names = [prior.name for prior in found.priors]
        if len(set(names)) < len(names):
            raise ScenarioError.of("priors", names, "must have different names")
        return found


class Limits(NamedTuple):
    """What a setting can be at least and at most."""

    least: float
    most: float


@dataclass(frozen=True)
class Unknown:
    """A prior in a scenario.

    Examples
    --------
    >>> from model.scenario import Scenario
    >>> tolerance = unknowns_of(Scenario.preset("thought-experiment"))[0]
    >>> tolerance.name, tolerance.value(0.5), round(tolerance.value(0.84), 1)
    ('tolerance', 10.7, 21.5)
    >>> tolerance.settings(12.0)
    {'users.tolerance.median': 12.0}
    """

    prior: Prior
    base: Mapping[str, float]  # the scenario's own value of each path
    limits: Mapping[str, Limits]

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.prior.name

    @property
    def log(self) -> bool:
        """Whether it is drawn on a logarithmic scale."""
        return self.prior.spread is not None

    def value(self, unit: float) -> float:
        """Return the value of the first setting at a place on the unit scale."""
        from scipy.special import ndtri

        place = min(max(float(unit), ENDS), 1 - ENDS)
        if self.prior.spread is None:
            low, high = float(self.prior.low or 0.0), float(self.prior.high or 0.0)
            return low + place * (high - low)
        first = self.prior.paths[0]
        least, most = self.limits[first]
        return min(max(self.base[first] * math.exp(self.prior.spread * float(ndtri(place))), least), most)

    def unit(self, value: float) -> float:
        """Return the place of a value on the unit scale; the inverse of `value`."""
        from scipy.special import ndtr

        if self.prior.spread is None:
            low, high = float(self.prior.low or 0.0), float(self.prior.high or 0.0)
            return (value - low) / (high - low)
        return float(ndtr(math.log(value / self.base[self.prior.paths[0]]) / self.prior.spread))

    def settings(self, value: float) -> dict[str, Any]:
        """Return the settings of a value, by dotted path."""
        if self.prior.spread is None:
            return {self.prior.paths[0]: value}
        times = value / self.base[self.prior.paths[0]]
        return {
            path: min(max(times * own, self.limits[path].least), self.limits[path].most)
            for path, own in self.base.items()
        }


def unknowns_of(scenario: Scenario, priors: Priors | None = None) -> list[Unknown]:
    """Return the unknowns of a scenario: each prior whose settings it has.

    A setting that is 0 or endless in the scenario is known to be so, and a market that nobody comes to has no
    newcomers.

    Raises
    ------
    ScenarioError
        When a prior names a setting that is no number.
    """
    found = []
    for number, prior in enumerate((priors or Priors.load()).priors):
        values = {path: _own(scenario, path, f"priors.{number}.paths") for path in prior.paths}
        if any(value is None for value in values.values()):
            continue
        own = {path: float(value) for path, value in values.items() if value is not None}
        if prior.spread is not None and not all(0 < value < math.inf for value in own.values()):
            continue
        if prior.paths == ["open_market.direct"] and not scenario.open_market.arrivals_per_day:
            continue
        found.append(Unknown(prior, own, {path: _limits(scenario, path) for path in own}))
    return found


def settings_of(unknowns: Sequence[Unknown], values: Sequence[float]) -> dict[str, Any]:
    """Return the settings of a value of each unknown."""
    return {
        path: setting
        for unknown, value in zip(unknowns, values, strict=True)
        for path, setting in unknown.settings(float(value)).items()
    }


def _own(scenario: Scenario, path: str, place: str) -> float | None:
    """Return a scenario's number at a path; None where this scenario has no such setting."""
    if field_at(scenario, path) is None:
        raise ScenarioError.of(place, path, "must be a setting of a scenario")
    value = setting_at(scenario, path)
    if value is None:
        return None
    if isinstance(value, bool | int) or not isinstance(value, float):
        raise ScenarioError.of(place, path, "must be a number that need not be whole")
    return value


def _limits(scenario: Scenario, path: str) -> Limits:
    """Return the limits that the schema sets."""
    info = field_at(scenario, path)
    least, most = -math.inf, math.inf
    for limit in info.metadata if info is not None else []:
        least = max(least, getattr(limit, "ge", getattr(limit, "gt", -math.inf)))
        most = min(most, getattr(limit, "le", getattr(limit, "lt", math.inf)))
    return Limits(least, most)
