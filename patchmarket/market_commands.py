"""Commands that run a market: `run`, `scenarios`, `show` and `app`."""

from pathlib import Path
from typing import Annotated

import typer

from model import DEFAULT_SCENARIO, DEFAULT_SEED
from patchmarket.options import JsonOption, ScenarioArgument, SetOption, load


def run(
    scenario: Annotated[
        str | None,
        typer.Argument(metavar="[SCENARIO]", help=f"A preset's name or a TOML file; left out: {DEFAULT_SCENARIO}."),
    ] = None,
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    seed: Annotated[
        int | None, typer.Option(min=0, help=f"Root of all randomness; left out: {DEFAULT_SEED}.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables, scenario and figures here.")] = None,
    animate: Annotated[Path | None, typer.Option(metavar="GIF", help="Write the network, day by day, here.")] = None,
    json: JsonOption = False,
    threads: Annotated[int, typer.Option(min=1, help="For one large market; changes no result.")] = 1,
    checkpoint_every: Annotated[
        int | None, typer.Option(min=1, metavar="DAYS", help="Write DIR/checkpoint.npz every so many days.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(metavar="FILE", help="Resume from a checkpoint.")] = None,
) -> None:
    """Run one market and answer its question in dollars.

    Examples: patchmarket run; patchmarket run debian-history; patchmarket run --set users.tolerance.median=5;
    patchmarket run my.toml --seed 7 --out results; patchmarket run --resume results/checkpoint.npz;
    patchmarket run --animate year.gif
    """
    from model.errors import ScenarioError
    from patchmarket.run import begin, finish

    if resume is None:
        market = begin(scenario or DEFAULT_SCENARIO, settings, DEFAULT_SEED if seed is None else seed, threads)
    elif scenario is not None or settings or seed is not None:
        raise ScenarioError("--resume: the checkpoint contains scenario, settings and seed; leave them out")
    else:
        from model.checkpoint import resume as market_of

        market = market_of(resume, threads=threads)
    finish(market, out, checkpoint_every, animate, as_json=json)


def scenarios() -> None:
    """List the scenarios that come with the project."""
    from model.scenario import Scenario, preset_names

    for name in preset_names():
        print(f"{name:<20} {Scenario.preset(name).description}")


def show(
    scenario: ScenarioArgument = "thought-experiment",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
) -> None:
    """Print a complete scenario.

    Each setting has its unit, its meaning and the source of its value beside it.

    What is printed is itself a scenario: patchmarket show > my.toml; patchmarket run my.toml
    """
    from model.scenario_toml import to_toml

    print(to_toml(load(scenario, settings)), end="")


def app(
    scenario: ScenarioArgument = "thought-experiment",
    seed: Annotated[int, typer.Option(min=0, help="Root of all randomness.")] = DEFAULT_SEED,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8765,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Serve others too; there is no password.")] = "localhost",
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser here.")] = False,
) -> None:
    """Show a market in a browser, with controls. Ctrl+C stops it.

    Examples: patchmarket app; patchmarket app debian-history --port 0; patchmarket app my.toml --seed 7 --open
    """
    from browser.serve import serve

    serve(scenario, seed, host, port, open_browser=open_browser)
