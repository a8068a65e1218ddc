"""Checkpoints: a market in mid-run, saved to a file from which the run continues with the same result.

What follows from scenario and seed (flaws, network, arrivals) is computed again; everything that has changed since
day 0 is in the file, with the state of every random stream. The file is a NumPy archive of plain arrays, one of which
holds JSON, each with a checksum; nothing in it is ever executed.
"""

import json
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from agents.exposure import Flaw, OpenFlaw, ServerKernels
from agents.fleets import Fleets
from agents.maintenance import Campaign, Maintenance
from agents.policies import Outage
from agents.provider import OFFERED, Provider
from agents.settings import Settings
from agents.word_of_mouth import Links
from model.errors import ScenarioError
from model.files import write_atomically
from model.link_table import named
from model.network import Graph
from model.plugins import HOW, difference, find, has_name, named_in
from model.record import ProviderResponse
from model.scenario_toml import to_toml
from model.schema import NamedPolicy, NamedStrategy
from model.timeline import plain, restore

if TYPE_CHECKING:
    from model.market import Market

FORMAT = 4  # raised when older code can no longer read the files
MAINTENANCE = ("announced", "waiting", "boot_day", "campaigns", "disclosed", "considered")
PROVIDER = (
    "original_servers",
    "has_news",
    "patches",
    "breaches",
    "credits",
    "exposed",
    "exploitable",
    "exploitable_so_far",
    "next_breach",
)
COLUMNS = ("slot", "value", "requirements", "downtime", "month_minutes", "deferred_news", "complained")
RULES: dict[str, TypeAdapter[Any]] = {"policy": TypeAdapter(NamedPolicy), "strategy": TypeAdapter(NamedStrategy)}
Arrays = dict[str, NDArray[Any]]


def save(market: "Market", path: str | Path) -> None:
    """Write a market between two of its days to a file, completely or not at all.

    Raises
    ------
    ScenarioError
        If a provider has a policy or strategy that no scenario can name.
    """
    if market.choice_rule is not None or market.listen_rule is not None:
        raise ScenarioError("listen, choose: a checkpoint cannot hold a rule of one's own for users; leave it out")
    graph = market.given_graph
    state = {
        "format": FORMAT,
        "scenario": to_toml(market.settings),
        "seed": market.seed,
        "day": market.day,
        "graph": None if graph is None else {"directed": graph.directed, "names": _names(graph)},
        "streams": {name: rng.bit_generator.state for name, rng in streams(market).items()},
        "last talk trial": market.talk_trials.last_drawn,
        "providers": [_provider(provider) for provider in market.providers],
        "removed": market.removed,
        "happened": [plain(event) for event in market.timeline.happened],
        "coming": [
            event.model_dump(exclude_none=True, exclude={"date"}) | {"day": day}
            for day, events in market.timeline.coming.items()
            for event in events
        ],
        "responses": [event._asdict() for event in market.record.responses],
    }
    state["plugins"] = [
        [plugin.group, plugin.name, plugin.text] for plugin in named_in(state | market.settings.tables())
    ]
    arrays = _users(market) | _record(market) | {"talk trials": market.talk_trials.pending}
    if graph is not None:
        arrays |= {"indptr": graph.links.indptr, "indices": graph.links.indices, "chance": graph.links.chance}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_atomically(Path(path), write)


def resume(path: str | Path, *, threads: int = 1) -> "Market":
    """Return the market of a checkpoint; it continues exactly as one that was never stopped.

    Raises
    ------
    ScenarioError
        When the file cannot be read, is damaged, or was written by another version.
    """
    from model.market import Market

    arrays = _read(Path(path))
    try:
        state = json.loads(arrays["state"].tobytes())
        if state["format"] != FORMAT:
            raise ScenarioError.of(
                f"{path}: format", state["format"], f"must be {FORMAT}: it was written by another version"
            )
        _check_plugins(path, state["plugins"])
        graph = _graph(state["graph"], arrays) if state["graph"] else None
        market = Market(tomllib.loads(state["scenario"]), rng=state["seed"], graph=graph, threads=threads)
        _restore_market(market, state, arrays)
    except ScenarioError:  # another version, or a file named in the scenario is missing
        raise
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise ScenarioError(f"{path}: is damaged or not a checkpoint ({type(error).__name__}: {error})") from None
    return market


def _check_plugins(path: str | Path, needed: list[list[str]]) -> None:
    """Refuse to continue without the plugins that the market was run with, or with others of that name."""
    for group, name, text in needed:
        plugin = find(group, name)
        if plugin is None:
            raise ScenarioError(f"{path}: needs the plugin {name!r}; {HOW}")
        if plugin.text != text:
            raise ScenarioError(f"{path}: the plugin {name!r} has changed: {difference(text, plugin.text)}")


def _read(path: Path) -> Arrays:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such checkpoint") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScenarioError(f"{path}: is damaged or not a checkpoint ({reason})") from None


def streams(market: "Market") -> dict[str, np.random.Generator]:
    """Return the random streams that a market draws from during its run, by name."""
    found = {
        "choices": market.choice_rng,
        "voice": market.voice_rng,
        "asking": market.entry.rng,
        "talk": market.talk_trials.rng,
    }
    for j, provider in enumerate(market.providers):
        found |= {f"complaints {j}": market.complaint_rngs[j], f"adverts {j}": market.advert_rngs[j]}
        found |= {f"{use} {j}": rng for use, rng in provider.streams.items()}
    return found


# --- writing


def _provider(provider: Provider) -> dict[str, Any]:
    maintenance, planned = provider.maintenance, provider.planned_policy
    running = maintenance.running
    return {
        "settings": {name: _plain(provider, name, getattr(provider, name)) for name in OFFERED},
        "changed": {name: _plain(provider, name, value) for name, value in provider.changed.items()},
        "planned policy": planned and [planned[0], _plain(provider, "policy", planned[1])],
        "tried": provider.tried,
        "running": running and [running.start, running.window, running.servers, running.flaws, running.kernel],
        "flaws": [[*f.flaw, f.day, f.number, f.patch_day] for f in maintenance.flaws],
        "kernels": maintenance.kernels.runs,
        "maintenance": {name: getattr(maintenance, name) for name in MAINTENANCE},
        **{name: getattr(provider, name) for name in PROVIDER},
    }


def _plain(provider: Provider, name: str, value: Any) -> Any:
    if not isinstance(value, Settings):
        return value
    if not has_name(value):
        raise ScenarioError(f"providers.{provider.index}.{name}: {type(value).__name__} is no plugin yet; {HOW}")
    return value.model_dump()


def _parsed(name: str, value: Any) -> Any:
    return RULES[name].validate_python(value) if name in RULES else value


def _names(graph: Graph) -> list[Any] | None:
    """Return the nodes of a graph as JSON can hold them."""
    if graph.names is None:
        return None
    names: list[Any] = graph.names.tolist()
    try:
        if _nodes(json.loads(json.dumps(names))) == names:
            return names
    except (TypeError, ValueError):
        pass
    raise ScenarioError("graph: a checkpoint holds nodes that are text, numbers or tuples of these")


def _users(market: "Market") -> Arrays:
    columns = {name: getattr(market.users, name) for name in COLUMNS}
    fleets = {f"fleet {j}": market.fleets.instances_of(j) for j in range(len(market.providers))}
    return {
        **columns,
        **fleets,
        "rows": market.rows.view(np.uint8),
        "informed": market.news.informed(),
        "fleet users": market.fleets.users,
    }


def _record(market: "Market") -> Arrays:
    record = market.record
    moves = dict(zip((f"move {k}" for k in range(7)), record.move_columns, strict=True))
    outages = record.outage_list
    return {
        **moves,
        "daily": record.daily[: record.days],
        "users at start": record.users_at_start,
        "outage days": np.array([(day, j, len(o.servers)) for day, j, o, _ in outages], np.int64).reshape(-1, 3),
        "outage causes": np.array([o.cause for _, _, o, _ in outages], "U32"),
        "outage minutes": np.array([o.minutes for _, _, o, _ in outages], float),
        "outage servers": np.concatenate([np.empty(0, np.int64), *(o.servers for _, _, o, _ in outages)]),
        "outage instances": np.concatenate([np.empty(0, np.int64), *(seated for *_, seated in outages)]),
    }


# --- reading


def _graph(state: dict[str, Any], arrays: Arrays) -> Graph:
    links = Links(arrays["indptr"], arrays["indices"], arrays["chance"])
    names = None if state["names"] is None else named(_nodes(state["names"]))
    return Graph(links, state["directed"], names)


def _nodes(names: list[Any]) -> list[Any]:
    """Return nodes from JSON, which has lists for tuples."""

    def node(value: Any) -> Any:
        return tuple(map(node, value)) if isinstance(value, list) else value

    return [node(name) for name in names]


def _restore_market(market: "Market", state: dict[str, Any], arrays: Arrays) -> None:
    """Set a market that was just created from the same scenario to the saved state."""
    market.day = market.steps = market.record.days = state["day"]
    market.rows.view(np.uint8)[:] = arrays["rows"]
    for name in COLUMNS:
        getattr(market.users, name)[:] = arrays[name]
    _restore_fleets(market.fleets, arrays)
    for i in arrays["informed"]:
        market.news.users[market.news.size[0]] = i
        market.news.size[0] += 1
    market.removed = state["removed"]
    restore(market, market.timeline, state["happened"], state["coming"])
    for name, rng in streams(market).items():
        rng.bit_generator.state = state["streams"][name]
    market.talk_trials.pending, market.talk_trials.last_drawn = arrays["talk trials"], state["last talk trial"]
    for provider, was in zip(market.providers, state["providers"], strict=True):
        _restore_provider(provider, was)
    market.update_offers()
    _restore_record(market, state, arrays)


def _restore_fleets(fleets: Fleets, arrays: Arrays) -> None:
    for j in range(len(fleets.size)):
        fleets.size[j] = len(arrays[f"fleet {j}"])
        fleets.instances_of(j)[:] = arrays[f"fleet {j}"]
    fleets.users[:] = arrays["fleet users"]


def _restore_provider(provider: Provider, was: dict[str, Any]) -> None:
    provider.__dict__.update({name: _parsed(name, value) for name, value in was["settings"].items()})
    provider.changed = {name: _parsed(name, value) for name, value in was["changed"].items()}
    planned = was["planned policy"]
    provider.planned_policy = planned and (planned[0], _parsed("policy", planned[1]))
    provider.tried = tuple(was["tried"])
    running = was["running"] and Campaign(*was["running"])
    size = len(Flaw._fields)
    provider.maintenance = Maintenance(
        running=running,
        flaws=[OpenFlaw(Flaw(*found[:size]), *found[size:]) for found in was["flaws"]],
        kernels=ServerKernels([(servers, fixed) for servers, fixed in was["kernels"]]),
        **was["maintenance"],
    )
    provider.maintenance.kernels.servers = sum(servers for servers, _ in was["kernels"])
    for name in PROVIDER:
        setattr(provider, name, was[name])


def _restore_record(market: "Market", state: dict[str, Any], arrays: Arrays) -> None:
    record = market.record
    record.daily[: record.days] = arrays["daily"]
    record.users_at_start[:] = arrays["users at start"]  # in place: the market's `entry` shares it
    record.responses = [ProviderResponse(**event) for event in state["responses"]]
    columns = [arrays[f"move {k}"] for k in range(7)]
    record.add_moves(*columns)
    places, starts = arrays["outage days"], np.cumsum(arrays["outage days"][:, 2])[:-1]
    servers, seated = (np.split(arrays[f"outage {what}"], starts) for what in ("servers", "instances"))
    causes, minutes = arrays["outage causes"].tolist(), arrays["outage minutes"].tolist()
    record.outage_list = [
        (int(day), int(j), Outage(causes[k], servers[k], minutes[k]), seated[k])
        for k, (day, j, _) in enumerate(places.tolist())
    ]
