"""The command that fits a scenario to observations: `calibrate`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from patchmarket.options import JsonOption, ScenarioArgument, SetOption, WorkersOption


def calibrate(
    scenario: ScenarioArgument = "thought-experiment",
    to: Annotated[
        str, typer.Option(metavar="TARGETS", help="A TOML file of targets, or published-churn.")
    ] = "published-churn",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep every trial here; go on with those.")] = None,
    trials: Annotated[int, typer.Option(min=1, help="Combinations of settings that are tried.")] = 60,
    replicates: Annotated[int, typer.Option(min=2, help="Runs a trial, with the same seeds in each.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Root of all randomness.")] = 1,
    workers: WorkersOption = None,
    recover: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Instead: plant N combinations, and try to find them.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fit tolerance, word of mouth and memory to observed churn. The same command again goes on from where it was.

    Examples: patchmarket calibrate --set users.count=1000 --out out/fit; patchmarket run out/fit/fitted.toml;
    patchmarket calibrate my.toml --to my-targets.toml --out out/mine --trials 100;
    patchmarket calibrate --set users.count=1000 --recover 5 --out out/recovery
    """
    import answers
    from answers.calibration.targets import Problem, Targets
    from patchmarket.options import load
    from patchmarket.printing import show

    problem = Problem(load(scenario, settings), Targets.load(to))
    how: dict[str, Any] = {"trials": trials, "replicates": replicates, "seed": seed, "workers": workers}
    if recover is None:
        answer = answers.calibrate(problem, out, **how)
    else:
        answer = answers.recover(problem, recover, out, **how)
    show(answer, out, as_json=json)
    if out is not None and recover is None and not json:
        print(f"The scenario with these settings: {out / 'fitted.toml'}; every trial: {out / 'trials.csv'}")
