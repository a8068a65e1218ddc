"""Commands that ask a question: `decide`, `compare`, `patch-cycle`, `game`, `sensitivity`, `discover`, `calibrate`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from answers.defaults import REPLICATES
from patchmarket.options import FolderArgument, JsonOption, ScenarioArgument, SetOption, WorkersOption, load

ProviderOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who decides; left out: the first that does not patch live.")
]
ReplicatesOption = Annotated[int, typer.Option(min=3, metavar="N", help="Runs of each variant.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Root of all randomness.")]
OutOption = Annotated[Path | None, typer.Option(metavar="DIR", help="Write table, figure and text here.")]


def decide(
    scenario: ScenarioArgument = "thought-experiment",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    my: Annotated[
        str | None,
        typer.Option("--my", metavar="FILE", help="Your company in eight numbers, instead of its providers."),
    ] = None,
    provider: ProviderOption = None,
    seed: SeedOption = 1,
    replicates: ReplicatesOption = REPLICATES,
    workers: WorkersOption = None,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Find the most that live patching may cost a provider, and whether it pays at current prices.

    Examples: patchmarket decide; patchmarket decide --set flaws.per_year=15 --json;
    patchmarket decide --my my-company.toml --out answer
    """
    import answers
    from model.paths import read_assignment
    from patchmarket.printing import show

    company = None
    if my is None:
        market = load(scenario, settings)
    else:
        company = answers.Company.load(my)
        market = company.market(load(scenario, []), **dict(read_assignment(text) for text in settings))
    answer = answers.decide(
        market, provider, company=company, replicates=replicates, seed=seed, workers=workers, out=out
    )
    show(answer, out, as_json=json)


def compare(
    scenario: ScenarioArgument = "thought-experiment",
    policy: Annotated[
        list[str], typer.Option(metavar="KIND", help="A patch policy; repeatable; left out: all seven.")
    ] = [],  # noqa: B006 -- typer copies it
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    provider: ProviderOption = None,
    seed: SeedOption = 1,
    replicates: ReplicatesOption = REPLICATES,
    workers: WorkersOption = None,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Compare patch policies for one provider against the same market.

    Examples: patchmarket compare; patchmarket compare many-policies --provider Reboot;
    patchmarket compare debian-history --policy reboot --policy live-patch --out answer
    """
    import answers
    from patchmarket.printing import show

    market = load(scenario, settings)
    answer = answers.compare(market, policy, provider, replicates=replicates, seed=seed, workers=workers, out=out)
    show(answer, out, as_json=json)


def patch_cycle(
    scenario: ScenarioArgument = "bad-updates",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    provider: ProviderOption = None,
    seed: SeedOption = 1,
    replicates: ReplicatesOption = REPLICATES,
    workers: WorkersOption = None,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Find how long to wait before patching: the cost of each waiting time.

    The cost comes from users, bad updates and breaches apart.

    Examples: patchmarket patch-cycle; patchmarket patch-cycle measured-risk --provider "Reboot & Co";
    patchmarket patch-cycle --set security.attack_rate=0.001 --out answer
    """
    import answers
    from patchmarket.printing import show

    answer = answers.patch_cycle(
        load(scenario, settings), provider, replicates=replicates, seed=seed, workers=workers, out=out
    )
    show(answer, out, as_json=json)


def game(
    policies: Annotated[str, typer.Option(metavar="KIND,KIND,...", help="Kinds of policy to choose among.")],
    scenario: ScenarioArgument = "thought-experiment",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    players: Annotated[int, typer.Option(min=2, help="How many providers choose: the scenario's first ones.")] = 2,
    replicates: Annotated[int, typer.Option(min=2, help="Runs of each profile of policies.")] = 100,
    seed: SeedOption = 1,
    workers: WorkersOption = None,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Find which policies competing providers choose.

    Each maximises its profit; reported are equilibria, dilemmas and copying.

    Examples: patchmarket game --policies reboot,live-patch;
    patchmarket game quiet --policies reboot,live-patch --players 3 --set users.count=2000 --out out/game
    """
    import answers
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
    """Find which factors of a study decide an outcome.

    Sobol or Morris indices, as the design of the study allows.

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
    """Find the part of a study in which a condition holds.

    The part is given as boxes in the space of factors, with coverage and density.

    A condition compares columns of the runs, factors included, with numbers, texts or each other, joined by and, or
    and brackets. Names with dots may be written as they are; any name may be put in backticks.

    Examples: patchmarket discover out/mine --when 'live_paid == 0';
    patchmarket discover out/mine --when 'p0_profit < p1_profit and users.tolerance.median < 5' --out out/where
    """
    import answers
    from batch.analysis import open_study
    from patchmarket.printing import show

    show(answers.discover(open_study(folder), when), out, as_json=json)


def calibrate(
    scenario: ScenarioArgument = "thought-experiment",
    to: Annotated[
        str, typer.Option(metavar="TARGETS", help="A TOML file of targets, or published-churn.")
    ] = "published-churn",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep every trial here, and resume from those.")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Combinations of settings that are tried.")] = 60,
    replicates: Annotated[int, typer.Option(min=2, help="Runs a trial, with the same seeds in each.")] = 20,
    seed: SeedOption = 1,
    workers: WorkersOption = None,
    recover: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Instead, fit N simulated markets with known settings.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fit tolerance, word of mouth and memory to observed churn.

    The same command again resumes the fit.

    Examples: patchmarket calibrate --set users.count=1000 --out out/fit; patchmarket run out/fit/fitted.toml;
    patchmarket calibrate my.toml --to my-targets.toml --out out/mine --trials 100;
    patchmarket calibrate --set users.count=1000 --recover 5 --out out/recovery
    """
    import answers
    from answers.calibration.targets import Problem, Targets
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
