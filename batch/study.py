"""The study: many markets to be run, from one TOML file. `Study.load` reads it; `first_runs` says what to do.

A point is one combination of the factors' levels, a replicate one repetition of it with another seed, a run one
replicate of one point. Everything about a run follows from the study: its number, its settings and its seed.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, model_validator

from agents.settings import Settings, setting
from batch.adaptive import Replicates
from batch.columns import RUN_COLUMNS, outcome_types
from batch.design import MOST_POINTS, AnyDesign, Grid, Points, Sampler, unit_problem
from batch.factors import Axis, Factor, Level, uniform
from batch.identity import canonical, derived_seed, differences, meaning
from batch.study_file import expanded, flat, read_study, resolved
from model.errors import ScenarioError, shown
from model.explain import explain
from model.html import html_table
from model.paths import in_setting_order, numbered, set_path
from model.plugins import HOW, Plugin, find, load_plugins, named_in
from model.record import DAILY
from model.scenario import Scenario

MOST_RUNS = 100_000_000
WRONG_POINTS_SHOWN = POINTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Run:
    """One market to be run: plain values, to be sent anywhere."""

    run_id: str  # 16 hexadecimal digits, from the study's digest, the point and the replicate
    point: int
    replicate: int
    seed: int
    settings: dict[str, Any]  # dotted path -> value: what the point changes in the base scenario


@dataclass(frozen=True, slots=True)
class Point:
    """One combination of levels."""

    number: int
    settings: dict[str, Any]
    labels: dict[str, Any]  # column -> value: the levels, as the tables show them


class Outcomes(Settings):
    """What is kept of a run besides its row."""

    series: bool | list[str] = setting(
        False, "keep every provider's every day: true, or the columns that are wanted", grade="design"
    )
    flows: bool = setting(False, "keep the number of moves by day, from and to", grade="design")
    moves: bool = setting(False, "keep every move", grade="design")
    own: list[str] | None = setting(None, "outcomes of one's own: names of plugins", grade="design")
    warmup_days: int = setting(0, "days at the start left out of rates and money", unit="days", grade="design", ge=0)


class Stop(Settings):
    """When a run may end early, after its warm-up."""

    quiet_days: int | None = setting(None, "when nobody has moved for so many days", unit="days", grade="design", ge=1)
    empty: bool = setting(False, "when a provider has lost its last user", grade="design")


class Limits(Settings):
    """What a run may take before it is given up; no part of what a run means."""

    timeout_seconds: float | None = setting(None, "longest time for a run", unit="seconds", grade="design", gt=0)
    memory_mb: int | None = setting(None, "most memory of a worker", unit="MB", grade="design", ge=1)


class Study(Settings):
    """Many markets: a base scenario, factors, a design, replicates and what to keep.

    Raises
    ------
    ScenarioError
        By `load`, when any of its runs could not be run: a line for each wrong field.

    Examples
    --------
    >>> study = Study.load("tiny")
    >>> study.total_runs, study.points[1].labels
    (12, {'users.tolerance.median': 2.0, 'patches': 'bought'})
    """

    name: str = setting(..., "what the study is called", grade="design", min_length=1)
    question: str = setting("", "what it is to answer", grade="design")
    seed: int = setting(1, "root of all randomness", grade="design", ge=0)
    scenario: Scenario = setting(..., "the base, which every point changes", grade="design")
    common_random_numbers: bool = setting(
        True, "true: all points meet the same people, graph and flaws in a replicate", grade="design"
    )
    replicates: Replicates = setting(Replicates, "how often each point is run")
    factors: list[Factor] = setting([], "what differs between points", grade="design")
    design: AnyDesign = setting(Grid, "which levels meet in a point")
    outcomes: Outcomes = setting(Outcomes, "what is kept of a run")
    stop: Stop = setting(Stop, "when a run may end early")
    limits: Limits = setting(Limits, "what a run may take")
    plugins: dict[str, str] = setting({}, "SHA-256 of the plugins that it names; found when it is read", grade="design")

    def __repr__(self) -> str:
        most = "at most " if self.replicates.adaptive else ""
        return f"<Study {self.name!r}: {len(self.points):,} points, {most}{self.total_runs:,} runs>"

    def _repr_html_(self) -> str:
        question = f"<p>{escape(self.question)}</p>" if self.question else ""
        points = [tuple(point.labels.values()) for point in self.points[:POINTS_SHOWN]]
        more = len(self.points) - len(points)
        table = html_table(tuple(self.points[0].labels), points) if self.factors else ""
        rest = f"<p>… and {more:,} more points</p>" if more else ""
        return f"<p><code>{escape(repr(self))}</code></p>{question}{table}{rest}"

    # --- from and to files

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any], *, plugins: Iterable[Any] = (), **settings: Any) -> "Study":
        """Return the study of a preset's name, a TOML file or tables.

        Parameters
        ----------
        source
            The study to load. Relative paths in it are relative to its file.
        plugins
            Policies, strategies and outcomes of one's own that it may name: classes, functions, or files of these.
        settings
            Values to put in its place, by dotted path, e.g. `replicates=5` or `**{"scenario.users.count": 100}`.
        """
        load_plugins(plugins)
        tables, folder = read_study(source)
        tables = expanded(tables)
        for path in in_setting_order(settings):
            if path.startswith("scenario."):
                tables["settings"] = flat(tables.get("settings", {})) | {path.removeprefix("scenario."): settings[path]}
            else:
                set_path(tables, path, settings[path])
        return cls.parse(tables, folder)

    @classmethod
    def parse(cls, tables: Mapping[str, Any], folder: Path = Path()) -> "Study":
        """Build a study from nested tables, as `tomllib` reads them."""
        tables = resolved(tables, folder)
        tables["plugins"] = digests(tables)
        try:
            return cls.model_validate(tables)
        except ValidationError as error:
            raise ScenarioError(explain(error, cls, tables)) from None

    def tables(self) -> dict[str, Any]:
        """Return the study as nested tables, complete with defaults; `parse` takes it back."""
        return self.model_dump(exclude_none=True, exclude=None if self.plugins else {"plugins"})

    def to_toml(self) -> str:
        """Write the complete study; what is written loads back as an equal study."""
        import tomlkit

        return tomlkit.dumps(self.tables())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that decides what the runs give: two studies with the same digest are the same.

        The limits and the question are left out, as no result follows from them. Files count by what is in them,
        wherever they are.
        """
        return hashlib.sha256(canonical(meaning(self.tables())).encode()).hexdigest()

    def describe_difference(self, other_tables: Mapping[str, Any]) -> list[str]:
        """Say where other tables, complete as `to_toml` writes them, differ: a line for each field."""
        return differences(meaning(self.tables()), meaning(other_tables))

    @property
    def named_plugins(self) -> list[Plugin]:
        """The plugins that it names, with their code."""
        return named_in(self.tables())

    # --- points and runs

    @property
    def base(self) -> Scenario:
        """The scenario that every point changes."""
        return self.scenario

    @cached_property
    def axes(self) -> list[Axis]:
        """The factors, ready to turn coordinates into levels."""
        return [Axis(factor, f"factors.{number}", self.scenario) for number, factor in enumerate(self.factors)]

    @cached_property
    def points(self) -> list[Point]:
        """The points, in the design's order."""
        rows = self._rows
        settings = [{path: v for level in row for path, v in level.settings.items()} for row in rows]
        if self.axes:
            names = [column for axis in self.axes for column in axis.columns]
            labelled = [{name: value for level in row for name, value in level.labels.items()} for row in rows]
        else:
            names = list(dict.fromkeys(path for changed in settings for path in changed))
            axis = {name: Axis(Factor(path=name), "", self.scenario) for name in names}
            labelled = [{name: _label(point, name, axis[name]) for name in names} for point in settings]
        columns = uniform({name: [labels[name] for labels in labelled] for name in names})
        return [
            Point(number, changed, {name: columns[name][number] for name in names})
            for number, changed in enumerate(settings)
        ]

    @cached_property
    def _rows(self) -> list[list[Level]]:
        return list(self.design.rows(self.axes, derived_seed(self.seed, "design")))

    @cached_property
    def providers(self) -> int:
        """The most providers that a point has: the tables have columns for so many."""
        changing = any(path == "providers" for point in self.points for path in point.settings)
        counts = [len(self.scenario_at(point.number).providers) for point in self.points] if changing else []
        return max([len(self.scenario.providers), *counts])

    @cached_property
    def outcome_types(self) -> dict[str, type]:
        """The outcomes of its runs, with the type of each."""
        return outcome_types(self.providers) | dict.fromkeys(self.outcomes.own or [], float)

    def scenario_at(self, point: int) -> Scenario:
        """Return the scenario of a point."""
        return self.scenario.replace(**self.points[point].settings)

    def run_of(self, point: int, replicate: int) -> Run:
        """Return one run."""
        identity = f"{self.digest}/{point}/{replicate}".encode()
        if isinstance(self.design, Points) and self.design.block:
            key: tuple[int, ...] = (point // self.design.block, replicate)
        else:
            key = (replicate,) if self.common_random_numbers else (point, replicate)
        seed = derived_seed(self.seed, "replicate", *key)
        return Run(hashlib.sha256(identity).hexdigest()[:16], point, replicate, seed, self.points[point].settings)

    def first_runs(self) -> list[Run]:
        """Return the runs to begin with, by replicate, then point: all, or the minimum of an adaptive study."""
        points = range(len(self.points))
        return [self.run_of(point, r) for r in range(self.replicates.minimum) for point in points]

    def more_runs(self, done: Mapping[int, Sequence[float]]) -> list[Run]:
        """Return the next round's runs of an adaptive study; none where every point is done.

        Parameters
        ----------
        done
            For each point whose round is complete: the deciding outcome of replicates 0, 1, 2, ..., in this order,
            nan for a run that failed or has no such outcome.
        """
        wanted = [(r, point) for point, values in done.items() for r in self.replicates.next_round(values)]
        return [self.run_of(point, replicate) for replicate, point in sorted(wanted)]

    @property
    def total_runs(self) -> int:
        """The number of runs; of an adaptive study, the most that there can be."""
        return len(self.points) * self.replicates.most

    # --- for sensitivity analysis

    @property
    def problem(self) -> dict[str, Any]:
        """SALib's description of the factors, on the unit cube. SALib writes into it: each call gives a new one."""
        return unit_problem([axis.columns[0] for axis in self.axes])

    @property
    def units(self) -> Any:
        """The samples on the unit cube, points by factors, in the order of the points; None for other designs."""
        if not isinstance(self.design, Sampler):
            return None
        return self.design.units(len(self.axes), derived_seed(self.seed, "design"))

    # --- what is refused

    @model_validator(mode="after")
    def _validate(self) -> Self:
        self.replicates.check()
        for number, factor in enumerate(self.factors):
            factor.check(f"factors.{number}")
        points = self.design.size(self.axes)
        if points > MOST_POINTS:
            raise ScenarioError.of("design.kind", self.design.kind, f"makes {points:,} points; at most {MOST_POINTS:,}")
        if points * self.replicates.most > MOST_RUNS:
            runs = points * self.replicates.most
            raise ScenarioError(f"replicates: {runs:,} runs are too many; at most {MOST_RUNS:,}")
        self._check_paths()
        self._check_points()
        self._check_columns()
        return self

    def _check_paths(self) -> None:
        owners: dict[str, str] = {}
        names = [provider.name for provider in self.scenario.providers]
        for axis in self.axes:
            for path in axis.factor.targets:
                setting = numbered(path, names)
                if setting in owners:
                    raise ScenarioError.of(f"{axis.place}.path", path, f"must not be that of {owners[setting]} too")
                owners[setting] = axis.place

    def _check_points(self) -> None:
        """Build every point's scenario, so that nothing is refused in the middle of a study."""
        wrong: dict[str, None] = {}
        shortest = self.scenario.days
        for row, point in zip(self._rows, self.points, strict=True):
            try:
                days = self.scenario_at(point.number).days
                shortest = min(shortest, days) if point.number else days
            except ScenarioError as error:
                wrong |= dict.fromkeys(_located(line, row, point) for line in str(error).splitlines())
            if len(wrong) > WRONG_POINTS_SHOWN:
                break
        if wrong:
            lines = list(wrong)
            more = ["... and more of the kind"] if len(lines) > WRONG_POINTS_SHOWN else []
            raise ScenarioError("\n".join(lines[:WRONG_POINTS_SHOWN] + more))
        if shortest <= (warmup := self.outcomes.warmup_days):
            allowed = f"must be below {shortest}, the days of the shortest run"
            raise ScenarioError.of("outcomes.warmup_days", warmup, allowed)

    def _check_columns(self) -> None:
        types = self.outcome_types
        own = self.outcomes.own or []
        for number, name in enumerate(own):
            if find("outcomes", name) is None:
                raise ScenarioError.of(f"outcomes.own.{number}", name, f"must be a plugin that is loaded; {HOW}")
            if name in own[:number] or name in RUN_COLUMNS | outcome_types(self.providers):
                raise ScenarioError.of(f"outcomes.own.{number}", name, "must not be another column's name too")
        seen = dict.fromkeys([*RUN_COLUMNS, *types], "a column of every study's tables")
        for axis in self.axes:
            for column in axis.columns:
                if column in seen:
                    raise ScenarioError.of(f"{axis.place}.name", column, f"must not be {seen[column]}")
                seen[column] = f"that of {axis.place} too"
        if not isinstance(self.outcomes.series, bool) and (strange := set(self.outcomes.series) - set(DAILY)):
            raise ScenarioError.of("outcomes.series", min(strange), f"must be true or some of {', '.join(DAILY)}")
        outcome = self.replicates.outcome
        numeric = [name for name, kind in types.items() if kind is not str]
        if outcome and outcome not in numeric:
            raise ScenarioError.of("replicates.outcome", outcome, f"must be one of {', '.join(numeric)}")


def digests(tables: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each plugin that a study names; refuse one that is not the one it was written with."""
    scenario, given = tables["scenario"], tables.get("plugins", {})
    found = {plugin.name: plugin for plugin in named_in({**tables, "scenario": scenario.tables()})}
    for name, digest in given.items() if isinstance(given, Mapping) else ():
        if name not in found:
            raise ScenarioError(f"plugins.{name}: is not loaded, or not named in the study; {HOW}")
        if found[name].digest != digest:
            raise ScenarioError.of(f"plugins.{name}", found[name].digest, f"must be {digest}: it has changed")
    return {name: plugin.digest for name, plugin in found.items()}


def _label(settings: Mapping[str, Any], path: str, axis: Axis) -> Any:
    """Return what the tables show for one setting of a point that was given as a whole."""
    if path not in settings:
        return axis.base_level.labels[path]
    value = settings[path]
    return value if isinstance(value, bool | int | float | str) else shown(value)


def _located(line: str, row: Iterable[Level], point: Point) -> str:
    """Add to an error of a point the level of the factor that causes it."""
    field = line.split(" = ")[0].split(":")[0]
    touching = [
        level.place
        for level in row
        for path in level.settings
        if field == path or field.startswith(f"{path}.") or path.startswith(f"{field}.")
    ]
    if touching and len(point.labels) == 1:
        return f"{touching[0]}: {line}"
    where = ", ".join(f"{name} = {shown(value)}" for name, value in point.labels.items())
    return f"{touching[0]}: {line}" if touching else f"point {point.number} ({where}): {line}"
