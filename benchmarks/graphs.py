"""Graphs: time and peak memory of each built-in kind, in a process of its own.

`python -m benchmarks.graphs KIND USERS` builds one and prints what it took, as JSON.
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


class Built(NamedTuple):
    """What a graph of the default degree took."""

    kind: str
    users: int
    links: int  # counted in both directions
    seconds: float
    peak_mib: float


def measure_graphs(sizes: tuple[int, ...]) -> list[Built]:
    """Build each kind at each size."""
    return [build_alone(kind, users) for users in sizes for kind in KINDS]


def build_alone(kind: str, users: int) -> Built:
    """Build one in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.graphs", kind, str(users)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Built(*json.loads(done.stdout))


def build(kind: str, users: int) -> Built:
    """Build one here, after a small one that loads what is compiled."""
    from model.network import build_graph
    from model.scenario import Scenario

    network = Scenario.preset("thought-experiment", network={"kind": kind}).network
    build_graph(network, 1000, seed=0)
    start = time.perf_counter()
    graph = build_graph(network, users, seed=1)
    taken = time.perf_counter() - start
    return Built(kind, users, len(graph.links.indices), taken, peak_memory() / MIB)


if __name__ == "__main__":
    print(json.dumps(build(sys.argv[1], int(sys.argv[2]))))
