"""Checkpoints: a market in the middle of its run, in one file, from which it goes on as if it had never stopped.

What follows from scenario and seed (flaws, network, who comes when) is made anew; everything that has changed since
day 0 is in the file, with the state of every random stream. The file is a NumPy archive of plain arrays beside one of
JSON, each with a checksum; nothing in it is ever executed.
"""

import json
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from agents.fleets import Fleets
from agents.maintenance import Campaign, Maintenance
from agents.policies import POLICIES, AnyPolicy, Outage, Policy
from agents.provider import Provider
from agents.word_of_mouth import Links
from model.errors import ScenarioError
from model.files import write_whole
from model.link_table import named
from model.network import Graph
from model.record import Event
from model.show import to_toml

if TYPE_CHECKING:
    from model.market import Market

FORMAT = 1  # raised when a file is no longer read by the code before
MAINTENANCE = ("announced", "waiting", "booted", "campaigns", "making")
PROVIDER = ("original_servers", "announced_news", "patches", "breached", "credited")
COLUMNS = ("slot", "value", "fussiness", "downtime", "month_minutes", "bound", "complained")
POLICY: TypeAdapter[Policy] = TypeAdapter(AnyPolicy)
Arrays = dict[str, NDArray[Any]]


def save(market: "Market", path: str | Path) -> None:
    """Write a market between two of its days into a file, whole or not at all.

    Raises
    ------
    ScenarioError
        If a provider has a policy of one's own: a file cannot hold its code.
    """
    graph = market.given_graph
    state = {
        "format": FORMAT,
        "scenario": to_toml(market.settings),
        "seed": market.seed,
        "day": market.day,
        "graph": None if graph is None else {"directed": graph.directed, "names": _names(graph)},
        "streams": {name: rng.bit_generator.state for name, rng in streams(market).items()},
        "talked": market.talking.last,
        "providers": [_provider(provider) for provider in market.providers],
        "responses": [event._asdict() for event in market.record.responses],
    }
    arrays = _users(market) | _record(market) | {"talking": market.talking.drawn}
    if graph is not None:
        arrays |= {"indptr": graph.links.indptr, "indices": graph.links.indices, "chance": graph.links.chance}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_whole(Path(path), write)


def resume(path: str | Path, *, threads: int = 1) -> "Market":
    """Return the market of a checkpoint; it goes on to the same last byte as one that was never stopped.

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
            raise ScenarioError.of(f"{path}: format", state["format"], f"must be {FORMAT}; another version wrote it")
        graph = _graph(state["graph"], arrays) if state["graph"] else None
        market = Market(tomllib.loads(state["scenario"]), rng=state["seed"], graph=graph, threads=threads)
        _fill(market, state, arrays)
    except ScenarioError:  # another version, or a file that the scenario names is gone
        raise
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise ScenarioError(f"{path}: is damaged, or no checkpoint ({type(error).__name__}: {error})") from None
    return market


def _read(path: Path) -> Arrays:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such checkpoint") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScenarioError(f"{path}: is damaged, or no checkpoint ({reason})") from None


def streams(market: "Market") -> dict[str, np.random.Generator]:
    """Return the random streams that a market draws from during its run, by use."""
    found = {"choices": market.choosing, "voice": market.voicing, "asking": market.asking, "talk": market.talking.rng}
    for j, provider in enumerate(market.providers):
        found |= {f"complaints {j}": market.complaining[j], f"adverts {j}": market.advertising[j]}
        found |= {f"{use} {j}": rng for use, rng in provider.streams.items()}
    return found


# --- what is written


def _provider(provider: Provider) -> dict[str, Any]:
    maintenance, planned = provider.maintenance, provider.planned
    running = maintenance.running
    return {
        "price": provider.price,
        "policy": _policy(provider, provider.policy),
        "planned": planned and [planned[0], _policy(provider, planned[1])],
        "tried": provider.tried,
        "running": running and [running.start, running.window, running.servers, running.flaws],
        "maintenance": {name: getattr(maintenance, name) for name in MAINTENANCE},
        **{name: getattr(provider, name) for name in PROVIDER},
    }


def _policy(provider: Provider, policy: Policy) -> dict[str, Any]:
    if type(policy) not in POLICIES.values():
        path = f"providers.{provider.index}.policy"
        raise ScenarioError(f"{path}: {type(policy).__name__} is a policy of one's own; a checkpoint cannot hold it")
    return policy.model_dump()


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
        "outage places": np.array([(day, j, len(o.servers)) for day, j, o, _ in outages], np.int64).reshape(-1, 3),
        "outage causes": np.array([o.cause for _, _, o, _ in outages], "U32"),
        "outage minutes": np.array([o.minutes for _, _, o, _ in outages], float),
        "outage servers": np.concatenate([np.empty(0, np.int64), *(o.servers for _, _, o, _ in outages)]),
        "outage seated": np.concatenate([np.empty(0, np.int64), *(seated for *_, seated in outages)]),
    }


# --- what is read


def _graph(state: dict[str, Any], arrays: Arrays) -> Graph:
    links = Links(arrays["indptr"], arrays["indices"], arrays["chance"])
    names = None if state["names"] is None else named(_nodes(state["names"]))
    return Graph(links, state["directed"], names)


def _nodes(names: list[Any]) -> list[Any]:
    """Return nodes from JSON, which has lists for tuples."""

    def node(value: Any) -> Any:
        return tuple(map(node, value)) if isinstance(value, list) else value

    return [node(name) for name in names]


def _fill(market: "Market", state: dict[str, Any], arrays: Arrays) -> None:
    """Put a market that was just made from the same scenario into the state that was written."""
    market.day = market.steps = market.record.days = state["day"]
    market.rows.view(np.uint8)[:] = arrays["rows"]
    for name in COLUMNS:
        getattr(market.users, name)[:] = arrays[name]
    _seat(market.fleets, arrays)
    for i in arrays["informed"]:
        market.news.users[market.news.size[0]] = i
        market.news.size[0] += 1
    for name, rng in streams(market).items():
        rng.bit_generator.state = state["streams"][name]
    market.talking.drawn, market.talking.last = arrays["talking"], state["talked"]
    for provider, was in zip(market.providers, state["providers"], strict=True):
        _restore(provider, was)
    market.ask_for_offers()
    _remember(market, state, arrays)


def _seat(fleets: Fleets, arrays: Arrays) -> None:
    for j in range(len(fleets.size)):
        fleets.size[j] = len(arrays[f"fleet {j}"])
        fleets.instances_of(j)[:] = arrays[f"fleet {j}"]
    fleets.users[:] = arrays["fleet users"]


def _restore(provider: Provider, was: dict[str, Any]) -> None:
    provider.price, provider.policy = was["price"], POLICY.validate_python(was["policy"])
    provider.planned = was["planned"] and (was["planned"][0], POLICY.validate_python(was["planned"][1]))
    provider.tried = tuple(was["tried"])
    running = was["running"] and Campaign(*was["running"])
    provider.maintenance = Maintenance(running=running, **was["maintenance"])
    for name in PROVIDER:
        setattr(provider, name, was[name])


def _remember(market: "Market", state: dict[str, Any], arrays: Arrays) -> None:
    record = market.record
    record.daily[: record.days] = arrays["daily"]
    record.users_at_start = arrays["users at start"]
    record.responses = [Event(**event) for event in state["responses"]]
    columns = [arrays[f"move {k}"] for k in range(7)]
    record.moved(*columns)
    places, starts = arrays["outage places"], np.cumsum(arrays["outage places"][:, 2])[:-1]
    servers, seated = (np.split(arrays[f"outage {what}"], starts) for what in ("servers", "seated"))
    causes, minutes = arrays["outage causes"].tolist(), arrays["outage minutes"].tolist()
    record.outage_list = [
        (int(day), int(j), Outage(causes[k], servers[k], minutes[k]), seated[k])
        for k, (day, j, _) in enumerate(places.tolist())
    ]
