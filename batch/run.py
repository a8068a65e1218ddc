"""`patchmarket run`: one market from scenario to answer."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import ScenarioError
from model.paths import read_assignment
from model.scenario import Scenario

if TYPE_CHECKING:
    from model.market import Market


def load(scenario: str, assignments: list[str]) -> Scenario:
    """Return the scenario that a command line asks for."""
    return Scenario.load(scenario, **dict(read_assignment(text) for text in assignments))


def run_once(scenario: str, assignments: list[str], seed: int, out: Path | None, *, as_json: bool) -> None:
    """Run a scenario and print what came of it; write the tables and figures if asked."""
    settings = load(scenario, assignments)
    if out is not None:
        prepare_folder(out)
    from model.market import Market
    from model.summary import summarise

    market = Market(settings, rng=seed)
    advance(market, quiet=as_json)
    summary = summarise(market)
    if settings.flaws.source == "history":
        from model.reboots import reboots_by_year

        summary["reboots_by_year"] = reboots_by_year(settings)
    if as_json:
        print(json.dumps(summary))
    else:
        from batch.report import print_summary

        print_summary(summary)
    if out is not None:
        from batch.output import write_run

        names = write_run(market, summary, out)
        if not as_json:
            print(f"\nWritten to {out}: {', '.join(names)}")


def advance(market: "Market", *, quiet: bool) -> None:
    """Run a market to its end, with a progress bar where somebody watches."""
    if quiet or not sys.stderr.isatty():
        market.run()
        return
    from rich.console import Console
    from rich.progress import track

    days = range(market.settings.days)
    for _ in track(days, "Days", console=Console(stderr=True), transient=True):
        market.step()


def prepare_folder(out: Path) -> None:
    """Make the folder for a run's files, before anything is run; refuse one that cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError("no permission to write")
    except OSError as error:
        raise ScenarioError.of("--out", str(out), f"must be a folder that can be written ({error})") from None
