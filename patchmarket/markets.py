"""Commands about one market: `run`, `scenarios` and `show`."""

from pathlib import Path
from typing import Annotated

import typer

from model import DEFAULT_SCENARIO, DEFAULT_SEED
from patchmarket.options import JsonOption, ScenarioArgument, SetOption


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
        int | None, typer.Option(min=1, metavar="DAYS", help="Keep DIR/checkpoint.npz, to go on from.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(metavar="FILE", help="Go on from a checkpoint.")] = None,
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
        raise ScenarioError("--resume: the file says scenario, settings and seed; leave them out")
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
    """Print a complete scenario: every setting with its unit, meaning and where its value comes from.

    What is printed is itself a scenario: patchmarket show > my.toml; patchmarket run my.toml
    """
    from model.scenario_toml import to_toml
    from patchmarket.options import load

    print(to_toml(load(scenario, settings)), end="")
