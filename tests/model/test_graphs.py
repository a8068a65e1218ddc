import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import generators, schema
from model.errors import ScenarioError
from model.network import build_graph, from_edges, from_networkx

KINDS = {
    "watts-strogatz": schema.WattsStrogatz(degree=6, rewiring=0.3),
    "barabasi-albert": schema.BarabasiAlbert(degree=6),
    "erdos-renyi": schema.ErdosRenyi(degree=6.0),
    "stochastic-block": schema.StochasticBlock(degree=6.0, blocks=3, mixing=0.2),
    "complete": schema.Complete(),
    "none": schema.NoNetwork(),
}
RANDOM_KINDS = ["watts-strogatz", "barabasi-albert", "erdos-renyi", "stochastic-block"]
many = settings(deadline=None, derandomize=True, max_examples=100)


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


# --- edge lists from a file


def edge_list(tmp_path, text, users=5, directed=False):
    file = tmp_path / "edges.txt"
    file.write_text(text, encoding="utf-8")
    return build_graph(schema.EdgeList(file=str(file), directed=directed), users, 1)


def from_pairs(users, pairs, kind=nx.Graph):
    graph = kind()
    graph.add_nodes_from(range(users))
    graph.add_edges_from(pairs)
    return graph


def test_an_edge_list_takes_commas_blanks_comments_and_empty_lines(tmp_path):
    graph = edge_list(tmp_path, "# who hears whom\n0 1\n\n1,2  # friends\n  3 ,\t2\n   # nobody\n")
    assert_simple(graph)
    assert nx.utils.graphs_equal(graph.to_networkx(), from_pairs(5, [(0, 1), (1, 2), (2, 3)]))
    assert graph.max_in_degree == 2


def test_an_edge_list_may_be_empty(tmp_path):
    assert len(edge_list(tmp_path, "# nobody\n").links.indices) == 0


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("0", "must be two user numbers"),
        ("0 1 2", "must be two user numbers"),
        ("0 x", "must be two user numbers"),
        ("0 1.5", "must be two user numbers"),
        ("0;1", "must be two user numbers"),
        ("2 2", "must link two different users from 0 to 4"),
        ("0 5", "must link two different users from 0 to 4"),
        ("-1 0", "must link two different users from 0 to 4"),
        ("3 4", "must not repeat an edge"),
        ("4 3", "must not repeat an edge"),
    ],
)
def test_a_bad_line_of_an_edge_list_is_named(tmp_path, monkeypatch, line, allowed):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "edges.txt").write_text(f"# numbers\n3 4\n{line}\n0 1\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        build_graph(schema.EdgeList(file="edges.txt"), 5, 1)
    for told in ("network.file", "edges.txt", "line 3:", repr(line), allowed):
        assert told in str(caught.value)


@pytest.mark.parametrize("line", ["0 x", "0 5", "0 1"])
def test_a_bad_line_is_named_however_long_the_path_of_the_file(tmp_path, line):
    folder = tmp_path / ("a-long-name-" * 8)
    folder.mkdir()
    with pytest.raises(ScenarioError, match="line 2"):
        edge_list(folder, f"0 1\n{line}\n")


@pytest.mark.parametrize("content", [None, b"\xff\xfe0 1\n"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "edges.txt").write_bytes(content)
    with pytest.raises(ScenarioError, match=r"edges\.txt.*must be a readable text file"):
        build_graph(schema.EdgeList(file="edges.txt"), 5, 1)


def test_in_a_directed_edge_list_the_second_hears_the_first(tmp_path):
    graph = edge_list(tmp_path, "0 1\n0 2\n3 2\n", directed=True)
    assert graph.directed
    assert nx.utils.graphs_equal(graph.to_networkx(), from_pairs(5, [(0, 1), (0, 2), (3, 2)], nx.DiGraph))
    talkers_of = [
        graph.hears.indices[a:b].tolist() for a, b in zip(graph.hears.indptr, graph.hears.indptr[1:], strict=False)
    ]
    assert talkers_of == [[], [0], [0, 3], [], []]
    assert graph.max_in_degree == 2


def test_in_a_directed_edge_list_two_users_may_hear_each_other(tmp_path):
    graph = edge_list(tmp_path, "0 1\n1 0\n", directed=True)
    assert nx.utils.graphs_equal(graph.to_networkx(), from_pairs(5, [(0, 1), (1, 0)], nx.DiGraph))


def test_a_directed_edge_list_repeats_no_edge_either(tmp_path):
    with pytest.raises(ScenarioError, match="must not repeat an edge"):
        edge_list(tmp_path, "0 1\n0 1\n", directed=True)


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
    graph = from_networkx(given_graph)
    assert graph.directed == directed
    assert len(graph) == users
    assert nx.utils.graphs_equal(graph.to_networkx(), given_graph)
    assert same(from_networkx(graph.to_networkx()), graph)


@pytest.mark.parametrize("kind", KINDS)
def test_a_built_in_graph_survives_networkx(kind):
    graph = build_graph(KINDS[kind], 30, 1)
    assert np.array_equal(adjacency(from_networkx(graph.to_networkx())), adjacency(graph))


def test_nodes_are_users_in_their_order_whatever_they_are_called():
    given_graph = nx.Graph()
    given_graph.add_nodes_from(["zoe", "adam", ("x", 1), 7])
    given_graph.add_edges_from([("adam", "zoe"), (7, "zoe")])
    graph = from_networkx(given_graph)
    assert sorted(graph.to_networkx().edges) == [(0, 1), (0, 3)]
    assert len(graph) == 4


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(nx.MultiGraph, {(0, 1), (1, 2)}), (nx.MultiDiGraph, {(0, 1), (1, 0), (1, 2)})],
)
def test_parallel_edges_count_once(kind, expected):
    graph = from_networkx(from_pairs(3, [(0, 1), (0, 1), (1, 0), (1, 2)], kind))
    assert set(graph.to_networkx().edges) == expected
    assert adjacency(graph).max() == 1
    assert graph.directed == (kind is nx.MultiDiGraph)


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph])
def test_a_node_linked_to_itself_is_refused(kind):
    with pytest.raises(ScenarioError, match="node number 1 is linked to itself"):
        from_networkx(from_pairs(3, [(0, 1), (1, 1)], kind))


def test_a_networkx_graph_without_edges_is_taken():
    graph = from_networkx(nx.empty_graph(3))
    assert len(graph) == 3
    assert len(graph.links.indices) == 0
