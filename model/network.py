"""The network: who hears whom, as compressed neighbour lists, from any built-in kind, a graph or a file."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from agents.word_of_mouth import Links
from model import generators, schema
from model.errors import ScenarioError
from model.link_table import LinkTable, links_of
from model.network_files import read_network
from model.streams import stream

if TYPE_CHECKING:
    from model.scenario import Scenario


@dataclass(frozen=True)
class Graph:
    """Who hears whom: an edge i -> l means that l hears i."""

    links: Links  # from talker to those who hear it
    directed: bool = False
    names: NDArray[Any] | None = None  # what each user is called where it comes from; None: by its number
    notes: tuple[str, ...] = ()  # what was dropped on the way, and what is not used

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.links.indptr) - 1

    def node(self, row: int) -> Any:
        """Return what a user is called in the graph; who arrives later has no name there, and gets one."""
        if self.names is None:
            return row
        if row >= len(self.names):
            return f"arrival {row}"
        name = self.names[row]
        return name.item() if isinstance(name, np.generic) else name

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

    def to_networkx(self, *, names: bool = True) -> Any:
        """Return the same graph as a networkx `Graph` or `DiGraph`; without names, its nodes are the users' rows."""
        import networkx as nx

        graph = nx.DiGraph() if self.directed else nx.Graph()
        nodes = [self.node(row) if names else row for row in range(len(self))]
        graph.add_nodes_from(nodes)
        talker = np.repeat(np.arange(len(self)), np.diff(self.links.indptr))
        graph.add_edges_from(
            (nodes[a], nodes[b]) for a, b in zip(talker.tolist(), self.links.indices.tolist(), strict=True)
        )
        return graph


def graph_for(scenario: "Scenario", given: Graph | None, seed: int) -> Graph:
    """Return the given graph, which must have a node for each user, else the one described by the scenario.

    Raises
    ------
    ScenarioError
        If the graph has another number of nodes.
    """
    users = scenario.users.count
    graph = build_graph(scenario.network, users, seed) if given is None else given
    if len(graph) != users:
        raise ScenarioError.of("users.count", users, f"must be {len(graph)}, the nodes of the graph passed in")
    if not len(graph.links.chance):
        return graph
    key = np.int64(stream(seed, "weights").integers(2**62))
    return replace(graph, links=graph.links._replace(key=key))


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
        case schema.NetworkFile():
            return from_links(read_network(network), network.weights)
    return from_edges(users, edges)


def from_edges(users: int, edges: NDArray[np.integer], directed: bool = False) -> Graph:
    """Return the graph with these edges, a (2, m) array without duplicates."""
    first, second = edges
    if directed:
        return Graph(generators.compress(users, first, second), directed=True)
    return Graph(generators.compress(users, np.concatenate([first, second]), np.concatenate([second, first])))


def from_links(table: LinkTable, weighted: bool = False) -> Graph:
    """Return the graph with these links; `weighted`: a neighbour hears a talker with a chance of weight by largest.

    Raises
    ------
    ScenarioError
        If the weights are to be used, and there are none above 0.
    """
    graph = from_edges(table.users, table.ends, table.directed)
    notes = [f"dropped: {table.dropped}"] if table.dropped else []
    if weighted:
        if table.weights is None or not table.weights.max(initial=0):
            raise ScenarioError("network.weights = true: must be false; no link has a weight above 0")
        talker, chance = table.ends[0], table.weights / table.weights.max()
        if not table.directed:
            talker, chance = np.concatenate(list(table.ends)), np.concatenate([chance, chance])
        graph = replace(graph, links=graph.links._replace(chance=chance[np.argsort(talker, kind="stable")]))
    unused = [*table.unused, *(["weight"] if table.weights is not None and not weighted else [])]
    if unused:
        notes.append(f"not used: {', '.join(unused)}")
    return replace(graph, names=table.names, notes=tuple(notes))


def as_graph(graph: Any, weighted: bool = False) -> Graph:
    """Return any library's graph as the network of a market; see `model.link_table.links_of`."""
    return from_links(links_of(graph), weighted)
