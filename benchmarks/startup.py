"""Benchmark of the command line's start-up, compared with a minimal command."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

BARE_COMMAND = """
import typer
app = typer.Typer()
@app.command()
def main(users: int = 1) -> None:
    '''Do nothing.'''
app()
"""

COMMANDS = {
    "python": ("-c", ""),
    "python, import typer": ("-c", "import typer"),
    "a bare typer command, --help": ("-c", BARE_COMMAND, "--help"),
    "patchmarket --help": ("-m", "patchmarket", "--help"),
}
RUN = {"patchmarket run, 300 users": ("-m", "patchmarket", "run", "--set", "users.count=300")}


class StartTime(NamedTuple):
    """Time of a command."""

    command: str
    ms: float  # median


def seconds_to_run(*arguments: str) -> float:
    """Return the seconds that a new Python process takes; nan if it fails or prints no help."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False)
    taken = time.perf_counter() - start
    worked = done.returncode == 0 and (done.stdout or "--help" not in arguments)
    return taken if worked else float("nan")


def measure_starts(rounds: int, commands: dict[str, tuple[str, ...]]) -> list[StartTime]:
    """Time all commands in alternation."""
    for arguments in commands.values():
        seconds_to_run(*arguments)  # warm-up: read from disk and write bytecode
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, arguments in commands.items():
            taken[name].append(seconds_to_run(*arguments))
    return [StartTime(name, 1000 * median(times)) for name, times in taken.items()]
