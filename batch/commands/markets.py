"""Commands about one market: `run`, `scenarios` and `show`."""

from pathlib import Path
from typing import Annotated

import typer

from batch.commands.options import DEFAULT_SEED, JsonOption, ScenarioArgument, SetOption


def run(
    scenario: ScenarioArgument = "thought-experiment",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    seed: Annotated[int, typer.Option(min=0, help="Root of all randomness.")] = DEFAULT_SEED,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables, scenario and figures here.")] = None,
    json: JsonOption = False,
) -> None:
    """Run one market and answer its question in dollars.

    Examples: patchmarket run; patchmarket run debian-history; patchmarket run --set users.tolerance.median=5;
    patchmarket run my.toml --seed 7 --out results
    """
    from batch.run import run_once

    run_once(scenario, settings, seed, out, as_json=json)


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
    from batch.run import load
    from model.show import to_toml

    print(to_toml(load(scenario, settings)), end="")
