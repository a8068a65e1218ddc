"""Benchmark of graphs: time and peak memory to build each built-in kind, in a separate process.

`python -m benchmarks.graphs KIND USERS` builds one graph and prints the measurements as JSON.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.contenders import peak_memory

ROOT = Path(__file__).parents[1]
KINDS = ("watts-strogatz", "barabasi-albert", "erdos-renyi", "stochastic-block")
MIB = 2**20


class GraphBuild(NamedTuple):
    """Time and memory to build a graph of the default degree."""

    kind: str
    users: int
    links: int  # counted in both directions
    seconds: float
    peak_mib: float


def measure_graphs(sizes: tuple[int, ...]) -> list[GraphBuild]:
    """Build each kind of graph at each size."""
    return [build_alone(kind, users) for users in sizes for kind in KINDS]


def build_alone(kind: str, users: int) -> GraphBuild:
    """Build a graph in a new process."""
    command = [sys.executable, "-m", "benchmarks.graphs", kind, str(users)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return GraphBuild(*json.loads(done.stdout))


def build(kind: str, users: int) -> GraphBuild:
    """Build a graph in this process, after a small one that loads the compiled code."""
    from model.network import build_graph
    from model.scenario import Scenario

    network = Scenario.preset("thought-experiment", network={"kind": kind}).network
    build_graph(network, 1000, seed=0)
    start = time.perf_counter()
    graph = build_graph(network, users, seed=1)
    taken = time.perf_counter() - start
    return GraphBuild(kind, users, len(graph.links.indices), taken, peak_memory() / MIB)


if __name__ == "__main__":
    print(json.dumps(build(sys.argv[1], int(sys.argv[2]))))
