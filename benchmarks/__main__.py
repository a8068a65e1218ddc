"""Measure the market against the same market in Mesa, AgentPy, mesa-frames, numpy and C: `python -m benchmarks`.

Everything is measured side by side in one run: what is compared takes turns, on the same seeds, and medians are
shown, so that a slow or busy machine moves all columns and hardly their ratios.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from rich.console import Console

from answers.terminal import PIPED_WIDTH, table_of
from benchmarks.figure import race_figure
from benchmarks.goals import goals
from benchmarks.graphs import measure_graphs
from benchmarks.machine import machine, software
from benchmarks.own import measure_own
from benchmarks.race import Place, Race, Size
from benchmarks.startup import COMMANDS, RUN, measure_starts

NOTES = """
Ratios are medians of those within a round. Scaled: the days were cut short, and what was done is scaled to a year.
Memory is that of the whole process, interpreter and libraries included; of the C programs, their arrays. What is left
out says what it would have taken. The bound counts in double precision, as the market does. mesa-frames may use
all cores; all others use one."""


class Plan(NamedTuple):
    """How much is measured."""

    sizes: tuple[Size, ...]
    patience: float  # seconds
    graphs: tuple[int, ...]  # users
    quiet: int  # users
    doubled: tuple[int, ...]  # users
    commands: dict[str, tuple[str, ...]]  # whose start is timed
    rounds: int  # of what is not the race


FULL = Plan(
    sizes=(Size(1_000, 7), Size(10_000, 5), Size(100_000, 3), Size(1_000_000, 3), Size(10_000_000, 1)),
    patience=30.0,
    graphs=(1_000_000, 10_000_000),
    quiet=1_000_000,
    doubled=(10_000, 1_000_000),
    commands=COMMANDS | RUN,
    rounds=3,
)
QUICK = Plan(
    sizes=(Size(300, 1), Size(3_000, 1)),
    patience=0.5,
    graphs=(10_000,),
    quiet=20_000,
    doubled=(),
    commands=COMMANDS,
    rounds=1,
)


class Report:
    """Tables, printed as soon as they are there, and written if there is a folder for them."""

    def __init__(self, out: Path | None) -> None:
        self.out = out
        self.lines: list[str] = []
        self.console = Console(width=PIPED_WIDTH, highlight=False, markup=False)

    def say(self, text: str) -> None:
        """Print a line, and keep it."""
        print(text, flush=True)
        self.lines.append(text)

    def show(self, title: str, rows: Sequence[Any]) -> None:
        """Print a table, of named tuples or dictionaries."""
        print(f"\n{title}", flush=True)
        self.console.print(table_of(pd.DataFrame(rows).rename(columns=lambda name: name.replace("_", " "))))

    def write(self, places: list[Place], **tables: Sequence[Any]) -> None:
        """Write the tables, the figure and what it was measured on."""
        if self.out is None:
            return
        for name, rows in {"years": places, **tables}.items():
            pd.DataFrame(rows).to_csv(self.out / f"{name}.csv", index=False)
        race_figure(places, self.lines[0]).savefig(self.out / "years.png")
        (self.out / "machine.txt").write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        print(f"\nWritten to {self.out}")


def run_race(plan: Plan, report: Report) -> list[Place]:
    """Run the race, and show it a size at a time."""
    places = []
    with Race(plan.patience) as race:
        report.say(software(race.versions))
        for size in plan.sizes:
            here = race.at(size)
            places += here
            title = f"Seconds a simulated year, {size.users:,} users: medians of rounds in turn"
            report.show(
                title, [{name: value for name, value in place._asdict().items() if name != "users"} for place in here]
            )
        report.say(NOTES)
    return places


def folder(text: str) -> Path:
    """Make the folder for what is written, before anything is measured; refuse one that cannot be written."""
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"must be a folder that can be written ({error})") from None
    return path


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only, in less than a minute")
    parser.add_argument("--out", type=folder, metavar="DIR", help="write the tables (CSV) and the figure (PNG) there")
    arguments = parser.parse_args()
    plan, report = QUICK if arguments.quick else FULL, Report(arguments.out)

    report.say(machine())
    places = run_race(plan, report)
    own = measure_own(plan.quiet, plan.doubled, plan.rounds)
    report.show("Ours alone", own)
    graphs = measure_graphs(plan.graphs)
    report.show("Graphs, each in a process of its own", graphs)
    starts = measure_starts(plan.rounds, plan.commands)
    report.show("Start of the command line, in turn", starts)
    met = goals(places, own, graphs)
    report.show("Goals, for one core of a quiet machine", met)
    report.write(places, own=own, graphs=graphs, starts=starts, goals=met)


if __name__ == "__main__":
    main()
