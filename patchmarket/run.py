"""`patchmarket run`: one market from scenario to answer."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import ScenarioError
from model.files import prepare_folder, write_atomically
from patchmarket import signals
from patchmarket.options import load

if TYPE_CHECKING:
    from browser.animation import Animation
    from model.market import Market

CHECKPOINT = "checkpoint.npz"
UPDATES = 100  # of the progress bar


def begin(scenario: str, assignments: list[str], seed: int, threads: int) -> "Market":
    """Return the market that a command line asks for, before its first day."""
    from model.market import Market

    return Market(load(scenario, assignments), rng=seed, threads=threads)


def finish(
    market: "Market", out: Path | None, checkpoint_every: int | None, animate: Path | None, *, as_json: bool
) -> None:
    """Run a market to its end and print what came of it; write the tables, figures and the animation if asked."""
    from model.summary import summarise

    if checkpoint_every is not None and out is None:
        raise ScenarioError("--checkpoint-every: needs --out, the folder that the checkpoint is kept in")
    film = filmed(market, animate) if animate is not None else None
    if out is not None:
        prepare_folder(out)
    checkpoint = out / CHECKPOINT if out and checkpoint_every else None
    advance(market, checkpoint, checkpoint_every, film.run if film else market.run, quiet=as_json)
    summary = summarise(market)
    settings = market.settings
    if settings.flaws.source == "history":
        from model.reboots import reboots_by_year

        summary["reboots_by_year"] = reboots_by_year(settings)
    if as_json:
        print(json.dumps(summary))
    else:
        from patchmarket.run_text import print_summary

        print_summary(summary)
    if out is not None:
        from patchmarket.run_files import write_run

        names = write_run(market, summary, out)
        if not as_json:
            print(f"\nWritten to {out}: {', '.join(names)}")
    if film is not None and animate is not None:
        write_atomically(animate, film.save)
        if not as_json:
            print(f"\nWritten: {animate}")


def filmed(market: "Market", path: Path) -> "Animation":
    """Return the animation of a market; refuse a file name that it cannot be written to."""
    from browser.animation import Animation, check_path

    check_path(path)
    return Animation(market)


def advance(
    market: "Market", checkpoint: Path | None, every: int | None, run: Callable[[int], object], *, quiet: bool
) -> None:
    """Run a market to its end, with a progress bar on a terminal, and a checkpoint every so many days."""
    from rich.console import Console
    from rich.progress import track

    from model.checkpoint import save

    days = market.settings.days
    stops = range(market.day, days, every or max(days // UPDATES, 1))
    hidden = quiet or not sys.stderr.isatty()
    for stop in track(stops, "Run", console=Console(stderr=True), transient=True, disable=hidden):
        run(stops.step)
        signals.check()
        if checkpoint is not None and stop + stops.step < days:
            save(market, checkpoint)
