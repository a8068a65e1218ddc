"""A process of its own for one contender: it measures when asked, so that several take turns, each warm.

Requests and answers are lines of JSON on standard input and output. `python -m benchmarks.worker NAME`
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
    """Why a contender cannot run here, in words for the reader of the table."""


class Worker:
    """The asking side: `Worker("numpy").ask(1000, seed=1)`.

    Raises
    ------
    UnavailableError
        When the contender cannot run here.
    """

    def __init__(self, name: str) -> None:
        command = command_for(name)
        self.complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- `close` closes it
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            text=True,
        )
        self.versions: dict[str, str] = self._answer()

    def ask(self, users: int, seed: int, patience: float = float("inf"), **request: Any) -> Timing:
        """Have a market measured; `settings` by dotted path, `reuse_graph` if its graph is not to be timed."""
        request |= {"users": users, "seed": seed, "patience": patience}
        assert self.process.stdin is not None
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return Timing(*self._answer())

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.process.wait()
        self.complaints.seek(0)
        said = [text.strip() for text in self.complaints.read().splitlines() if text.strip()]
        self.close()
        raise UnavailableError(said[-1] if said else f"its process ended with code {self.process.returncode}")

    def close(self) -> None:
        """End the process."""
        self.process.communicate()
        self.complaints.close()


def command_for(name: str) -> list[str]:
    """Return the command that starts a worker, in an environment of its own where the contender needs one."""
    serve = ["-W", "ignore", "-m", "benchmarks.worker", name]
    requires = CONTENDERS[name].requires
    if not requires:
        return [sys.executable, *serve]
    uv = shutil.which("uv")
    if uv is None:
        raise UnavailableError("uv is needed to give it an environment of its own")
    shared = [f"{package}=={version(package)}" for package in ("numba", "pydantic")]  # what the rules shared need
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
    """Warm up, tell the versions, then measure until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print
    measure(name, scenario_of(WARM_UP), seed=0)
    answer(answers, {package: version(package) for package in CONTENDERS[name].packages})
    graphs: dict[int, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        scenario, graph = scenario_of(request["users"], **request.get("settings", {})), None
        if request.get("reuse_graph"):
            from model.network import build_graph

            graph = graphs.setdefault(request["users"], build_graph(scenario.network, request["users"], seed=0))
        answer(answers, measure(name, scenario, request["seed"], request["patience"], graph))


def answer(stream: Any, content: Any) -> None:
    """Send a line."""
    print(json.dumps(content), file=stream, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
