"""The network: who hears whom, as compressed neighbour lists, from any built-in kind, networkx or a file."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from agents.users import Ints
from agents.word_of_mouth import Links
from model import generators, schema
from model.errors import ScenarioError
from model.streams import stream

if TYPE_CHECKING:
    from model.scenario import Scenario


@dataclass(frozen=True)
class Graph:
    """Who hears whom: an edge i -> l means that l hears i."""

    links: Links  # from talker to those who hear it
    directed: bool = False

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.links.indptr) - 1

    @cached_property
    def hears(self) -> Links:
        """From a user to those whom it hears."""
        if not self.directed:
            return self.links
        talker = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.links.indptr))
        return generators.compress(len(self), self.links.indices, talker)

    @cached_property
    def max_in_degree(self) -> int:
        """The largest number of users that any user hears."""
        return int(np.diff(self.hears.indptr).max(initial=0))

    def to_networkx(self) -> Any:
        """Return the same graph as a networkx `Graph` or `DiGraph`."""
        import networkx as nx

        graph = nx.DiGraph() if self.directed else nx.Graph()
        graph.add_nodes_from(range(len(self)))
        talker = np.repeat(np.arange(len(self)), np.diff(self.links.indptr))
        graph.add_edges_from(zip(talker.tolist(), self.links.indices.tolist(), strict=True))
        return graph


def graph_for(scenario: "Scenario", given: Graph | None, seed: int) -> Graph:
    """Return the given graph, which must have a node for each user, else the one described by the scenario.

    Raises
    ------
    ScenarioError
        If the graph has another number of nodes.
    """
    users = scenario.users.count
    if given is None:
        return build_graph(scenario.network, users, seed)
    if len(given) != users:
        raise ScenarioError.of("users.count", users, f"must be {len(given)}, the nodes of the graph passed in")
    return given


def build_graph(network: schema.Network, users: int, seed: int) -> Graph:
    """Build the network of a scenario; the same arguments give the same graph."""
    rng = stream(seed, "network")
    match network:
        case schema.WattsStrogatz():
            edges = generators.watts_strogatz(users, network.degree, network.rewiring, rng)
        case schema.BarabasiAlbert():
            edges = generators.barabasi_albert(users, network.degree // 2, rng)
        case schema.ErdosRenyi():
            edges = generators.erdos_renyi(users, network.degree, rng)
        case schema.StochasticBlock():
            edges = generators.stochastic_block(users, network.degree, network.blocks, network.mixing, rng)
        case schema.Complete():
            edges = generators.complete(users)
        case schema.NoNetwork():
            edges = np.empty((2, 0), np.int32)
        case schema.EdgeList():
            return from_edges(users, read_edges(network.file, users, network.directed), network.directed)
    return from_edges(users, edges)


def from_edges(users: int, edges: NDArray[np.integer], directed: bool = False) -> Graph:
    """Return the graph with these edges, a (2, m) array without duplicates."""
    first, second = edges
    if directed:
        return Graph(generators.compress(users, first, second), directed=True)
    return Graph(generators.compress(users, np.concatenate([first, second]), np.concatenate([second, first])))


def from_networkx(graph: Any) -> Graph:
    """Convert a networkx graph; its nodes, in their order, are the users.

    Parallel edges count once. A directed edge i -> l means that l hears i.

    Raises
    ------
    ScenarioError
        If a node is linked to itself.
    """
    number = {node: i for i, node in enumerate(graph)}
    directed = bool(graph.is_directed())
    pairs = {(number[a], number[b]) for a, b in graph.edges()}
    if not directed:
        pairs = {(min(a, b), max(a, b)) for a, b in pairs}
    edges = np.array(sorted(pairs), np.int32).reshape(-1, 2).T
    loops = edges[0][edges[0] == edges[1]]
    if len(loops):
        raise ScenarioError.of("graph", f"node number {loops[0]} is linked to itself", "must have no self-loops")
    return from_edges(len(number), edges, directed)


def read_edges(file: str, users: int, directed: bool = False) -> Ints:
    """Read an edge list: two user numbers a line, separated by comma or blank; `#` starts a comment."""
    field = "network.file"
    path = Path(file)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError.of(field, file, f"must be a readable text file ({error})") from None
    edges = set()
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        try:
            a, b = (int(word) for word in words)
        except ValueError:
            raise ScenarioError(f"{field}, {file} line {number}: {line!r} must be two user numbers") from None
        if not (0 <= a < users and 0 <= b < users and a != b):
            allowed = f"must link two different users from 0 to {users - 1}"
            raise ScenarioError(f"{field}, {file} line {number}: {line!r} {allowed}")
        if (a, b) in edges or ((b, a) in edges and not directed):
            raise ScenarioError(f"{field}, {file} line {number}: {line!r} must not repeat an edge")
        edges.add((a, b))
    return np.array(sorted(edges), np.int32).reshape(-1, 2).T
