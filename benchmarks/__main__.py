"""Compare the market with the same model in Mesa, AgentPy, mesa-frames, numpy and C: `python -m benchmarks`.

Contenders alternate with the same seeds, and medians are shown, so that a slow or busy machine affects all of them and
hardly changes the ratios.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from rich.console import Console

from answers.terminal import PIPED_WIDTH, table_of
from benchmarks.environment import describe_machine, describe_software
from benchmarks.goals import check_goals
from benchmarks.graphs import measure_graphs
from benchmarks.race import Race, Result, Size
from benchmarks.race_figure import draw_race
from benchmarks.single_market import measure_market
from benchmarks.startup import COMMANDS, RUN, measure_starts

NOTES = """
Ratios are medians of the ratios within rounds. Extrapolated: the run was cut short and its time scaled to a year.
Memory is that of the whole process, including interpreter and libraries; for the C programs it is that of their arrays.
For contenders that are left out the note gives the expected time or memory. The C bound uses double precision, as the
market does. mesa-frames may use all cores; all others use one."""


class Plan(NamedTuple):
    """The sizes and numbers of rounds to measure."""

    sizes: tuple[Size, ...]
    patience: float  # seconds
    graphs: tuple[int, ...]  # users
    quiet: int  # users in the quiet year
    doubled: tuple[int, ...]  # users to compare with twice as many
    commands: dict[str, tuple[str, ...]]  # commands whose start-up is timed
    rounds: int  # rounds of all measurements except the race


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
    """Tables that are printed at once, and written to a folder if one is given."""

    def __init__(self, out: Path | None) -> None:
        self.out = out
        self.lines: list[str] = []
        self.console = Console(width=PIPED_WIDTH, highlight=False, markup=False)

    def add_line(self, text: str) -> None:
        """Print a line and keep it."""
        print(text, flush=True)
        self.lines.append(text)

    def show(self, title: str, rows: Sequence[Any]) -> None:
        """Print a table of named tuples or dictionaries."""
        print(f"\n{title}", flush=True)
        self.console.print(table_of(pd.DataFrame(rows).rename(columns=lambda name: name.replace("_", " "))))

    def write(self, results: list[Result], **tables: Sequence[Any]) -> None:
        """Write the tables, the figure, and the description of the machine."""
        if self.out is None:
            return
        for name, rows in {"years": results, **tables}.items():
            pd.DataFrame(rows).to_csv(self.out / f"{name}.csv", index=False)
        draw_race(results, self.lines[0]).savefig(self.out / "years.png")
        (self.out / "machine.txt").write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        print(f"\nWritten to {self.out}")


def run_race(plan: Plan, report: Report) -> list[Result]:
    """Run the race and print the results of each size."""
    results = []
    with Race(plan.patience) as race:
        report.add_line(describe_software(race.versions))
        for size in plan.sizes:
            here = race.run(size)
            results += here
            title = f"Seconds per simulated year, {size.users:,} users: medians of alternating rounds"
            report.show(
                title, [{name: value for name, value in result._asdict().items() if name != "users"} for result in here]
            )
        report.add_line(NOTES)
    return results


def folder(text: str) -> Path:
    """Create the output folder before anything is measured; refuse one that cannot be written to."""
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"must be a writable folder ({error})") from None
    return path


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only, in less than a minute")
    parser.add_argument("--out", type=folder, metavar="DIR", help="folder for the tables (CSV) and the figure (PNG)")
    arguments = parser.parse_args()
    plan, report = QUICK if arguments.quick else FULL, Report(arguments.out)

    report.add_line(describe_machine())
    results = run_race(plan, report)
    market = measure_market(plan.quiet, plan.doubled, plan.rounds)
    report.show("patchmarket alone", market)
    graphs = measure_graphs(plan.graphs)
    report.show("Building graphs, each in a separate process", graphs)
    starts = measure_starts(plan.rounds, plan.commands)
    report.show("Start-up of the command line, in alternation", starts)
    goals = check_goals(results, market, graphs)
    report.show("Goals for one core of a quiet machine", goals)
    report.write(results, market=market, graphs=graphs, starts=starts, goals=goals)


if __name__ == "__main__":
    main()
