"""A separate process for each contender, which measures on request, so that warmed-up contenders can alternate.

`python -m benchmarks.contender_process NAME` reads requests and writes responses, each a line of JSON.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS, Timing, measure, scenario_of

ROOT = Path(__file__).parents[1]
WARM_UP = 300  # users


class UnavailableError(Exception):
    """The reason why a contender cannot run here."""


class ContenderProcess:
    """The process of a contender, e.g. `ContenderProcess("numpy").measure(1000, seed=1)`.

    Raises
    ------
    UnavailableError
        If the contender cannot run here.
    """

    def __init__(self, name: str) -> None:
        command = command_for(name)
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- `close` closes it
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.versions: dict[str, str] = self._read()

    def measure(self, users: int, seed: int, patience: float = float("inf"), **request: Any) -> Timing:
        """Measure a market; `settings` by dotted path, `reuse_graph` to exclude the graph from the time."""
        request |= {"users": users, "seed": seed, "patience": patience}
        assert self.process.stdin is not None
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return Timing(*self._read())

    def _read(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.process.wait()
        self.errors.seek(0)
        lines = [text.strip() for text in self.errors.read().splitlines() if text.strip()]
        self.close()
        raise UnavailableError(lines[-1] if lines else f"its process ended with code {self.process.returncode}")

    def close(self) -> None:
        """End the process."""
        self.process.communicate()
        self.errors.close()


def command_for(name: str) -> list[str]:
    """Return the command that starts the process, in a separate environment if the contender needs one."""
    serve = ["-W", "ignore", "-m", "benchmarks.contender_process", name]
    requires = CONTENDERS[name].requires
    if not requires:
        return [sys.executable, *serve]
    uv = shutil.which("uv")
    if uv is None:
        raise UnavailableError("uv is needed to create its environment")
    shared = [f"{package}=={version(package)}" for package in ("numba", "pydantic")]  # needed by the shared code
    wanted = [word for package in (*requires, *shared) for word in ("--with", package)]
    options = [
        "--quiet",
        "--no-project",
        "--no-build",
        "--no-python-downloads",
        "--python",
        ">=3.11,<3.13",
    ]  # mesa-frames wants numpy 1.26
    return [uv, "run", *options, *wanted, "python", *serve]


def serve(name: str) -> None:
    """Warm up, write the versions, then measure for each request until the input ends."""
    responses = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # so that output of libraries does not mix with responses
    measure(name, scenario_of(WARM_UP), seed=0)
    write(responses, {package: version(package) for package in CONTENDERS[name].packages})
    graphs: dict[int, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        scenario, graph = scenario_of(request["users"], **request.get("settings", {})), None
        if request.get("reuse_graph"):
            from model.network import build_graph

            graph = graphs.setdefault(request["users"], build_graph(scenario.network, request["users"], seed=0))
        write(responses, measure(name, scenario, request["seed"], request["patience"], graph))


def write(stream: Any, content: Any) -> None:
    """Write a line."""
    print(json.dumps(content), file=stream, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
