"""Links as a table: what every file and every library's graph becomes before it is the network of a market."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.users import Floats
from model.errors import ScenarioError

MOST_USERS = 100_000_000
ALLOWED = "a networkx or igraph graph, a square adjacency matrix (NumPy or scipy.sparse), or a list of pairs"


class LinkTable(NamedTuple):
    """Who is linked to whom: no user to itself, no pair twice. A directed link i -> l means that l hears i."""

    users: int
    ends: NDArray[np.int32]  # (2, m)
    weights: Floats | None  # (m,), at least 0; None where there are none
    directed: bool
    names: NDArray[Any] | None = None  # of each user; None: they are called by their numbers
    loops: int = 0  # links of a user to itself that were dropped
    doubles: int = 0  # links given again that were dropped
    unused: tuple[str, ...] = ()  # columns that mean nothing to a market

    @property
    def dropped(self) -> str:
        """What was left out, in words; empty if nothing was."""
        loops = f"{self.loops:,} {'link' if self.loops == 1 else 'links'} of a user to itself" if self.loops else ""
        doubles = f"{self.doubles:,} {'link' if self.doubles == 1 else 'links'} given again" if self.doubles else ""
        return " and ".join(filter(None, (loops, doubles)))


def tidy(
    names: Sequence[Any] | NDArray[Any],
    ends: NDArray[np.integer],  # (2, m): source and target
    weights: Any = None,
    directed: bool = False,
    unused: tuple[str, ...] = (),
) -> LinkTable:
    """Return the table of links between users by their numbers; of a pair that is given twice the first counts.

    A target of -1 is none: the source is there, and is linked to nobody.
    """
    users, loops = len(names), 0
    source, target = ends
    kept = (target >= 0) & (target != source)
    if not kept.all():
        loops = int((target == source).sum())
        source, target = source[kept], target[kept]
        weights = None if weights is None else weights[kept]
    first, second = (source, target) if directed else (np.minimum(source, target), np.maximum(source, target))
    pairs = first.astype(np.int64) * users + second
    given = len(pairs)
    del first, second
    if weights is None:
        pairs.sort()
    else:
        order = np.argsort(pairs, kind="stable")
        pairs, weights = pairs[order], weights[order]
    new = np.append(True, pairs[1:] != pairs[:-1])[:given]  # np.unique hashes them, ten times as slowly
    pairs, weights = pairs[new], None if weights is None else weights[new]
    found = np.empty((2, len(pairs)), np.int32)
    np.floor_divide(pairs, max(users, 1), out=found[0], casting="unsafe")
    np.remainder(pairs, max(users, 1), out=found[1], casting="unsafe")
    return LinkTable(users, found, weights, directed, named(names), loops, given - len(pairs), unused)


def named(names: Sequence[Any] | NDArray[Any]) -> NDArray[Any] | None:
    """Return the names as an array of objects or numbers, None if they are 0, 1, 2, ... in that order."""
    if isinstance(names, range):
        return None
    if isinstance(names, np.ndarray) and names.dtype.kind == "i":
        return None if np.array_equal(names, np.arange(len(names))) else names
    if all(type(name) is int and name == i for i, name in enumerate(names)):
        return None
    called = np.empty(len(names), object)
    called[:] = list(names)
    return called


def in_order(names: Sequence[str]) -> tuple[Sequence[Any], NDArray[np.int64]]:
    """Sort names from a file, by number if all are whole numbers, else as text; return them and each one's place."""
    values: Sequence[Any] = names
    if all(len(name) < 19 and name.lstrip("-").isdecimal() for name in names):
        numbers = [int(name) for name in names]
        if len(set(numbers)) == len(numbers):  # 7 and 007 are two
            values = numbers
    order = sorted(range(len(values)), key=values.__getitem__)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return [values[k] for k in order], place


def checked_weights(weights: Iterable[Any], place: str) -> Floats | None:
    """Return the weights of links as numbers, None where no link has any.

    Raises
    ------
    ScenarioError
        If one is not a finite number from 0.
    """
    found = list(weights)
    if all(weight is None for weight in found):
        return None
    for number, weight in enumerate(found, start=1):
        try:
            right = 0 <= float(1 if weight is None else weight) < np.inf
        except (TypeError, ValueError, OverflowError):
            right = False
        if not right:
            raise ScenarioError(f"{place}: weight {weight!r} of link {number:,} must be a number from 0")
    return np.array([1.0 if weight is None else float(weight) for weight in found])


# --- graphs as Python's libraries hold them


def links_of(graph: Any) -> LinkTable:
    """Take over a graph of any library; its nodes, in their order, are the users.

    Parameters
    ----------
    graph
        A networkx graph (any nodes, directed or not, parallel edges, views), an igraph graph, a square adjacency
        matrix (NumPy or scipy.sparse; directed unless symmetric; entry i, l links i to l), or a list of pairs, or of
        triples with a weight.

    Raises
    ------
    ScenarioError
        If it is something else, has no nodes, or a weight is not a number from 0.
    """
    if hasattr(graph, "get_edgelist"):
        return _from_igraph(graph)
    if hasattr(graph, "is_directed") and hasattr(graph, "edges"):
        return from_networkx(graph)
    if hasattr(graph, "tocoo") or (
        isinstance(graph, np.ndarray) and graph.ndim == 2 and graph.shape[0] == graph.shape[1]
    ):
        return from_matrix(graph)
    if isinstance(graph, Iterable) and not isinstance(graph, str | bytes | dict):
        return from_pairs(graph)
    raise ScenarioError(f"graph, a {type(graph).__name__}: must be {ALLOWED}")


def from_networkx(graph: Any, names: Sequence[Any] | None = None, place: str = "graph") -> LinkTable:
    """Take over a networkx graph, whose nodes may be given other names."""
    number = {node: i for i, node in enumerate(graph)}
    if not number:
        raise ScenarioError(f"{place}: must have at least one node")
    ends = np.array([(number[a], number[b]) for a, b in graph.edges()], np.int64).reshape(-1, 2).T
    weights = checked_weights((weight for *_, weight in graph.edges(data="weight")), place)
    return tidy(list(number) if names is None else names, ends, weights, bool(graph.is_directed()))


def _from_igraph(graph: Any) -> LinkTable:
    if not graph.vcount():
        raise ScenarioError("graph: must have at least one node")
    ends = np.array(graph.get_edgelist(), np.int64).reshape(-1, 2).T
    names: Any = graph.vs["name"] if "name" in graph.vs.attributes() else range(graph.vcount())
    weights = checked_weights(graph.es["weight"], "graph") if "weight" in graph.es.attributes() else None
    return tidy(names, ends, weights, bool(graph.is_directed()))


def from_matrix(matrix: Any, place: str = "graph") -> LinkTable:
    """Take over a square adjacency matrix: entries are weights, and 0 is no link."""
    from scipy import sparse

    if len(matrix.shape) != 2 or matrix.shape[0] != matrix.shape[1] or not 1 <= matrix.shape[0] <= MOST_USERS:
        raise ScenarioError(
            f"{place}, a matrix of shape {tuple(matrix.shape)}: must be square, and have a row for a user"
        )
    if matrix.dtype.kind not in "biuf":
        raise ScenarioError(f"{place}, a matrix of {matrix.dtype}: must be of numbers from 0")
    table = sparse.coo_array(matrix)
    table.sum_duplicates()
    weights = table.data.astype(float)
    if not ((weights >= 0) & np.isfinite(weights)).all():
        wrong = weights[~((weights >= 0) & np.isfinite(weights))][0]
        raise ScenarioError(f"{place}: entry {wrong:g} of the matrix must be a number from 0")
    linked = weights > 0
    source, target, weights = table.row[linked], table.col[linked], weights[linked]
    directed = (abs(table - table.T) > 0).nnz > 0
    if not directed:  # each link is there twice, on both sides of the diagonal
        upper = source <= target
        source, target, weights = source[upper], target[upper], weights[upper]
    return tidy(range(matrix.shape[0]), np.stack([source, target]), None if (weights == 1).all() else weights, directed)


def from_pairs(
    pairs: Iterable[Any], directed: bool = False, nodes: Iterable[Hashable] = (), place: str = "graph"
) -> LinkTable:
    """Take over pairs of nodes, which may have a weight as a third; numbers are sorted, others come as they appear."""
    number: dict[Hashable, int] = {node: i for i, node in enumerate(nodes)}
    ends, weights = [], []
    for count, pair in enumerate(pairs, start=1):
        try:
            a, b, *rest = pair
            (weight,) = rest or (None,)
            ends.append((number.setdefault(a, len(number)), number.setdefault(b, len(number))))
        except (TypeError, ValueError):
            what = f"item {count:,}, {pair!r:.60},"
            raise ScenarioError(f"{place}: {what} must be a pair of nodes; a graph is {ALLOWED}") from None
        weights.append(weight)
    if not number:
        raise ScenarioError(f"{place}: must have at least one link")
    found = np.array(ends, np.int64).reshape(-1, 2).T
    names: Sequence[Any] = list(number)
    if all(isinstance(name, int | np.integer) for name in names):
        sort = np.argsort(np.array(names), kind="stable")
        place_of = np.argsort(sort, kind="stable")
        names, found = [int(names[k]) for k in sort], place_of[found]
    return tidy(names, found, checked_weights(weights, place), directed)
