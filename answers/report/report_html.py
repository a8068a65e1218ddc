"""The page: from a study's tables to sections, and from sections to one HTML file."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2

from answers.report import report_facts, report_results
from answers.report.break_even import break_even
from answers.report.groups import groups_of
from answers.report.report_section import Section
from answers.report.report_sensitivity import sensitivities
from answers.report.report_text import findings
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
        report_facts.design(results, runs, failures),
        report_results.shares(results, runs, groups),
        report_results.prices(study, prices),
        sensitivities(results),
        report_results.profits(study, runs, groups),
        report_results.flows(results, runs, groups),
        report_results.stays(results, runs, groups),
        report_results.means(results),
        report_facts.provenance(results),
        report_facts.rebuild(results),
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
    template = environment.from_string(here.joinpath("report.html").read_text(encoding="utf-8"))
    return template.render(style=here.joinpath("report.css").read_text(encoding="utf-8"), **words)
