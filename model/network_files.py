"""Networks from files, in the forms in which networkx, igraph, Gephi, Pajek, SNAP and spreadsheets write them.

networkx, scipy and pyarrow read; here a file is recognised by what is in it, checked, and its users are numbered: in
the order of their names where these are all numbers or the file is a list, else as the file has them.
"""

import ast
import io
import itertools
import json
import re
from array import array
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model import plugins, text_files
from model.errors import ScenarioError
from model.link_table import LinkTable, from_matrix, from_networkx, from_pairs, in_order, links_of, tidy
from model.schema import NetworkColumns, NetworkFile

FORMS = (
    "edge lists and tables (CSV, TSV, Parquet), adjacency lists (.adjlist), GraphML, GEXF, GML, Pajek, node-link JSON "
    "and MatrixMarket, gzipped or not"
)
SOURCES = ("source", "from", "src", "fromnodeid", "sourceid", "node1", "id1", "user1", "von", "quelle")
TARGETS = ("target", "to", "dst", "dest", "tonodeid", "targetid", "node2", "id2", "user2", "nach", "ziel")
WEIGHTS = ("weight", "weights", "strength", "gewicht")
ATTRIBUTES = re.compile(r"\s*[,;]?\s*(\{[^{}]*\})\s*$")  # as networkx writes them behind a link
LARGE = 2**20  # bytes; from here on a list is read by pyarrow, unless it is irregular
MOST_OF_A_GRAPH = 25 * text_files.MEGABYTE  # unpacked, of a form that is read into objects: they are 40 times as large
SAMPLE = 50  # lines that say how a list is to be read
KEEP = 2  # networks that are kept in memory, for the runs of a study


def read_network(network: NetworkFile) -> LinkTable:
    """Return the links of the file that a scenario names; a file that has not changed is read once.

    Raises
    ------
    ScenarioError
        A line that names the file, the line in it where there is one, and what was expected.
    """
    path = Path(network.path)
    try:
        state = path.stat()
    except (OSError, ValueError) as error:
        raise ScenarioError(f"network.path, {path}: must be a file that can be read ({error})") from None
    try:
        reader = None if network.reader is None else plugins.find("networks", network.reader)
        if network.reader is not None and reader is None:
            raise ScenarioError.of("network.reader", network.reader, f"is no reader that is loaded; {plugins.HOW}")
        return _kept(path, state.st_mtime_ns, state.st_size, network.columns, network.directed, reader)
    except ScenarioError as error:
        raise ScenarioError(str(error) if "network.reader" in str(error) else f"network.path, {error}") from None


@lru_cache(maxsize=KEEP)
def _kept(
    path: Path,
    _changed: int,
    _size: int,
    columns: NetworkColumns,
    directed: bool | None,
    reader: plugins.Plugin | None,
) -> LinkTable:
    if reader is None:
        return read_links(path, columns, directed)
    try:
        return _as_asked(links_of(reader.rule(path)), directed)
    except Exception as error:  # whatever the user's own code raises
        raise ScenarioError(f"{path}: reader {reader.name!r}: {type(error).__name__}: {error}") from None


def read_links(path: Path, columns: NetworkColumns | None = None, directed: bool | None = None) -> LinkTable:
    """Read a network file of any form.

    Parameters
    ----------
    path
        The file.
    columns
        What the columns of a table are called, where their headings do not say it.
    directed
        Whether a link i -> l means that only l hears i; None: as the file says, and no where it says nothing.
    """
    columns = columns or NetworkColumns()
    data = text_files.read_bytes(path)
    if not data.strip():
        raise ScenarioError(f"{path}: is empty; must have at least one link")
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    name = path.name.lower().removesuffix(".gz")
    if data.startswith(b"PAR1"):
        return from_parquet(path, data, columns, directed)
    for read, known in (
        (_graphml, b"<graphml" in start),
        (_gexf, b"<gexf" in start),
        (_xml, start.startswith(b"<")),
        (_node_link, start.startswith((b"{", b"["))),
        (_matrix_market, start.startswith(b"%%matrixmarket")),
        (_pajek, re.search(rb"^\*(vertices|network)\b", start, re.M)),
        (_gml, name.endswith(".gml") or re.search(rb"^\s*graph\s*\[", start, re.M)),
        (_adjacency_list, name.endswith((".adjlist", ".adj"))),
    ):
        if known:
            told = bool(directed) if read is _adjacency_list else directed  # which says nothing of it
            return _as_asked(_by_library(path, data, read), told)
    return from_list(path, data, columns, bool(directed))


def _as_asked(table: LinkTable, directed: bool | None) -> LinkTable:
    if directed is None or directed == table.directed:
        return table
    names = range(table.users) if table.names is None else table.names
    again = tidy(names, table.ends, table.weights, directed, table.unused)
    return again._replace(loops=table.loops, doubles=table.doubles + again.doubles)


# --- forms that a library reads


def _by_library(path: Path, data: bytes, read: Callable[[Path, bytes], LinkTable]) -> LinkTable:
    """Let a library read a file; whatever it trips over is one line."""
    if len(data) > MOST_OF_A_GRAPH and path.stat().st_size < len(data):
        raise ScenarioError(
            f"{path}: unpacks to more than {MOST_OF_A_GRAPH // 2**20} MB; unpack it, or write a list of links"
        )
    form = read.__name__.strip("_").replace("_", " ")
    try:
        return read(path, data)
    except ScenarioError:
        raise
    except Exception as error:  # the libraries raise what they like, from StopIteration to RecursionError
        reason = " ".join(str(error).split())[:80] or "it ends too soon"
        raise ScenarioError(f"{path}: is not the {form} file that it begins as ({reason})") from None


def _named_graph(path: Path, graph: Any, labels: tuple[str, ...] = ()) -> LinkTable:
    """Take over a graph that networkx has read, its users by label where all have one of their own."""
    names = [str(node) for node in graph]
    for label in labels:
        found = [str(told.get(label, "")) for _, told in graph.nodes(data=True)]
        if all(found) and len(set(found)) == len(found):
            names = found
            break
    table = from_networkx(graph, names, str(path))
    values, place = in_order(names)
    if values and isinstance(values[0], int):
        again = tidy(values, place[table.ends], table.weights, table.directed)
        return again._replace(loops=table.loops, doubles=table.doubles)
    return table


def _graphml(path: Path, data: bytes) -> LinkTable:
    import networkx as nx

    return _named_graph(path, nx.read_graphml(io.BytesIO(_plain_xml(path, data))), ("name", "label"))


def _gexf(path: Path, data: bytes) -> LinkTable:
    import networkx as nx

    return _named_graph(path, nx.read_gexf(io.BytesIO(_plain_xml(path, data))), ("label",))


def _plain_xml(path: Path, data: bytes) -> bytes:
    if b"<!ENTITY" in data:
        raise ScenarioError(f"{path}: declares XML entities; must be without")
    return data


def _xml(path: Path, _data: bytes) -> LinkTable:
    raise ScenarioError(f"{path}: is XML or HTML, but neither GraphML nor GEXF; read are {FORMS}")


def _pajek(path: Path, data: bytes) -> LinkTable:
    import networkx as nx

    return _named_graph(path, nx.parse_pajek(iter(text_files.decode(path, data).splitlines())))


def _gml(path: Path, data: bytes) -> LinkTable:
    import networkx as nx

    text = text_files.decode(path, data)
    if not re.search(r"^\s*multigraph\b", text, re.M):  # a link that is given twice is none too many
        text = re.sub(r"^(\s*graph\s*\[)", r"\1 multigraph 1", text, count=1, flags=re.M)
    return _named_graph(path, nx.parse_gml(text.splitlines(), label="id"), ("label",))


def _adjacency_list(path: Path, data: bytes) -> LinkTable:
    import networkx as nx

    lines = text_files.decode(path, data).splitlines()
    return _named_graph(path, nx.parse_adjlist(lines, create_using=nx.DiGraph))


def _node_link(path: Path, data: bytes) -> LinkTable:
    told = json.loads(text_files.decode(path, data))
    links = told.get("links", told.get("edges")) if isinstance(told, dict) else None
    if links is None or "nodes" not in told:
        raise ScenarioError(f"{path}: must be node-link JSON, with `nodes` and `links`; read are {FORMS}")

    def node(value: Any) -> Any:
        return tuple(map(node, value)) if isinstance(value, list) else value

    nodes = [node(each["id"]) for each in told["nodes"]]
    triples = [(node(link["source"]), node(link["target"]), link.get("weight")) for link in links]
    unknown = {end for *ends, _ in triples for end in ends} - set(nodes)
    if unknown:
        raise ScenarioError(f"{path}: a link names {unknown.pop()!r}, which is none of its nodes")
    return from_pairs(triples, bool(told.get("directed", False)), nodes, str(path))


def _matrix_market(path: Path, data: bytes) -> LinkTable:
    from scipy import io as scipy_io

    sizes = next(line for _, line in text_files.numbered_lines(path, text_files.decode(path, data))).split()
    rows, entries = int(sizes[0]), int(sizes[-1]) if len(sizes) == 3 else int(sizes[0]) * int(sizes[1])
    if entries > len(data) or rows > 1000 * (entries + 1):
        raise ScenarioError(
            f"{path}: says that it has {rows:,} rows and {entries:,} entries; must be as large as the file"
        )
    return from_matrix(scipy_io.mmread(io.BytesIO(data), spmatrix=False), str(path))


# --- tables and lists


def from_parquet(path: Path, data: bytes, columns: NetworkColumns, directed: bool | None) -> LinkTable:
    """Read a Parquet table of links."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        sizes = [file.metadata.row_group(k).total_byte_size for k in range(file.num_row_groups)]
        most = max(text_files.UNPACKED_LEAST, text_files.UNPACKED_RATIO * len(data))
        if sum(sizes) > most or file.metadata.num_rows > most:
            raise ScenarioError(f"{path}: unpacks to more than {most // 2**20} MB, or as many million rows")
        places, unused = find_columns(path, 0, file.schema_arrow.names, columns)
        table = file.read([file.schema_arrow.names[k] for k in places])
        told = (file.schema_arrow.metadata or {}).get(b"directed") == b"true"
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, ScenarioError):
            raise
        raise ScenarioError(f"{path}: must be a whole Parquet file ({' '.join(str(error).split())[:80]})") from None
    return _from_columns(path, table.columns, told if directed is None else directed, unused)


def _from_columns(path: Path, columns: list[Any], directed: bool, unused: tuple[str, ...]) -> LinkTable:
    """Return the links of two Arrow columns, of which the second may be empty; a third has the weights."""
    import pyarrow as pa
    from pyarrow import compute

    source, target, *rest = columns
    if source.null_count:
        raise ScenarioError(f"{path}: every link must have a source")
    if not all(pa.types.is_integer(ends.type) for ends in (source, target)):
        source, target = (ends.cast(pa.string()) for ends in (source, target))
        source, target = (compute.if_else(compute.equal(ends, ""), None, ends) for ends in (source, target))
    weights = None
    if rest:
        weights = rest[0].cast(pa.float64()).to_numpy()
        wrong = np.flatnonzero(~((weights >= 0) & np.isfinite(weights)))
        if len(wrong):
            raise ScenarioError(
                f"{path}: weight {weights[wrong[0]]:g} of link {wrong[0] + 1:,} must be a number from 0"
            )
    count = len(source)
    names: Any
    if pa.types.is_integer(source.type):
        alone: NDArray[np.integer] = np.flatnonzero(target.is_null().to_numpy())
        offsets, low = joined(source, target)
        del source, target, columns[:]
        pa.default_memory_pool().release_unused()
        names, codes = numbered(offsets)
        names = names + low
        codes[count:][alone] = -1
    else:
        found = pa.chunked_array([*source.chunks, *target.chunks]).combine_chunks().dictionary_encode()
        names, place = in_order(found.dictionary.to_pylist())
        codes = np.append(place, -1)[found.indices.fill_null(len(names)).to_numpy()]
    return tidy(names, codes.reshape(2, count), weights, directed, unused)


def joined(source: Any, target: Any) -> tuple[NDArray[Any], int]:
    """Return two columns of ids in one array, less the lowest of them, which is returned too; nulls are 0."""
    from pyarrow import compute

    least_and_most = [
        value for ends in (source, target) for value in compute.min_max(ends).as_py().values() if value is not None
    ]
    low, high = min(least_and_most), max(least_and_most)
    if not -(2**62) < low <= high < 2**62:
        raise ScenarioError(f"ids from {low} to {high}: must have at most 18 digits")
    ids: NDArray[Any] = np.empty(2 * len(source), np.int32 if high - low < 2**31 else np.int64)
    place = 0
    for chunk in (*source.chunks, *target.chunks):
        ids[place : place + len(chunk)] = chunk.fill_null(low).to_numpy().astype(np.int64, copy=False) - low
        place += len(chunk)
    return ids, low


def numbered(ids: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the ids from 0 that there are, sorted, and the place of each of `ids` among them.

    >>> numbered(np.array([30, 10, 30]))
    (array([10, 30]), array([1, 0, 1], dtype=int32))
    """
    if ids.max() > 4 * len(ids) + 1000:
        return np.unique(ids, return_inverse=True)
    there = np.zeros(int(ids.max()) + 1, bool)
    there[ids] = True
    return np.flatnonzero(there), (np.cumsum(there, dtype=np.int32) - np.int32(1))[ids]


def find_columns(path: Path, line: int, header: list[str], asked: NetworkColumns) -> tuple[list[int], tuple[str, ...]]:
    """Return the places of source, target and maybe weight among a table's headings, and what the others are called."""
    plain, places = [text_files.plain(heading) for heading in header], []
    where = f"{path} line {line}" if line else str(path)
    for key, known in (("source", SOURCES), ("target", TARGETS), ("weight", WEIGHTS)):
        wanted = getattr(asked, key)
        if wanted is not None and wanted not in header:
            raise ScenarioError(
                f"network.columns.{key} = {wanted!r}: must be a column of {where}: {', '.join(header)[:80]}"
            )
        found = (
            [header.index(wanted)] if wanted is not None else [k for k, heading in enumerate(plain) if heading in known]
        )
        if not found and key != "weight":
            found = [k for k in range(len(header)) if k not in places]  # the first ones, whatever they are called
        places += [place for place in found if place not in places][:1]
    if len(header) < 2 or len(places) < 2:
        raise ScenarioError(f"{where}: {', '.join(header)[:60]!r} must be the headings of two columns or more")
    return places, tuple(heading for k, heading in enumerate(header) if k not in places)


def from_list(path: Path, data: bytes, columns: NetworkColumns, directed: bool) -> LinkTable:
    """Read a list of links, one a line: two users, and maybe a weight, or a table with a header."""
    if len(data) > LARGE:
        found = _by_arrow(path, data, columns, directed)
        if found is not None:
            return found
    return _by_line(path, data, columns, directed)


class Layout:
    """How the lines of a list are to be read: told from the first of them."""

    def __init__(self, path: Path, sample: list[tuple[int, str]], asked: NetworkColumns) -> None:
        if not sample:
            raise ScenarioError(f"{path}: has only comments; must have at least one link")
        self.line = sample[0][0]  # number of the first that says something
        bare = [bare_line(line)[0] for _, line in sample]
        self.separator = text_files.separator_of(bare)
        self.decimal = "," if self.separator == ";" else "."
        first, *others = (text_files.cells_of(line, self.separator) for line in bare)
        plain = [text_files.plain(cell) for cell in first]
        known = any(cell in SOURCES for cell in plain) and any(cell in TARGETS for cell in plain)
        unlike = bool(others) and all(map(is_number, others[0][:2])) and not any(map(is_number, first))
        self.header = len(first) > 1 and (known or unlike or asked != NetworkColumns())
        self.numbers = all(
            is_number(cell) for cells in (others if self.header else [first, *others]) for cell in cells[:2]
        )
        self.most, self.places = 3, list(range(min(max(len(first), 2), 3)))
        self.unused: tuple[str, ...] = ()
        if self.header:
            self.most = len(first)
            self.places, self.unused = find_columns(path, self.line, first, asked)

    def read(self, line: str) -> tuple[str, str, str | None]:
        """Return source, target (empty: none) and weight of a line.

        Raises
        ------
        ValueError
            If it does not have these.
        """
        bare, attributes = bare_line(line)
        cells = text_files.cells_of(bare, self.separator)
        if len(cells) > self.most and self.header:
            raise ValueError(f"{line!r:.60} must have {self.most} cells, as the header has")
        if len(cells) > self.most:
            raise ValueError(f"{line!r:.60} must be two users, and maybe a weight; an adjacency list is named .adjlist")
        cells += [""] * (self.most - len(cells))
        source, target, *weight = (cells[place] for place in self.places)
        if not source:
            raise ValueError(f"{line!r:.60} must have a user in the first place")
        return source, target, str(weight[0] if weight else attributes.get("weight", "")) or None


def bare_line(line: str) -> tuple[str, dict[str, Any]]:
    """Take a comment, and the attributes that networkx writes, off the end of a line.

    >>> bare_line("0 1 {'weight': 0.6}"), bare_line("1,2  # friends")
    (('0 1', {'weight': 0.6}), ('1,2 ', {}))
    """
    if " #" in line or "\t#" in line:
        before = re.split(r"\s#", line, maxsplit=1)[0]
        line = before if re.search(r"\S[\s,;]+\S", before) else line
    found = ATTRIBUTES.search(line) if "{" in line else None
    if found is None:
        return line, {}
    try:
        return line[: found.start()], dict(ast.literal_eval(found[1]))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise ValueError(f"{found[1]!r:.60} must be attributes as networkx writes them") from None


def is_number(text: str) -> bool:
    """Whether a cell is a whole number."""
    return text.removeprefix("-").isdecimal()


def _by_line(path: Path, data: bytes, asked: NetworkColumns, directed: bool) -> LinkTable:
    """Read a list line by line: of any form, and what is wrong is named with its line."""
    lines = text_files.numbered_lines(path, text_files.decode(path, data))
    sample = list(itertools.islice(lines, SAMPLE))
    codes: dict[str, int] = {}
    source, target, weights, weighted = array("q"), array("q"), array("d"), False
    try:
        number = sample[0][0] if sample else 0
        layout = Layout(path, sample, asked)
        for number, line in itertools.islice(itertools.chain(sample, lines), layout.header, None):  # noqa: B007 -- the last is the one that is wrong
            first, second, weight = layout.read(line)
            source.append(codes.setdefault(first, len(codes)))
            target.append(codes.setdefault(second, len(codes)) if second else -1)
            weights.append(_weight(weight, layout.decimal))
            weighted = weighted or weight is not None
    except ScenarioError:
        raise
    except ValueError as error:
        raise ScenarioError(f"{path} line {number}: {error}") from None
    if not codes:
        raise ScenarioError(f"{path}: has only a header; must have at least one link")
    names, place = in_order(list(codes))
    place = np.append(place, -1)
    ends = place[np.stack([np.frombuffer(source, np.int64), np.frombuffer(target, np.int64)])]
    return tidy(names, ends, np.frombuffer(weights) if weighted else None, directed, layout.unused)


def _weight(text: str | None, decimal: str) -> float:
    if text is None:
        return 1.0
    try:
        weight = float(text.replace(decimal, "."))
    except ValueError:
        weight = -1.0
    if not 0 <= weight < float("inf"):
        raise ValueError(f"weight {text!r:.60} must be a number from 0")
    return weight


def _by_arrow(path: Path, data: bytes, asked: NetworkColumns, directed: bool) -> LinkTable | None:
    """Read a large list with pyarrow, far faster; None if it is irregular, so that it must be read by line."""
    import pyarrow as pa
    from pyarrow import compute, csv

    start = data[: 2**16].rpartition(b"\n")[0].decode("utf-8-sig", errors="replace")
    sample = list(itertools.islice(text_files.numbered_lines(path, start), SAMPLE))
    try:
        layout = Layout(path, sample, asked)
        width = len(text_files.cells_of(sample[-1][1], layout.separator))
        separator = layout.separator or next(mark for mark in " \t" if sample[-1][1].count(mark) == width - 1)
    except (ValueError, StopIteration, IndexError):  # it is for the other to say what is wrong
        return None
    columns = [str(k) for k in range(layout.most if layout.header else width)]
    ids = pa.int64() if layout.numbers else pa.string()
    wanted = [columns[place] for place in layout.places if place < len(columns)]
    types = dict(zip(wanted, [ids, ids, pa.float64()], strict=False))
    try:
        table = csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(column_names=columns, skip_rows=layout.line - (not layout.header)),
            csv.ParseOptions(delimiter=separator),
            csv.ConvertOptions(
                column_types=types,
                include_columns=wanted,
                decimal_point=layout.decimal,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        found = table.columns
        if not layout.numbers:
            found[:2] = [compute.utf8_trim_whitespace(ends) for ends in found[:2]]
            if any(compute.any(compute.match_substring(ends, mark)).as_py() for ends in found[:2] for mark in "#%{"):
                return None
        del table
        return _from_columns(path, found, directed, layout.unused)
    except (pa.ArrowException, ScenarioError):
        return None
