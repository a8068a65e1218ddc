"""What the commands `decide` and `compare` do."""

from pathlib import Path

from answers.decision.company import Company
from answers.decision.compare import checked, compare
from answers.decision.decide import decide
from answers.options import provider_number
from answers.show import show
from batch.run import load, prepare_folder
from model.paths import read_assignment


def decide_once(
    scenario: str,
    assignments: list[str],
    my: str | None,
    provider: str | None,
    seed: int,
    replicates: int,
    workers: int | None,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Answer whether live patching pays, for a scenario or for one's own company."""
    company = None
    if my is None:
        market = load(scenario, assignments)
    else:
        company = Company.load(my)
        market = company.market(load(scenario, []), **dict(read_assignment(text) for text in assignments))
    provider_number(market, provider)  # refuse a wrong name before a folder is made
    if out is not None:
        prepare_folder(out)
    answer = decide(market, provider, company=company, replicates=replicates, seed=seed, workers=workers, out=out)
    show(answer, out, as_json=as_json)


def compare_once(
    scenario: str,
    assignments: list[str],
    policies: list[str],
    provider: str | None,
    seed: int,
    replicates: int,
    workers: int | None,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Answer which patch policy is best for a provider."""
    market = load(scenario, assignments)
    provider_number(market, provider)
    checked(policies)
    if out is not None:
        prepare_folder(out)
    answer = compare(market, policies, provider, replicates=replicates, seed=seed, workers=workers, out=out)
    show(answer, out, as_json=as_json)
