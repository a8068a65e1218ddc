"""`patchmarket network`: what is in a network file."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from model.errors import ScenarioError
from model.files import write_atomically
from model.link_table import LinkTable
from model.network import Graph, from_links
from model.network_files import read_links
from model.network_statistics import network_figure, statistics_of
from model.schema import NetworkColumns

PATIENCE = 10.0  # seconds after which a year is measured by its part
YEAR = 365


def look_at(file: Path, columns: str | None, directed: bool | None, picture: Path | None, convert: Path | None) -> None:
    """Print what a network file has in it; draw it, and write it as a Parquet table, if asked."""
    for option, path, ending in (("--picture", picture, ".png"), ("--convert", convert, ".parquet")):
        if path is not None and (path.suffix != ending or not path.absolute().parent.is_dir()):
            raise ScenarioError.of(option, str(path), f"must end in {ending}, in a folder that is there")
    table = read_links(file, columns_from(columns), directed)
    graph = from_links(table)
    for line in described(file, table, graph):
        print(line)
    if picture is not None:
        write_atomically(picture, network_figure(graph, file.name).savefig)
        print(f"Written: {picture}")
    if convert is not None:
        write_atomically(convert, lambda path: write_parquet(table, path))
        print(f"Written: {convert}")


def columns_from(text: str | None) -> NetworkColumns:
    """Read `source=who,target=whom`."""
    from patchmarket.options import read_columns

    try:
        return NetworkColumns(**read_columns(text))
    except ValidationError:
        raise ScenarioError.of(
            "--columns", text, "must name columns for source, target or weight, e.g. source=who"
        ) from None


def described(file: Path, table: LinkTable, graph: Graph) -> list[str]:
    """Return what is to be said of a network, in lines."""
    told = statistics_of(graph)
    kind = "directed links" if graph.directed else "links"
    of = "" if told.clustering_of == told.users else f" (of {told.clustering_of:,} users at random)"
    lines = [f"{file}: {told.users:,} users, {told.links:,} {kind}"]
    if table.names is not None:
        lines.append(f"users are called {graph.node(0)!r} to {graph.node(len(graph) - 1)!r}")
    lines += [
        f"components: {told.components:,}, the largest with {told.largest:,} users",
        f"users without links: {told.isolated:,}",
        f"links a user: mean {told.mean_degree:.2f}, median {told.median_degree:g}, most {told.largest_degree:,}",
        f"clustering: {told.clustering:.3f}{of}",
        *graph.notes,
        f"a year of the thought experiment on it takes {seconds(year_on(graph))}",
    ]
    return lines


def year_on(graph: Graph) -> float:
    """Return how many seconds a year takes on a network; a long one is measured by its part."""
    from batch.outcomes import warm_up
    from model.market import Market

    warm_up()
    begun = time.perf_counter()
    settings: dict[str, Any] = {"network.kind": "none"}  # any that asks for no other number of users
    market = Market(rng=1, graph=graph, **settings)
    made = time.perf_counter()
    while market.day < YEAR and time.perf_counter() - begun < PATIENCE:
        market.run(5)
    return made - begun + (time.perf_counter() - made) * YEAR / market.day


def seconds(time_taken: float) -> str:
    """Write a time to two digits.

    >>> seconds(0.01), seconds(4.23), seconds(150.0)
    ('less than 0.1 s', 'about 4.2 s', 'about 150 s')
    """
    if time_taken < 0.1:
        return "less than 0.1 s"
    return f"about {time_taken:.1f} s" if time_taken < 10 else f"about {time_taken:.0f} s"


def write_parquet(table: LinkTable, path: Path) -> None:
    """Write links as a table: source, target (empty: a user without links), maybe weight."""
    import pyarrow as pa
    from pyarrow import parquet

    alone = np.setdiff1d(np.arange(table.users), table.ends)
    names = np.arange(table.users) if table.names is None else table.names
    if names.dtype == object and len({type(name) for name in names}) > 1:
        names = np.array([str(name) for name in names], object)
    columns = {
        "source": pa.array(names[np.concatenate([table.ends[0], alone])]),
        "target": pa.array(
            names[np.concatenate([table.ends[1], alone])],
            mask=np.arange(len(alone) + len(table.ends[0])) >= len(table.ends[0]),
        ),
    }
    if table.weights is not None:
        columns["weight"] = pa.array(np.concatenate([table.weights, np.ones(len(alone))]))
    told = pa.table(columns).replace_schema_metadata({"directed": str(table.directed).lower()})
    parquet.write_table(told, path)
