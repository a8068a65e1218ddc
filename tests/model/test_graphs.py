import igraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from model import Market, Scenario, ScenarioError, generators, schema
from model.checkpoint import resume, save
from model.network import as_graph, build_graph, from_edges

KINDS = {
    "watts-strogatz": schema.WattsStrogatz(degree=6, rewiring=0.3),
    "barabasi-albert": schema.BarabasiAlbert(degree=6),
    "erdos-renyi": schema.ErdosRenyi(degree=6.0),
    "stochastic-block": schema.StochasticBlock(degree=6.0, blocks=3, mixing=0.2),
    "complete": schema.Complete(),
    "none": schema.NoNetwork(),
}
RANDOM_KINDS = ["watts-strogatz", "barabasi-albert", "erdos-renyi", "stochastic-block"]
many = settings(max_examples=100)


def adjacency(graph):
    """Return the matrix of how often a user of the row tells the one of the column."""
    matrix = np.zeros((len(graph), len(graph)), int)
    for talker in range(len(graph)):
        for listener in graph.links.indices[graph.links.indptr[talker] : graph.links.indptr[talker + 1]]:
            matrix[talker, listener] += 1
    return matrix


def same(a, b):
    return np.array_equal(a.links.indptr, b.links.indptr) and np.array_equal(a.links.indices, b.links.indices)


def assert_simple(graph):
    matrix = adjacency(graph)
    assert matrix.max(initial=0) <= 1
    assert not matrix.diagonal().any()
    assert np.array_equal(matrix, matrix.T)
    assert graph.links.indptr[-1] == len(graph.links.indices)


# --- what every built-in kind promises


@many
@given(
    users=st.integers(3, 25),
    half=st.integers(1, 12),
    rewiring=st.sampled_from([0.0, 0.5, 1.0]),
    seed=st.integers(0, 999),
)
def test_watts_strogatz_is_simple_with_half_degree_links_a_user(users, half, rewiring, seed):
    degree = 2 * min(half, (users - 1) // 2)
    graph = build_graph(schema.WattsStrogatz(degree=degree, rewiring=rewiring), users, seed)
    assert_simple(graph)
    assert len(graph.links.indices) == users * degree
    if rewiring == 0:
        ring = {(i, (i + k) % users) for i in range(users) for k in range(1, degree // 2 + 1)}
        assert nx.utils.graphs_equal(graph.to_networkx(), from_pairs(users, ring))


@many
@given(users=st.integers(2, 25), half=st.integers(1, 24), seed=st.integers(0, 999))
def test_barabasi_albert_is_simple_and_connected_with_so_many_links_a_newcomer(users, half, seed):
    half = min(half, users - 1)
    graph = build_graph(schema.BarabasiAlbert(degree=2 * half), users, seed)
    assert_simple(graph)
    assert len(graph.links.indices) == 2 * half * (users - half)
    assert nx.is_connected(graph.to_networkx())


@many
@given(users=st.integers(1, 25), degree=st.floats(0, 24), seed=st.integers(0, 999))
def test_erdos_renyi_is_simple(users, degree, seed):
    graph = build_graph(schema.ErdosRenyi(degree=min(degree, users - 1.0)), users, seed)
    assert_simple(graph)
    if degree == 0:
        assert len(graph.links.indices) == 0
    if degree >= users - 1:
        assert len(graph.links.indices) == users * (users - 1)


@many
@given(
    users=st.integers(1, 25),
    blocks=st.integers(1, 25),
    degree=st.floats(0, 8),
    mixing=st.floats(0, 1),
    seed=st.integers(0, 999),
)
def test_stochastic_block_is_simple_and_mixes_only_if_told(users, blocks, degree, mixing, seed):
    blocks = min(blocks, users)
    graph = build_graph(
        schema.StochasticBlock(degree=degree, blocks=blocks, mixing=mixing if blocks > 1 else 0.0),
        users,
        seed,
    )
    assert_simple(graph)
    apart = build_graph(schema.StochasticBlock(degree=degree, blocks=blocks, mixing=0.0), users, seed)
    block = np.searchsorted(np.arange(blocks + 1) * users // blocks, np.arange(users), side="right")
    assert all(block[a] == block[b] for a, b in apart.to_networkx().edges)


@pytest.mark.parametrize("users", [1, 2, 7])
def test_complete_and_none_have_every_link_and_no_link(users):
    complete, none = (build_graph(KINDS[kind], users, 1) for kind in ("complete", "none"))
    assert_simple(complete)
    assert np.array_equal(adjacency(complete), 1 - np.eye(users, dtype=int))
    assert len(none) == users
    assert len(none.links.indices) == 0
    assert none.max_in_degree == 0
    assert complete.max_in_degree == users - 1


@pytest.mark.parametrize("kind", RANDOM_KINDS)
def test_one_seed_gives_one_graph_and_another_seed_another(kind):
    graphs = [build_graph(KINDS[kind], 60, seed) for seed in (1, 1, 2)]
    assert same(graphs[0], graphs[1])
    assert not same(graphs[0], graphs[2])


# --- the same distributions as networkx


USERS, GRAPHS = 60, 120
BLOCK = USERS // 3
REFERENCE = {
    "watts-strogatz": lambda seed: nx.watts_strogatz_graph(USERS, 6, 0.3, seed=seed),
    "barabasi-albert": lambda seed: nx.barabasi_albert_graph(USERS, 3, seed=seed),
    "erdos-renyi": lambda seed: nx.gnp_random_graph(USERS, 6 / (USERS - 1), seed=seed),
    "stochastic-block": lambda seed: nx.stochastic_block_model(
        [BLOCK] * 3,
        np.where(np.eye(3), 6 * 0.8 / (BLOCK - 1), 6 * 0.2 / (USERS - BLOCK)).tolist(),
        seed=seed,
    ),
}


def statistics(graph):
    """Return what the two families of graphs are compared by; users keep their numbers."""
    degrees = np.array([degree for _, degree in sorted(graph.degree)])
    reach = np.array([min(abs(a - b), USERS - abs(a - b)) for a, b in graph.edges])
    return {
        "mean degree": degrees.mean(),
        "variance of degree": degrees.var(),
        "largest degree": degrees.max(),
        "smallest degree": degrees.min(),
        "degree of the first users": degrees[:6].mean(),
        "degree of the last users": degrees[-6:].mean(),
        "clustering": nx.average_clustering(graph),
        "links along the ring": (reach <= 3).mean(),
        "links inside blocks": np.mean([a // BLOCK == b // BLOCK for a, b in graph.edges]),
    }


@pytest.mark.parametrize("kind", RANDOM_KINDS)
def test_graphs_have_the_statistics_of_networkx_graphs(kind):
    ours = [statistics(build_graph(KINDS[kind], USERS, seed).to_networkx()) for seed in range(GRAPHS)]
    theirs = [statistics(REFERENCE[kind](seed)) for seed in range(GRAPHS)]
    for name in ours[0]:
        a, b = (np.array([found[name] for found in family]) for family in (ours, theirs))
        error = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / GRAPHS)
        assert abs(a.mean() - b.mean()) <= 4 * error + 1e-12, name


@pytest.mark.parametrize(
    ("kind", "inside"),
    [("erdos-renyi", 6 / (USERS - 1)), ("stochastic-block", 6 * 0.8 / (BLOCK - 1))],
)
def test_every_pair_is_linked_with_its_chance(kind, inside):
    across = 6 * 0.2 / (USERS - BLOCK) if kind == "stochastic-block" else inside
    graphs = 2000
    block = np.arange(USERS) // BLOCK
    together = np.triu(block[:, None] == block, 1)
    apart = np.triu(block[:, None] != block, 1)
    linked = np.zeros((USERS, USERS))
    for seed in range(graphs):
        graph = build_graph(KINDS[kind], USERS, seed)
        talker = np.repeat(np.arange(USERS), np.diff(graph.links.indptr))
        linked[talker, graph.links.indices] += 1
    for pairs, chance in ((together, inside), (apart, across)):
        error = np.sqrt(chance * (1 - chance) / graphs)
        assert abs(linked[pairs].mean() / graphs - chance) < 4 * error / np.sqrt(pairs.sum())
        assert np.abs(linked[pairs] / graphs - chance).max() < 5.5 * error  # the worst of 1,770 pairs


def from_pairs(users, pairs, kind=nx.Graph):
    graph = kind()
    graph.add_nodes_from(range(users))
    graph.add_edges_from(pairs)
    return graph


# --- hearing is telling in reverse


@st.composite
def directed_edges(draw):
    users = draw(st.integers(1, 8))
    pairs = [(a, b) for a in range(users) for b in range(users) if a != b]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return users, edges


@many
@given(directed_edges())
def test_hearing_is_telling_in_reverse(drawn):
    users, edges = drawn
    graph = from_edges(users, np.array(edges, np.int32).reshape(-1, 2).T, directed=True)
    talks = adjacency(graph)
    heard = np.zeros((users, users), int)
    for listener in range(users):
        for talker in graph.hears.indices[graph.hears.indptr[listener] : graph.hears.indptr[listener + 1]]:
            heard[listener, talker] += 1
    assert sorted(zip(*(ends.tolist() for ends in np.nonzero(talks)), strict=True)) == sorted(edges)
    assert np.array_equal(heard, talks.T)
    assert graph.max_in_degree == talks.sum(axis=0).max()


def test_neighbours_are_compressed_in_the_order_of_the_edges():
    links = generators.compress(4, np.array([2, 0, 2, 3], np.int32), np.array([3, 1, 0, 2], np.int32))
    assert links.indptr.tolist() == [0, 1, 1, 3, 4]
    assert links.indices.tolist() == [1, 3, 0, 2]


# --- networkx and back


@many
@given(directed_edges(), st.booleans())
def test_a_networkx_graph_comes_back_as_it_was(drawn, directed):
    users, edges = drawn
    given_graph = from_pairs(users, edges, nx.DiGraph if directed else nx.Graph)
    graph = as_graph(given_graph)
    assert graph.directed == directed
    assert len(graph) == users
    assert nx.utils.graphs_equal(graph.to_networkx(), given_graph)
    assert same(as_graph(graph.to_networkx()), graph)


@pytest.mark.parametrize("kind", KINDS)
def test_a_built_in_graph_survives_networkx(kind):
    graph = build_graph(KINDS[kind], 30, 1)
    assert np.array_equal(adjacency(as_graph(graph.to_networkx())), adjacency(graph))


NODES = {
    "text": ["zoe", "adam", "bo", "cy", "dee"],
    "tuples": [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)],
    "mixed": ["zoe", ("x", 1), 7, -4, 2.5],
    "numbers": [5, 3, 9, 0, 1],
}


@pytest.mark.parametrize("nodes", NODES.values(), ids=NODES)
@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
def test_nodes_are_users_in_their_order_and_come_back_whatever_they_are_called(kind, nodes, tmp_path):
    given_graph = kind(name="club")
    given_graph.add_nodes_from((node, {"age": 3}) for node in nodes)
    given_graph.add_edges_from([(nodes[1], nodes[0]), (nodes[3], nodes[0])], since=2020)
    for graph in (given_graph, nx.freeze(given_graph.copy()), nx.subgraph_view(given_graph)):
        market = Market(graph=graph, rng=1, days=20).run()
        assert market.settings.users.count == 5
        assert list(market.graph) == [market.user(row).node for row in range(5)] == list(nodes)
        assert set(market.graph.edges) == {edge[:2] for edge in nx.Graph(graph).edges} or graph.is_directed()
        assert not graph.is_directed() or set(market.graph.edges) == set(nx.DiGraph(graph).edges)
    save(market, tmp_path / "a.npz")
    assert list(resume(tmp_path / "a.npz").graph) == list(nodes)


def test_a_node_that_no_file_can_hold_is_named_when_it_is_to_be_saved(tmp_path):
    market = Market(graph=nx.Graph([(frozenset([1]), frozenset([2]))]), rng=1, days=5)
    assert set(market.graph) == {frozenset([1]), frozenset([2])}
    with pytest.raises(ScenarioError, match="a checkpoint holds nodes that are text, numbers or tuples"):
        save(market, tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(nx.MultiGraph, {(0, 1), (1, 2)}), (nx.MultiDiGraph, {(0, 1), (1, 0), (1, 2)})],
)
def test_parallel_edges_count_once(kind, expected):
    graph = as_graph(from_pairs(3, [(0, 1), (0, 1), (1, 0), (1, 2)], kind))
    assert set(graph.to_networkx().edges) == expected
    assert adjacency(graph).max() == 1
    assert graph.directed == (kind is nx.MultiDiGraph)
    assert graph.notes[0].startswith("dropped: ")


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph])
def test_links_of_a_node_to_itself_are_dropped_and_counted(kind):
    graph = as_graph(from_pairs(3, [(0, 1), (1, 1)], kind))
    assert set(graph.to_networkx().edges) == {(0, 1)}
    assert graph.notes == ("dropped: 1 link of a user to itself",)


def test_a_networkx_graph_without_edges_is_taken():
    graph = as_graph(nx.empty_graph(3))
    assert len(graph) == 3
    assert len(graph.links.indices) == 0


# --- other libraries


CLUB = nx.Graph(nx.karate_club_graph().edges)
CLUB = nx.convert_node_labels_to_integers(CLUB, ordering="sorted")


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(
    "convert",
    [
        lambda graph: nx.to_numpy_array(graph, nodelist=range(34)),
        lambda graph: nx.to_numpy_array(graph, nodelist=range(34)).astype(bool),
        lambda graph: nx.to_scipy_sparse_array(graph, nodelist=range(34)),
        lambda graph: sparse.csc_matrix(nx.to_scipy_sparse_array(graph, nodelist=range(34))),
        lambda graph: igraph.Graph(34, list(graph.edges), directed=graph.is_directed()),
    ],
    ids=["numpy", "numpy-bool", "scipy-array", "scipy-matrix", "igraph"],
)
def test_matrices_and_igraph_graphs_are_taken(convert, directed):
    graph = nx.DiGraph(list(CLUB.edges)) if directed else CLUB
    found = as_graph(convert(graph))
    assert found.directed == directed
    assert nx.utils.graphs_equal(found.to_networkx(), graph)


def test_pairs_and_triples_are_taken():
    assert nx.utils.graphs_equal(as_graph(list(CLUB.edges)).to_networkx(), CLUB)
    graph = as_graph([("b", "a", 2.0), ("b", "c", 1)], weighted=True)
    assert list(graph.to_networkx()) == ["b", "a", "c"]
    assert graph.links.chance.tolist() == [1.0, 0.5, 1.0, 0.5]
    assert as_graph([(9, 5), (5, 7)]).names.tolist() == [5, 7, 9]


def test_names_and_weights_of_an_igraph_graph_are_taken():
    graph = igraph.Graph(
        edges=[(0, 1), (1, 2)], vertex_attrs={"name": ["ada", "bo", "cy"]}, edge_attrs={"weight": [1, 4]}
    )
    found = as_graph(graph, weighted=True)
    assert set(found.to_networkx().edges) == {("ada", "bo"), ("bo", "cy")}
    assert found.links.chance.tolist() == [0.25, 1.0, 0.25, 1.0]  # 0 to 1, 1 to 2 and 0, 2 to 1


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        (3, "graph, a int: must be a networkx or igraph graph"),
        ("friends.csv", "graph, a str: must be a networkx or igraph graph"),
        ({0: [1]}, "graph, a dict: must be"),
        ([1, 2], "graph: item 1, 1, must be a pair of nodes"),
        ([(0, 1), (0, 1, 2, 3)], "graph: item 2, "),
        ([([], 1)], "graph: item 1, "),
        ([], "graph: must have at least one link"),
        (nx.Graph(), "graph: must have at least one node"),
        (np.array([[0, -1], [-1, 0]]), "entry -1 of the matrix must be a number from 0"),
        (np.array([[0, np.nan], [0, 0]]), "entry nan of the matrix must be"),
        (np.array([["a", "b"], ["c", "d"]]), "must be of numbers from 0"),
        (nx.Graph([(0, 1, {"weight": "heavy"})]), "weight 'heavy' of link 1 must be a number from 0"),
    ],
)
def test_what_is_no_graph_is_one_line(graph, told):
    with pytest.raises(ScenarioError) as caught:
        Market(graph=graph)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_count_follows_the_graph_unless_another_is_given():
    assert Market(graph=nx.karate_club_graph(), rng=1).settings.users.count == 34
    assert Market("many-policies", graph=CLUB, rng=1).settings.users.count == 34
    for said in ({"scenario": Scenario.preset("quiet", **{"users.count": 50})}, {"users.count": 50}):
        with pytest.raises(ScenarioError, match=r"users\.count = 50: must be left out, or 34, the nodes of the graph"):
            Market(graph=CLUB, rng=1, **said)


def test_who_arrives_later_gets_a_name_of_its_own():
    market = Market(graph=nx.grid_2d_graph(3, 3), rng=1, **{"open_market.arrivals_per_day": 1.0, "days": 30}).run()
    assert list(market.graph)[:10] == [*nx.grid_2d_graph(3, 3), "arrival 9"]
