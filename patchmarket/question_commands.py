"""Commands that ask a question: `decide`, `fit`, `compare`, `patch-cycle`, `game`, `sensitivity`, `discover`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from answers.defaults import DRAWS, REPLICATES, SIMULATIONS
from patchmarket.options import FolderArgument, JsonOption, ScenarioArgument, SetOption, WorkersOption, load

if TYPE_CHECKING:
    from answers.company import Company
    from answers.unknowns import Priors
    from model.scenario import Scenario

ProviderOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who decides; left out: the first that does not patch live.")
]
ReplicatesOption = Annotated[int, typer.Option(min=3, metavar="N", help="Runs of each variant.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Root of all randomness.")]
OutOption = Annotated[Path | None, typer.Option(metavar="DIR", help="Write table, figure and text here.")]


MyOption = Annotated[
    str | None,
    typer.Option("--my", metavar="FILE", help="Your company in eight numbers, instead of its providers."),
]
PriorsOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="What is not known, and how much; left out: as in the docs.")
]


def decide(
    scenario: ScenarioArgument = "thought-experiment",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    my: MyOption = None,
    provider: ProviderOption = None,
    posterior: Annotated[
        Path | None, typer.Option(metavar="DIR", help="What `fit` learnt about the unknowns, instead of the priors.")
    ] = None,
    priors: PriorsOption = None,
    point: Annotated[bool, typer.Option("--point", help="Take the scenario's own values for known.")] = False,
    seed: SeedOption = 1,
    replicates: Annotated[
        int | None,
        typer.Option(
            min=3, metavar="N", help=f"Draws of the unknowns; left out: {DRAWS}, and {REPLICATES} with --point."
        ),
    ] = None,
    workers: WorkersOption = None,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Find the most that live patching may cost a provider, and whether it pays at current prices.

    The answer is the mean over what is not known about users and flaws, with what is worth measuring.

    Examples: patchmarket decide; patchmarket decide --point --set flaws.per_year=15 --json;
    patchmarket decide --my my-company.toml --posterior out/fit --out answer
    """
    import answers
    from patchmarket.printing import show

    market, company = market_of(scenario, settings, my)
    answer = answers.decide(
        market,
        provider,
        company=company,
        priors=read_priors(priors, posterior),
        posterior=posterior,
        point=point,
        replicates=replicates,
        seed=seed,
        workers=workers,
        out=out,
    )
    show(answer, out, as_json=json)


def fit(
    records: Annotated[
        Path, typer.Argument(metavar="RECORDS", help="A folder of outages and customers or cancellations.")
    ],
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help="The market: a preset's name or a TOML file.")
    ] = "thought-experiment",
    settings: SetOption = [],  # noqa: B006 -- typer copies it
    my: MyOption = None,
    provider: ProviderOption = None,
    priors: PriorsOption = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The first day that counts; left out: see the docs."),
    ] = None,
    simulations: Annotated[int, typer.Option(min=160, metavar="N", help="Markets to simulate.")] = SIMULATIONS,
    seed: SeedOption = 1,
    workers: WorkersOption = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep runs and posterior here, and resume from those.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Learn from an operator's records what is not known about its users and flaws.

    The same command again resumes the fit.

    Examples: patchmarket fit records --my my-company.toml --out out/fit;
    patchmarket decide --my my-company.toml --posterior out/fit
    """
    import answers
    from patchmarket.printing import show

    market, company = market_of(scenario, settings, my)
    answer = answers.fit(
        records,
        market,
        provider,
        company=company,
        priors=read_priors(priors, None),
        since=since.date() if since else None,
        simulations=simulations,
        seed=seed,
        workers=workers,
        out=out,
    )
    show(answer, out, as_json=json)


def market_of(scenario: str, settings: list[str], my: str | None) -> "tuple[Scenario, Company | None]":
    """Return the market that a command line asks for, and the company if it was made from one."""
    import answers
    from model.paths import read_assignment

    if my is None:
        return load(scenario, settings), None
    company = answers.Company.load(my)
    return company.market(load(scenario, []), **dict(read_assignment(text) for text in settings)), company


def read_priors(path: Path | None, posterior: Path | None) -> "Priors | None":
    """Return the priors of a file; a posterior comes with its own."""
    from answers.unknowns import Priors
    from model.errors import ScenarioError

    if path is not None and posterior is not None:
        raise ScenarioError("--priors: is for a decision without --posterior, which has its own")
    return None if path is None else Priors.load(path)


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
