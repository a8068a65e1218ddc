"""The scenario: everything that defines a market, apart from the seed. A TOML file, a preset or a Python object.

The same names are used everywhere: the dotted path (`users.tolerance.median`, `providers.0.policy.coverage`) is the
place in the TOML file, the key of `--set`, the keyword of `Market(...)` and the factor of a study. A provider may be
named in it as well as numbered: `providers.Live & Co.price`.
"""

import copy
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import ValidationError, model_validator

from agents.policies import LivePatch
from agents.security import Security
from agents.settings import Settings, setting
from model.errors import ScenarioError
from model.events import Event, check_events, tidy_events
from model.explain import explain
from model.histories import read_history
from model.html import settings_html
from model.network_files import read_network
from model.paths import in_setting_order, numbered, provider_names, set_path
from model.published_terms import fill_published_terms
from model.schema import (
    BarabasiAlbert,
    Complete,
    ErdosRenyi,
    Flaws,
    History,
    Network,
    NetworkFile,
    OpenMarket,
    Poisson,
    ProviderSettings,
    StochasticBlock,
    UserSettings,
    WattsStrogatz,
    WordOfMouth,
)

DATA = Path(__file__).parent / "data"
COMPLETE_LIMIT = 5_000  # users; above it the neighbour lists of a complete graph need more than 100 MB


class World(Settings):
    """The settings that are in force on a day."""

    name: str = setting("unnamed", "what the scenario is called", grade="design", min_length=1)
    description: str = setting("", "what it shows, in one line", grade="design")
    days: int = setting(365, "length of a run", unit="days", grade="design", ge=1, le=100_000)
    users: UserSettings = setting(UserSettings, "who the users are and how they choose")
    word_of_mouth: WordOfMouth = setting(WordOfMouth, "how users talk and listen")
    network: Network = setting(WattsStrogatz, "who hears whom")
    flaws: Flaws = setting(Poisson, "when flaws appear")
    security: Security = setting(Security, "attacks on open servers, and fixes that are bad")
    open_market: OpenMarket = setting(OpenMarket, "users who arrive and depart")
    providers: list[ProviderSettings] = setting(..., "who sells, and how they patch", min_length=1, max_length=100)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Build the settings from nested tables, as `tomllib` reads them.

        Raises
        ------
        ScenarioError
            A line for each wrong field: its dotted path, its value and what is allowed.
        """
        tables = fill_published_terms(tidy_events(copy.deepcopy(dict(data)), World))
        network, users = tables.get("network"), tables.setdefault("users", {})
        if isinstance(network, dict) and network.get("kind") == "edge-list":
            raise ScenarioError.of("network.kind", "edge-list", "is 'file' now, and network.file is network.path")
        said = not isinstance(users, dict) or "count" in users
        try:
            if not said and isinstance(network, dict) and network.get("kind") == "file":
                users["count"] = read_network(NetworkFile.model_validate(network)).users
        except ValidationError:
            pass  # what is wrong with it is told below
        try:
            scenario = cls.model_validate(tables)
        except ValidationError as error:
            raise ScenarioError(explain(error, cls, tables)) from None
        return scenario if said else scenario._with_count_unsaid()

    def _with_count_unsaid(self) -> Self:
        """Note that nobody has said how many users there are: a graph may say it yet."""
        self.users.model_fields_set.discard("count")
        return self

    def tables(self) -> dict[str, Any]:
        """Return the settings as nested tables with all defaults, which `parse` accepts."""
        return self.model_dump(exclude_none=True)


class Scenario(World):
    """The settings of a market: users, word of mouth, network, flaws and providers, and what happens to them when."""

    events: list[Event] = setting(list, "what happens on a day")

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        check_shares(self.providers)
        check_network(self.network, self.users.count)
        check_replayed_patches(self.providers, self.flaws)
        if self.events:
            tables = self.tables()
            del tables["events"]
            check_events(self.events, self.flaws, tables, World.parse)
        return self

    def __repr__(self) -> str:
        names = ", ".join(provider.name for provider in self.providers)
        return f"<Scenario {self.name!r}: {self.users.count:,} users, {self.days:,} days, {names}>"

    def _repr_html_(self) -> str:
        return settings_html(repr(self), self)

    @property
    def shares(self) -> list[float]:
        """The providers' shares at the start; those left out divide the rest equally."""
        given = [provider.share for provider in self.providers]
        rest = 1 - sum(share for share in given if share is not None)
        missing = sum(share is None for share in given)
        return [max(rest, 0.0) / missing if share is None else share for share in given]

    @classmethod
    def load(
        cls, source: "str | Path | Scenario | Mapping[str, Any]", *, nodes: int | None = None, **settings: Any
    ) -> "Scenario":
        """Return a scenario from a preset's name, a TOML file, tables or another scenario.

        Parameters
        ----------
        source
            The scenario to start from.
        nodes
            Number of nodes of a graph that the users are on: `users.count`, unless that says another number.
        settings
            Values that replace those of `source`, by dotted path, e.g. `**{"users.count": 1000}`.
        """
        if not isinstance(source, Scenario | Mapping | str | Path):
            raise ScenarioError(f"scenario {source!r}: must be a preset's name, a file, tables or a Scenario")
        if not isinstance(source, Scenario):
            preset = isinstance(source, str) and source in preset_names()
            source = cls.parse(source if isinstance(source, Mapping) else read_tables(source))
            source = source._with_count_unsaid() if preset else source
        if not settings and nodes is None:
            return source
        tables = source.tables()
        paths = set_all(tables, settings)
        said = {"users", "users.count"} & set(settings) or "count" in source.users.model_fields_set
        on_file = isinstance(tables.get("network"), dict) and tables["network"].get("kind") == "file"
        if said:
            count = tables["users"].get("count") if isinstance(tables["users"], dict) else None
            if nodes is not None and count != nodes:
                raise ScenarioError.of("users.count", count, f"must be left out, or {nodes}, the nodes of the graph")
        elif nodes is not None:
            tables["users"]["count"] = nodes
        elif on_file:
            del tables["users"]["count"]
        try:
            scenario = cls.parse(tables)
        except ScenarioError as error:
            raise ScenarioError(as_given(str(error), paths)) from None
        return scenario if said else scenario._with_count_unsaid()

    @classmethod
    def preset(cls, name: str, **settings: Any) -> "Scenario":
        """Return one of the presets listed by `preset_names()`.

        >>> Scenario.preset("quiet").flaws.per_year
        0.0
        """
        if name not in preset_names():
            raise ScenarioError(f"scenario {name!r}: no such preset; there are {', '.join(preset_names())}")
        return cls.load(name, **settings)

    def replace(self, **settings: Any) -> "Scenario":
        """Return this scenario with other values, by dotted path."""
        return Scenario.load(self, **settings)


def set_all(tables: dict[str, Any], settings: Mapping[str, Any]) -> dict[str, str]:
    """Set paths of a scenario's tables, and return them with providers by number -> as they were given."""
    names = provider_names(settings if "providers" in settings else tables)
    paths: dict[str, str] = {}
    for given in settings:
        path = numbered(given, names)
        if path in paths:
            raise ScenarioError(f"{given}: is the same setting as {paths[path]}; give it once")
        paths[path] = given
    try:
        for path in in_setting_order(paths):
            value = settings[paths[path]]
            set_path(tables, path, value.item() if isinstance(value, np.generic) else value)
    except ScenarioError as error:
        raise ScenarioError(as_given(str(error), paths)) from None
    return paths


def as_given(lines: str, paths: Mapping[str, str]) -> str:
    """Return error lines with each field that was given by a provider's name called by it.

    >>> as_given("providers.1.price = -1: must be ...", {"providers.1.price": "providers.Live & Co.price"})
    'providers.Live & Co.price = -1: must be ...'
    """
    for path, given in paths.items():
        told = given.replace("\\", r"\\")
        lines = re.sub(rf"(?m)^{re.escape(path)}(?=[. :])", told, lines)
    return lines


def preset_names() -> list[str]:
    """Return the names of the presets, the main one first."""
    names = sorted(path.stem for path in (DATA / "presets").glob("*.toml"))
    return sorted(names, key=lambda name: name != "thought-experiment")


def exists(path: Path) -> bool:
    """Return whether there is such a file; False also for names that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def read_tables(source: str | Path) -> dict[str, Any]:
    """Read a preset or a TOML file; paths in a file are relative to the file."""
    path = Path(source)
    preset = isinstance(source, str) and source in preset_names()
    if preset:
        path = DATA / "presets" / f"{source}.toml"
    elif not exists(path):
        raise ScenarioError(
            f"scenario {str(source)!r}: neither a file nor a preset; presets are {', '.join(preset_names())}"
        )
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"scenario {str(source)!r}: must be a readable TOML file: {error}") from None
    for table, key in (("flaws", "history"), ("network", "path")):
        section = tables.get(table)
        if not preset and isinstance(section, dict) and isinstance(section.get(key), str):
            beside = path.parent / section[key]
            if beside.is_file():
                section[key] = str(beside)
    return tables


def check_shares(providers: list[ProviderSettings]) -> None:
    """Reject duplicate names, shares that do not sum to 1, and a reach below the share of its platforms."""
    names = [provider.name for provider in providers]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ScenarioError.of(f"providers.{number}.name", name, "must be unique")
    given = [provider.share for provider in providers if provider.share is not None]
    total = sum(given)
    if total > 1 + 1e-9 or (total < 1 - 1e-9 and len(given) == len(providers)):
        raise ScenarioError.of("providers.*.share", given, f"must sum to 1, not {total:g}")
    rest = (1 - total) / max(len(providers) - len(given), 1)
    by_reach = sorted((p.policy.reachable, rest if p.share is None else p.share, i) for i, p in enumerate(providers))
    placed = 0.0
    for reach, share, number in by_reach:
        placed += share
        if reach < 1 and placed > reach + 1e-9:
            path = f"providers.{number}.policy.reach"
            raise ScenarioError.of(path, reach, f"must be at least the share that starts on such platforms, {placed:g}")


def check_replayed_patches(providers: list[ProviderSettings], flaws: Flaws) -> None:
    """Reject real live patches for flaws without names."""
    for number, provider in enumerate(providers):
        if isinstance(provider.policy, LivePatch) and provider.policy.source == "history":
            named = isinstance(flaws, History) and any(flaw.cves for flaw in read_history(flaws.history))
            if not named:
                path = f"providers.{number}.policy.source"
                raise ScenarioError.of(path, "history", "needs flaws from a history that names their CVEs")


def check_network(network: Network, users: int) -> None:
    """Reject networks with more links than the number of users allows."""
    match network:
        case WattsStrogatz() | ErdosRenyi() if network.degree > users - 1:
            raise ScenarioError.of("network.degree", network.degree, f"must be at most users.count - 1 = {users - 1}")
        case BarabasiAlbert() if network.degree // 2 > users - 1:
            allowed = f"must be at most 2 * (users.count - 1) = {2 * (users - 1)}"
            raise ScenarioError.of("network.degree", network.degree, allowed)
        case StochasticBlock():
            check_blocks(network, users)
        case Complete() if users > COMPLETE_LIMIT:
            raise ScenarioError.of("users.count", users, f"must be at most {COMPLETE_LIMIT} on a complete network")
        case NetworkFile() if users != read_network(network).users:
            allowed = f"must be left out, or {read_network(network).users}, the users in {network.path}"
            raise ScenarioError.of("users.count", users, allowed)


def check_blocks(network: StochasticBlock, users: int) -> None:
    """Reject networks with more links than fit inside a block or between blocks."""
    if network.blocks > users:
        raise ScenarioError.of("network.blocks", network.blocks, f"must be at most users.count = {users}")
    if network.blocks == 1 and network.mixing > 0:
        raise ScenarioError.of("network.mixing", network.mixing, "must be 0 where there is only one block")
    size = users // network.blocks
    if network.degree * (1 - network.mixing) > size - 1 or network.degree * network.mixing > users - size - 1:
        raise ScenarioError.of(
            "network.degree", network.degree, f"must fit into blocks of {size} users, and between them"
        )
