"""Commands that answer what to do about live patching: `decide` and `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from answers.defaults import REPLICATES
from patchmarket.options import JsonOption, ScenarioArgument, SetOption, WorkersOption, load

ProviderOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who decides; left out: the first that does not patch live.")
]
ReplicatesOption = Annotated[int, typer.Option(min=3, metavar="N", help="Runs of each variant.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Root of all randomness.")]
OutOption = Annotated[Path | None, typer.Option(metavar="DIR", help="Write table, figure, text and study here.")]


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
    """Say what live patching may cost a provider at most, and whether it pays at today's prices.

    Examples: patchmarket decide; patchmarket decide --set flaws.per_year=15 --json;
    patchmarket decide --my my-company.toml --out answer
    """
    import answers
    from answers.alternatives import provider_number
    from model.files import prepare_folder
    from model.paths import read_assignment
    from patchmarket.printing import show

    company = None
    if my is None:
        market = load(scenario, settings)
    else:
        company = answers.Company.load(my)
        market = company.market(load(scenario, []), **dict(read_assignment(text) for text in settings))
    provider_number(market, provider)  # refuse a wrong name before a folder is made
    if out is not None:
        prepare_folder(out)
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
    from answers.comparison.compare_ask import ask
    from model.files import prepare_folder
    from patchmarket.printing import show

    market = load(scenario, settings)
    ask(market, policy, provider)  # refuse a wrong name before a folder is made
    if out is not None:
        prepare_folder(out)
    answer = answers.compare(market, policy, provider, replicates=replicates, seed=seed, workers=workers, out=out)
    show(answer, out, as_json=json)
