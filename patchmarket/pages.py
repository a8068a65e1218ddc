"""The command that shows a market in a browser: `app`."""

from typing import Annotated

import typer

from model import DEFAULT_SEED
from patchmarket.options import ScenarioArgument


def app(
    scenario: ScenarioArgument = "thought-experiment",
    seed: Annotated[int, typer.Option(min=0, help="Root of all randomness.")] = DEFAULT_SEED,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8765,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Serve others too; there is no password.")] = "localhost",
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser here.")] = False,
) -> None:
    """Show a market in a browser, and let it be played with. Ctrl+C stops it.

    Examples: patchmarket app; patchmarket app debian-history --port 0; patchmarket app my.toml --seed 7 --open
    """
    from browser.serve import serve

    serve(scenario, seed, host, port, open_browser=open_browser)
