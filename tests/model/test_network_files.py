"""Networks from files: every usual form is read, what is wrong is one line, and nothing fills the memory."""

import gzip
import random
import resource
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import io as scipy_io

from model import Market, Scenario, ScenarioError, network_files
from model.network import from_links
from model.network_files import read_links
from model.schema import NetworkColumns
from tests.mutations import mutated

FILES = Path(__file__).parents[1] / "data" / "networks"
GOOD = sorted(path.name for path in FILES.iterdir() if not path.name.startswith("bad-"))
RING = nx.cycle_graph(12)
RING.add_edges_from([(0, 6), (3, 9)])
COMPANIES = [{"name": "A", "server_capacity": 4}, {"name": "B", "policy": "live-patch"}]


def write(tmp_path, content, name="links.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def graph_of(path, columns=None, directed=None):
    return from_links(read_links(path, columns, directed)).to_networkx()


# --- the files of operators and researchers


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", GOOD)
def test_files_as_people_have_them(name, packed, tmp_path):
    path = FILES / name
    if packed:
        path = write(tmp_path, gzip.compress(path.read_bytes()), f"{name}.gz")
    table = read_links(path)
    expected = {"follows.graphml": (6, 6), "isolated.csv": (5, 2)}.get(name, (12, 14))
    assert (table.users, table.ends.shape[1]) == expected
    assert table.directed == (name == "follows.graphml")
    found = from_links(table).to_networkx()
    if expected == (12, 14):
        assert nx.is_isomorphic(found, RING)
    if table.names is None and expected == (12, 14):
        assert nx.utils.graphs_equal(found, RING)
    assert bool(table.dropped) == (name == "snap.txt")


def test_what_was_dropped_and_what_is_not_used_is_said():
    assert read_links(FILES / "snap.txt").dropped == "1 link of a user to itself and 1 link given again"
    assert from_links(read_links(FILES / "snap.txt")).notes[0].startswith("dropped: 1 link of")
    for name in ("weighted.edgelist", "networkx-weights.edgelist", "names.csv"):
        assert from_links(read_links(FILES / name)).notes == ("not used: weight",)


def test_names_ids_and_directions_are_kept():
    assert set(graph_of(FILES / "names.csv")) == {
        "ada",
        "bo",
        "cy",
        "dee",
        "eve",
        "fay",
        "gus",
        "hal",
        "ida",
        "jo",
        "kim",
        "lee",
    }
    assert sorted(graph_of(FILES / "from-1.csv")) == list(range(1, 13))
    assert sorted(graph_of(FILES / "snap.txt"))[:3] == [100, 107, 114]
    assert set(graph_of(FILES / "follows.graphml").edges) == {(0, 1), (1, 2), (2, 0), (3, 0), (4, 0), (5, 4)}
    assert graph_of(FILES / "isolated.csv").degree(8) == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bad-empty.edgelist", "is empty; must have at least one link"),
        ("bad-not-a-graph.graphml", "is XML or HTML, but neither GraphML nor GEXF"),
        ("bad-three-columns.txt", " line 1: '0 1 2 3' must be two users, and maybe a weight"),
        ("bad-weights.csv", " line 2: weight 'heavy' must be a number from 0"),
    ],
)
def test_a_bad_file_is_one_line_that_says_where_and_what(name, told):
    with pytest.raises(ScenarioError) as caught:
        read_links(FILES / name)
    assert str(caught.value).startswith(str(FILES / name))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


# --- the whole kinds


WRITERS = {
    "a.edgelist": nx.write_edgelist,
    "a.adjlist": nx.write_adjlist,
    "a.graphml": nx.write_graphml,
    "a.gexf": nx.write_gexf,
    "a.gml": nx.write_gml,
    "a.net": nx.write_pajek,
    "a.csv": lambda graph, path: nx.write_edgelist(graph, path, delimiter=",", data=False),
    "a.tsv": lambda graph, path: nx.write_weighted_edgelist(graph, path, delimiter="\t"),
    "a.mtx": lambda graph, path: scipy_io.mmwrite(path, nx.to_scipy_sparse_array(graph)),
}


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph])
@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=15)
@given(pairs=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).filter(lambda p: p[0] != p[1]), min_size=1))
def test_what_networkx_writes_comes_back(name, kind, pairs, tmp_path_factory):
    graph = kind(pairs)
    path = tmp_path_factory.mktemp("files") / name
    WRITERS[name](graph, path)
    found = graph_of(path, directed=graph.is_directed())
    if name == "a.mtx":  # it has no names
        graph = nx.convert_node_labels_to_integers(graph)
    assert nx.utils.graphs_equal(found, kind([*pairs] if name != "a.mtx" else graph.edges))


@pytest.mark.parametrize(
    "text",
    [
        "# c\n0 1\n\n1,2  # friends\n  3 ,\t2\n   # nobody\n",
        "source;target;since\n0;1;2020\n1;2;2021\n3;2;2022\n",
        "id,to,from\n9,1,0\n9,2,1\n9,2,3\n",
        '"Source","Target","Type"\n"0","1","Undirected"\n"1","2",""\n"3","2",""\n',
        "0\t1\r\n1\t2\r\n3\t2\r\n",
        "\ufeff0 1\n1 2\n3 2",
        "who,whom\n0,1\n1,2\n3,2\n",
        '{"nodes": [{"id": 0}, {"id": 1}, {"id": 2}, {"id": 3}], "edges": [{"source": 0, "target": 1}, '
        '{"source": 1, "target": 2}, {"source": 3, "target": 2}]}',
    ],
)
def test_lists_of_every_common_shape(text, tmp_path):
    assert set(map(frozenset, graph_of(write(tmp_path, text)).edges)) == {
        frozenset(pair) for pair in [(0, 1), (1, 2), (2, 3)]
    }


def test_latin_1_and_labels_are_names(tmp_path):
    assert set(graph_of(write(tmp_path, "von;nach\nJürgen;Zoë\n".encode("latin-1")))) == {"Jürgen", "Zoë"}
    gml = 'graph [\n node [ id 7 label "ada" ]\n node [ id 9 label "bo" ]\n edge [ source 7 target 9 ]\n]\n'
    assert set(graph_of(write(tmp_path, gml, "a.gml"))) == {"ada", "bo"}
    assert set(graph_of(write(tmp_path, "007 7\n"))) == {"007", "7"}


def test_columns_are_named_where_headings_do_not_say_it(tmp_path):
    path = write(tmp_path, "x,strength,teller,hearer\n1,2.5,a,b\n1,5,b,c\n")
    table = read_links(path, NetworkColumns(source="teller", target="hearer", weight="strength"), True)
    assert set(from_links(table).to_networkx().edges) == {("a", "b"), ("b", "c")}
    assert table.weights.tolist() == [2.5, 5.0]
    assert table.unused == ("x",)
    with pytest.raises(ScenarioError, match=r"columns\.source = 'who': must be a column of .*line 1"):
        read_links(path, NetworkColumns(source="who"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0 1\n1 2 3 4\n", r"line 2: '1 2 3 4' must be two users"),
        ("source,target\n0,1\n,1\n", r"line 3: ',1' must have a user in the first place"),
        ("source,target\n0,1\n1,2,3\n", r"line 3: '1,2,3' must have 2 cells"),
        ("0 1 nan\n", r"line 1: weight 'nan' must be a number from 0"),
        ("0 1 {'weight': x}\n", r"line 1: .* must be attributes as networkx writes them"),
        ("# only\n", "has only comments"),
        ("source,target\n", "has only a header"),
        ("0 1\0\n", "zero bytes"),
        ("{}", "must be node-link JSON"),
        ('{"nodes": [{"id": 0}], "links": [{"source": 0, "target": 1}]}', "a link names 1, which is none of its nodes"),
        ("%%MatrixMarket matrix coordinate real general\n99999999 99999999 3\n1 2 1\n", "must be as large as the file"),
        ('<!DOCTYPE g [<!ENTITY a "b">]><graphml></graphml>', "declares XML entities"),
    ],
)
def test_what_is_wrong_is_named(text, told, tmp_path):
    with pytest.raises(ScenarioError, match=told):
        read_links(write(tmp_path, text))


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path):
    path = write(tmp_path, gzip.compress(b"0 1\n" * 30_000_000, 1), "bomb.gz")
    with pytest.raises(ScenarioError, match="unpacks to more than"):
        read_links(path)


# --- large lists


@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize("separator", ["\t", ",", ";", " "])
def test_pyarrow_and_the_reading_by_line_agree(separator, names, tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    lines = [f"{a}{separator}{b}{separator}{w}" for a, b, w in zip(*rng.integers(5, 90, (3, 400)), strict=True)]
    lines = [f"user{line.replace(separator, f'{separator}user', 1)}" if names else line for line in lines]
    path = write(tmp_path, "\n".join(["# a", "#b", *lines, ""]))
    slow = read_links(path)
    monkeypatch.setattr(network_files, "LARGE", 0)
    monkeypatch.setattr(network_files, "_by_line", None)
    fast = read_links(path)
    assert np.array_equal(slow.ends, fast.ends)
    assert np.array_equal(slow.weights, fast.weights)
    assert slow.names.tolist() == fast.names.tolist()
    assert (slow.loops, slow.doubles) == (fast.loops, fast.doubles) != (0, 0)


def test_a_large_list_with_lonely_users_or_a_wrong_line(tmp_path, monkeypatch):
    monkeypatch.setattr(network_files, "LARGE", 0)
    assert graph_of(write(tmp_path, (FILES / "isolated.csv").read_bytes())).degree(7) == 0
    with pytest.raises(ScenarioError, match="line 2: weight 'heavy'"):
        read_links(FILES / "bad-weights.csv")
    assert len(graph_of(write(tmp_path, "source,target\n0,1\n# a\n1,2\n"))) == 3


# --- in a scenario


def scenario(path, **network):
    return {"network": {"kind": "file", "path": str(path), **network}, "providers": COMPANIES}


def test_the_count_follows_the_file_and_another_number_is_told_both():
    path = FILES / "names.csv"
    assert Scenario.parse(scenario(path)).users.count == 12
    preset = Scenario.preset("thought-experiment", **{"network.kind": "file", "network.path": str(path)})
    assert preset.users.count == 12
    assert preset.replace(**{"network.path": str(FILES / "isolated.csv")}).users.count == 5
    assert preset.replace(**{"network.kind": "none"}).users.count == 12
    for wrong in (
        lambda: Scenario.parse(scenario(path) | {"users": {"count": 5}}),
        lambda: preset.replace(**{"users.count": 5}),
    ):
        with pytest.raises(
            ScenarioError, match=r"users\.count = 5: must be left out, or 12, the users in .*names\.csv"
        ):
            wrong()


def test_users_keep_their_names_in_the_graph_and_the_tables():
    market = Market(
        scenario(FILES / "names.csv") | {"word_of_mouth": {"complaint": 1.0}, "users": {"tolerance": {"median": 0.1}}},
        rng=1,
    ).run()
    assert nx.utils.graphs_equal(market.graph, graph_of(FILES / "names.csv"))
    moves = market.record.moves
    assert len(moves) > 0
    assert moves["node"].tolist() == [market.user(row).node for row in moves["user"]]
    assert set(moves["node"]) <= set(market.graph)


def test_a_file_that_changes_is_read_anew(tmp_path):
    path = write(tmp_path, "0 1\n")
    assert Scenario.parse(scenario(path)).users.count == 2
    write(tmp_path, "0 1\n1 2\n")
    assert Scenario.parse(scenario(path)).users.count == 3


# --- weights: how often a neighbour is talked to


def heard(weights, seed):
    """Return the share of days on which each of a talker's neighbours has heard it."""
    market = Market(
        {"providers": COMPANIES, "days": 4000, "word_of_mouth": {"talk_per_day": 1.0}},
        graph=[(0, neighbour + 1, weight) for neighbour, weight in enumerate(weights)],
        weights=True,
        provider=[0, *[1] * len(weights)],
        rng=seed,
        **{"flaws.per_year": 0.0},
    )
    counts = np.zeros(len(weights))
    while market.day < 4000:
        market.users.belief[1:, 0] = np.nan
        market.step()
        counts += np.isfinite(market.users.belief[1:, 0])
    return counts / 4000


def test_a_neighbour_hears_as_often_as_its_weight_says():
    weights = np.array([1.0, 5.0, 8.0, 10.0, 0.0])
    chance = weights / 10
    error = np.sqrt(chance * (1 - chance) / 4000)
    assert (np.abs(heard(weights, 1) - chance) <= 4 * error).all()


def test_weights_change_nothing_when_they_are_alike_or_not_used():
    pairs = [(i, (i + k) % 300) for i in range(300) for k in (1, 2, 5)]
    given = {"users.tolerance.median": 1.0, "flaws.per_year": 30.0}
    plain = Market(graph=pairs, rng=1, **given).run().record.moves
    alike = Market(graph=[(*pair, 3.0) for pair in pairs], weights=True, rng=1, **given).run().record.moves
    unused = Market(graph=[(a, b, a + 1) for a, b in pairs], rng=1, **given).run().record.moves
    used = Market(graph=[(a, b, a + 1) for a, b in pairs], weights=True, rng=1, **given).run().record.moves
    assert len(plain) > 0
    assert plain.equals(alike)
    assert plain.equals(unused)
    assert not plain.equals(used)


@pytest.mark.parametrize("arrivals", [0.0, 0.5])
def test_with_weights_steps_days_and_threads_agree(arrivals):
    pairs = [(i, (i + k) % 200, 1.0 + i % 7) for i in range(200) for k in (1, 2, 5)]
    given = {
        "users.tolerance.median": 1.0,
        "flaws.per_year": 30.0,
        "open_market.arrivals_per_day": arrivals,
        "days": 200,
    }
    run = Market(graph=pairs, weights=True, rng=1, **given).run().record.moves
    threads = Market(graph=pairs, weights=True, rng=1, threads=2, **given).run().record.moves
    stepped = Market(graph=pairs, weights=True, rng=1, **given)
    for _ in range(200):
        stepped.step()
    assert len(run) > 0
    assert run.equals(threads)
    assert run.equals(stepped.record.moves)


def test_weights_from_a_file_and_none_to_use():
    weighted = {"weights": True}
    market = Market(scenario(FILES / "weighted.edgelist", **weighted), rng=1)
    assert market.network.links.chance.max() == 1.0
    assert market.network.links.chance.min() == pytest.approx(0.6 / 2.6)
    with pytest.raises(ScenarioError, match=r"network\.weights = true: must be false; no link has a weight"):
        Market(scenario(FILES / "from-1.csv", **weighted), rng=1)


# --- files gone wrong


def mutations(count, tmp_path):
    rng = random.Random(7)
    for k in range(count):
        source = FILES / rng.choice(sorted(path.name for path in FILES.iterdir()))
        yield write(tmp_path, mutated(source.read_bytes(), rng), f"{k}-{source.name}")


def read_or_one_line(path):
    """Read a file; return what is wrong with it, or nothing where the reading makes sense."""
    try:
        table = read_links(path)
    except ScenarioError as error:
        return str(error)
    assert table.users > 0
    assert table.ends.size == 0 or 0 <= table.ends.min() <= table.ends.max() < table.users
    assert not (table.ends[0] == table.ends[1]).any()
    assert table.names is None or len(set(table.names.tolist())) == table.users
    return ""


@pytest.mark.parametrize("count", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_a_mutated_file_is_read_rightly_or_is_one_line(count, tmp_path):
    wrong = [read_or_one_line(path) for path in mutations(count, tmp_path)]
    assert 0.1 < np.mean([not line for line in wrong]) < 0.9
    assert not any("\n" in line for line in wrong)
    assert all(line.startswith((str(tmp_path), "network.")) for line in wrong if line)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert peak < 1.2e9  # of which about 200 MB are the libraries


@pytest.mark.slow
def test_a_million_users_of_a_snap_list_through_a_year(tmp_path):
    rng = np.random.default_rng(1)
    ends = np.sort(rng.choice(3_000_000, 1_000_000, replace=False))[rng.integers(0, 1_000_000, (4_000_000, 2))]
    path = tmp_path / "snap.txt"
    np.savetxt(path, ends, "%d", delimiter="\t", header="Undirected graph\nFromNodeId\tToNodeId")
    market = Market("thought-experiment", rng=1, **{"network.kind": "file", "network.path": str(path)}).run()
    assert market.settings.users.count == len(np.unique(ends))
    assert market.day == 365
    assert market.record.flow_matrix.sum() > 0
