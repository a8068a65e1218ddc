"""Commands about many markets at once: `game`, `sensitivity` and `discover`."""

from pathlib import Path
from typing import Annotated

import typer

from patchmarket.options import FolderArgument, JsonOption, ScenarioArgument, SetOption, WorkersOption

OutOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write the table, figure and text into this folder.")
]


def game(
    policies: Annotated[str, typer.Option(metavar="KIND,KIND,...", help="Kinds of policy to choose among.")],
    scenario: ScenarioArgument = "thought-experiment",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    players: Annotated[int, typer.Option(min=2, help="How many providers choose: the scenario's first ones.")] = 2,
    replicates: Annotated[int, typer.Option(min=2, help="Runs of each profile of policies.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Root of all randomness.")] = 1,
    workers: WorkersOption = None,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Say which policies providers would choose if each wants to earn most: equilibria, dilemmas, copying.

    Examples: patchmarket game --policies reboot,live-patch;
    patchmarket game quiet --policies reboot,live-patch --players 3 --set users.count=2000 --out out/game
    """
    import answers
    from patchmarket.options import load
    from patchmarket.printing import show

    chosen = [name.strip() for name in policies.split(",")]
    market = load(scenario, settings)
    found = answers.game(market, chosen, players=players, replicates=replicates, seed=seed, out=out, workers=workers)
    show(found, out, as_json=json)


def sensitivity(
    folder: FolderArgument,
    outcome: Annotated[str, typer.Option(metavar="NAME", help="Column of the runs to explain.")] = "lost_share_p0",
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Say which factors of a finished study decide an outcome: Sobol or Morris indices, as its design allows.

    Examples: patchmarket sensitivity out/mine; patchmarket sensitivity out/mine --outcome p1_profit --out out/why
    """
    import answers
    from batch.analysis import open_study
    from patchmarket.printing import show

    show(answers.sensitivity(open_study(folder), outcome), out, as_json=json)


def discover(
    folder: FolderArgument,
    when: Annotated[str, typer.Option(metavar="CONDITION", help="What to look for, e.g. 'live_paid == 0'.")],
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Say where among the factors of a finished study a condition mostly holds: boxes, with coverage and density.

    A condition compares columns of the runs, factors included, with numbers, texts or each other, joined by and, or
    and brackets. Names with dots may be written as they are; any name may be put in backticks.

    Examples: patchmarket discover out/mine --when 'live_paid == 0';
    patchmarket discover out/mine --when 'p0_profit < p1_profit and users.tolerance.median < 5' --out out/where
    """
    import answers
    from batch.analysis import open_study
    from patchmarket.printing import show

    show(answers.discover(open_study(folder), when), out, as_json=json)
