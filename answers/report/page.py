"""The page: from a study's tables to sections, and from sections to one HTML file."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2

from answers.report import facts, parts
from answers.report.break_even import break_even
from answers.report.findings import findings
from answers.report.groups import groups_of
from answers.report.indices import sensitivities
from answers.report.section import Section
from model.errors import ScenarioError

if TYPE_CHECKING:
    from batch.analysis import StudyResults
    from batch.study import Study


def page(results: "StudyResults") -> str:
    """Return the report of a study as HTML that needs nothing beside it.

    Raises
    ------
    ScenarioError
        When no run is done yet.
    """
    study, runs, failures = results.study, results.runs(), results.failures()
    if runs.empty:
        raise ScenarioError(f"{results.folder}: no run is done yet; there is nothing to report")
    groups = groups_of(study)
    prices = break_even(results, runs)
    sections = [
        Section("answer", "The answer", findings(study, runs, groups, prices)),
        facts.design(results, runs, failures),
        parts.shares(results, runs, groups),
        parts.prices(study, prices),
        sensitivities(results),
        parts.profits(study, runs, groups),
        parts.flows(results, runs, groups),
        parts.stays(results, runs, groups),
        parts.means(results),
        facts.provenance(results),
        facts.rebuild(results),
    ]
    return render(
        title=study.name,
        question=study.question,
        unfinished=unfinished(study, len(runs) + len(failures)),
        failed=len(failures),
        sections=[section for section in sections if section is not None],
    )


def unfinished(study: "Study", settled: int) -> str:
    """Say how many runs a study lacks, nothing where none; of an adaptive study only the fewest are known."""
    least = len(study.points) * study.replicates.minimum
    return f"{settled:,} of {least:,} runs are settled." if settled < least else ""


def render(**words: Any) -> str:
    """Fill the page's template."""
    here = files("answers.report")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(here.joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(style=here.joinpath("page.css").read_text(encoding="utf-8"), **words)
