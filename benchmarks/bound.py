"""The C bound: compile `bound.c` and run a year with the market's own graph, users and campaigns."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from agents.maintenance import Maintenance
from agents.users import Users
from model.flaws import draw_flaws
from model.market import Market
from model.scenario import Scenario

SOURCE = Path(__file__).with_name("bound.c")
FLAGS = ("-O3", "-march=native", "-std=gnu11")

PRECISIONS = {"double": "f8", "float": "f4"}  # C's names and numpy's


def record(precision: str) -> np.dtype:
    """Return the dtype of `struct user` in bound.c."""
    real = PRECISIONS[precision]
    fields = [
        ("belief", real, 2),
        ("total", real, 2),
        ("count", "u2", 2),
        ("tolerance", real),
        ("slot", "u4"),
        ("as_of", "u2"),
        ("provider", "u1"),
        ("flags", "u1"),
    ]
    natural = np.dtype(fields, align=True)
    size = 8 * np.dtype(real).itemsize
    offsets = [natural.fields[name][1] for name in natural.names]
    formats = [natural.fields[name][0] for name in natural.names]
    return np.dtype({"names": natural.names, "formats": formats, "offsets": offsets, "itemsize": size})


class CompilerError(Exception):
    """The reason why the C program cannot be compiled."""


class YearInC(NamedTuple):
    """Results of a year in C."""

    seconds: float  # of the days only
    messages: int
    suffered: int  # outages, summed over the users
    moves: int
    lost: float  # share of the first provider's users
    allocated: int  # bytes


@cache
def compiler() -> str:
    """Return the system's C compiler."""
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return found
    raise CompilerError("no C compiler (cc, gcc or clang)")


def compiler_version() -> str:
    """Return the name and version of the compiler."""
    asked = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True)
    return asked.stdout.splitlines()[0]


@cache
def program(precision: str) -> Path:
    """Compile `bound.c` for `double` or `float`, once per process; return the path of the program."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    path = Path(folder) / "bound"
    command = [compiler(), *FLAGS, f"-DREAL={precision}", str(SOURCE), "-o", str(path), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CompilerError(f"the C compiler failed: {(done.stderr.splitlines() or ['no message'])[0]}")
    return path


def campaign_starts(scenario: Scenario, seed: int) -> list[int]:
    """Return the days on which the first provider's campaigns start, which do not depend on its users."""
    flaws, maintenance = draw_flaws(scenario.flaws, scenario.days, seed), Maintenance()
    starts = []
    for day in range(scenario.days):
        before = maintenance.campaigns
        scenario.providers[0].policy.patch(maintenance, day, flaws.get(day, []), servers=1)
        if maintenance.campaigns > before:
            starts.append(day)
    return starts


def records(users: Users, precision: str) -> np.ndarray:
    """Return the users as the C program keeps them."""
    table = np.zeros(len(users.provider), record(precision))
    for name in ("belief", "tolerance", "slot", "provider"):
        table[name] = getattr(users, name)
    return table


def write_input(path: Path, market: Market, precision: str) -> None:
    """Write what a year needs: settings, campaigns, graph and people, as `struct settings` and arrays.

    Parameters
    ----------
    market
        One on day 0, with two providers as in the thought experiment.
    precision
        Of its numbers, `double` or `float`.
    """
    scenario, links, words = market.settings, market.network.links, market.settings.word_of_mouth
    starts, policy = campaign_starts(scenario, market.seed), scenario.providers[0].policy
    capacity, memory = scenario.providers[0].server_capacity, scenario.users.memory_days
    whole = (len(market.network), len(links.indices), scenario.days, len(starts), policy.window, capacity)
    real = (policy.campaign_minutes, words.talk_per_day, words.complaint, words.listen, memory)
    with path.open("wb") as file:
        for numbers, kind in ((whole, "i8"), (real, "f8"), (starts, "i4"), (links.indptr, "u4"), (links.indices, "u4")):
            np.asarray(numbers, kind).tofile(file)
        records(market.users, precision).tofile(file)


def run_bound(path: Path, seed: int, precision: str) -> YearInC:
    """Run the year whose input is in this file."""
    done = subprocess.run([str(program(precision)), str(path), str(seed)], capture_output=True, text=True, check=True)
    seconds, messages, suffered, moves, lost, allocated = done.stdout.split()
    return YearInC(float(seconds), int(messages), int(suffered), int(moves), float(lost), int(allocated))


def same_year(market: Market, precision: str = "double") -> YearInC:
    """Run a year in C from a market's initial state and seed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        write_input(path, market, precision)
        return run_bound(path, market.seed, precision)
