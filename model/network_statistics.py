"""What a network is like in a few numbers, and in a picture."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from scipy import sparse
from scipy.sparse import csgraph

from agents.users import Ints
from model.figures import PALETTE, plain
from model.network import Graph

SAMPLE = 1_000  # users whose clustering is computed in a larger network
FEW = 50  # links; up to so many, a picture has a bar for each number
DRAWN = 500  # users in a picture; of more, those nearest to the one with the most links


class NetworkStatistics(NamedTuple):
    """A network in numbers. Directed links count as undirected ones for components and clustering."""

    users: int
    links: int
    components: int
    largest: int  # users in the largest component
    isolated: int  # users without links
    mean_degree: float
    median_degree: float
    largest_degree: int
    clustering: float  # mean share of a user's pairs of neighbours that are linked (Watts and Strogatz 1998)
    clustering_of: int  # users that this is the mean of: all, or so many at random


def statistics_of(graph: Graph) -> NetworkStatistics:
    """Measure a network; degrees count each user's links, in and out."""
    matrix = both_ways(graph)
    _, part = csgraph.connected_components(matrix, directed=False)
    sizes, degree = np.bincount(part), degrees(graph)
    users = np.arange(len(graph))
    if len(graph) > SAMPLE:
        users = np.random.default_rng(1).choice(len(graph), SAMPLE, replace=False)
    return NetworkStatistics(
        len(graph),
        len(graph.links.indices) // (1 if graph.directed else 2),
        len(sizes),
        int(sizes.max()),
        int((degree == 0).sum()),
        float(degree.mean()),
        float(np.median(degree)),
        int(degree.max()),
        float(np.mean([clustering(matrix, user) for user in users])),
        len(users),
    )


def both_ways(graph: Graph) -> sparse.csr_array:
    """Return the network as a symmetric adjacency matrix of ones."""
    links = graph.links
    ones = np.ones(len(links.indices), np.int8)
    matrix = sparse.csr_array((ones, links.indices, links.indptr), (len(graph), len(graph)))
    return ((matrix + matrix.T) > 0).astype(np.int8) if graph.directed else matrix


def degrees(graph: Graph) -> Ints:
    """Return how many links each user has."""
    out = np.diff(graph.links.indptr)
    return np.asarray(out + np.diff(graph.hears.indptr) if graph.directed else out)


def clustering(matrix: sparse.csr_array, user: np.integer) -> float:
    """Return the share of the pairs of a user's neighbours that are linked; 0 for fewer than two neighbours."""
    neighbours = matrix.indices[matrix.indptr[user] : matrix.indptr[user + 1]]
    if len(neighbours) < 2:
        return 0.0
    theirs = np.concatenate([matrix.indices[matrix.indptr[k] : matrix.indptr[k + 1]] for k in neighbours])
    return float(np.isin(theirs, neighbours).sum() / (len(neighbours) * (len(neighbours) - 1)))


def network_figure(graph: Graph, title: str) -> Figure:
    """Draw a network, or its part around the user with the most links, beside how many links users have."""
    import networkx as nx

    degree = degrees(graph)
    figure = Figure(figsize=(10, 5), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2)

    matrix, users = both_ways(graph), np.arange(len(graph))
    if len(graph) > DRAWN:
        users = csgraph.breadth_first_order(matrix, int(degree.argmax()), directed=False, return_predecessors=False)[
            :DRAWN
        ]
    part = nx.from_scipy_sparse_array(matrix[users][:, users])
    places = nx.spring_layout(part, seed=1)
    size = 15 + 150 * degree[users] / max(degree.max(), 1) / max(len(users) / 50, 1)
    nx.draw_networkx_edges(part, places, ax=left, width=0.5, alpha=0.4)
    nx.draw_networkx_nodes(part, places, ax=left, node_size=size, node_color=PALETTE[0])
    if len(users) <= 40:
        labels = {k: plain(str(graph.node(int(user))))[:12] for k, user in enumerate(users)}
        nx.draw_networkx_labels(
            part, {k: place + np.array([0, 0.06]) for k, place in places.items()}, labels, 8, ax=left
        )
    left.axis("off")
    left.set_title("all users" if len(users) == len(graph) else f"the {len(users)} users around the most linked one")

    values, counts = np.unique(degree, return_counts=True)
    if degree.max() <= FEW:
        right.bar(values, 100 * counts / len(graph), color=PALETTE[0])
        right.xaxis.get_major_locator().set_params(integer=True)
        right.set(xlabel="links", ylabel="users (%)")
    else:
        above = 100 * counts[::-1].cumsum()[::-1] / len(graph)
        right.plot(values, above, drawstyle="steps-pre", color=PALETTE[0], lw=2)
        right.set(xscale="symlog", yscale="log", xlabel="links", ylabel="users with at least so many (%)")
    right.grid(alpha=0.3)
    figure.suptitle(f"{plain(title)}: {len(graph):,} users")
    return figure
