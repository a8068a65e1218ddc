"""Random graphs as arrays, from the same distributions as networkx's generators.

Each returns a (2, m) array of edges, every edge once. networkx builds the same graphs from Python objects, at
about 1 kB and 5 microseconds an edge, which is too much for ten million users.
"""

import numpy as np
from numpy.typing import NDArray

from agents.kernel import kernel
from agents.users import Ints
from agents.word_of_mouth import Links

Edges = NDArray[np.int32]


def compress(users: int, talker: Ints, listener: Ints) -> Links:
    """Return the compressed neighbour lists of directed edges, each list in the order of the edges."""
    indptr = np.zeros(users + 1, np.int64)
    np.cumsum(np.bincount(talker, minlength=users), out=indptr[1:])
    indices = np.empty(len(talker), np.int32)
    _fill(talker, listener, indptr[:-1].copy(), indices)
    return Links(indptr, indices)


@kernel
def _fill(talker: Ints, listener: Ints, free: NDArray[np.int64], indices: Ints) -> None:
    for k in range(len(talker)):
        i = talker[k]
        indices[free[i]] = listener[k]
        free[i] += 1


def watts_strogatz(users: int, degree: int, rewiring: float, rng: np.random.Generator) -> Edges:
    """Ring of `degree` nearest neighbours, each link rewired with a chance (Watts and Strogatz 1998)."""
    half = degree // 2
    target = (np.arange(users)[:, None] + np.arange(1, half + 1)) % users
    target = np.ascontiguousarray(target, np.int32)
    _rewire(target, rewiring, rng)
    return np.stack([np.repeat(np.arange(users, dtype=np.int32), half), target.ravel()])


@kernel
def _rewire(target: Ints, rewiring: float, rng: np.random.Generator) -> None:
    """Rewire ring by ring, as in the paper; `target[u]` are the far ends of the links that u owns."""
    users, half = target.shape
    for j in range(half):
        for u in range(users):
            if rng.random() >= rewiring:
                continue
            for _ in range(100 * users):  # a user linked to everybody keeps its link
                w = int(rng.random() * users)
                taken = w == u
                for k in range(half):
                    taken = taken or target[u, k] == w or target[w, k] == u
                if not taken:
                    target[u, j] = w
                    break


def barabasi_albert(users: int, links: int, rng: np.random.Generator) -> Edges:
    """Newcomers link to `links` users, each in proportion to its degree (Barabasi and Albert 1999)."""
    # A star of links + 1 users, then `links` edges for each newcomer.
    edges = np.empty((2, links + (users - links - 1) * links), np.int32)
    edges[0, :links] = 0
    edges[1, :links] = np.arange(1, links + 1)
    _attach(edges, links, users, rng)
    return edges


@kernel
def _attach(edges: Edges, links: int, users: int, rng: np.random.Generator) -> None:
    """Pick the end of a random earlier edge: that is a user in proportion to its degree."""
    filled = links
    for newcomer in range(links + 1, users):
        first = filled
        while filled < first + links:
            choice = edges[int(rng.random() * 2), int(rng.random() * first)]
            fresh = True
            for k in range(first, filled):
                fresh = fresh and edges[1, k] != choice
            if fresh:
                edges[0, filled] = newcomer
                edges[1, filled] = choice
                filled += 1


def erdos_renyi(users: int, degree: float, rng: np.random.Generator) -> Edges:
    """Every pair with the same chance, so that the mean degree is `degree` (Gilbert 1959)."""
    return _pairs(users, degree / max(users - 1, 1), rng)


def _pairs(users: int, chance: float, rng: np.random.Generator) -> Edges:
    """Select each pair of users with the same chance, at a cost proportional to the number selected."""
    if chance >= 1:
        return complete(users)
    if chance <= 0:
        return np.empty((2, 0), np.int32)
    expected = users * (users - 1) / 2 * chance
    room = int(expected + 8 * np.sqrt(expected) + 16)
    edges = np.empty((2, room), np.int32)
    return edges[:, : _skip(users, np.log1p(-chance), edges, rng)]


@kernel
def _skip(users: int, log_miss: float, edges: Edges, rng: np.random.Generator) -> int:
    """Skip the pairs not taken by geometric jumps (Batagelj and Brandes 2005)."""
    n = 0
    v, w = 1, -1
    while v < users:
        jump = np.log(1.0 - rng.random()) / log_miss
        w += 1 + int(min(jump, 9e18))
        while w >= v and v < users:
            w -= v
            v += 1
        if v < users and n < edges.shape[1]:
            edges[0, n] = v
            edges[1, n] = w
            n += 1
    return n


def stochastic_block(users: int, degree: float, blocks: int, mixing: float, rng: np.random.Generator) -> Edges:
    """Equal groups; a share `mixing` of a user's links leaves its group (Holland et al. 1983)."""
    bounds = np.arange(blocks + 1) * users // blocks
    sizes = np.diff(bounds)
    parts = [
        _pairs(int(size), degree * (1 - mixing) / max(size - 1, 1), rng) + np.int32(first)
        for first, size in zip(bounds[:-1], sizes, strict=True)
    ]
    if blocks > 1:
        across = _pairs(users, degree * mixing / (users - users / blocks), rng)
        group = np.searchsorted(bounds, across, side="right")
        parts.append(across[:, group[0] != group[1]])
    return np.concatenate(parts, axis=1)


def complete(users: int) -> Edges:
    """Every pair."""
    return np.stack(np.triu_indices(users, 1)).astype(np.int32)
