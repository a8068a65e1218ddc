"""The page: from a study's tables to sections, and from sections to one HTML file."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2

from answers.report import facts, parts
from answers.report.break_even import break_even
from answers.report.findings import findings
from answers.report.groups import groups_of
from answers.report.section import Section
from model.errors import ScenarioError

if TYPE_CHECKING:
    from batch.analysis import StudyResults


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
    answer = Section("answer", "The answer", findings(study, runs, groups, prices))
    sections = [
        answer,
        facts.design(results, runs, failures),
        parts.means(results),
        parts.shares(results, runs, groups),
        parts.flows(results, runs, groups),
        parts.stays(results, runs, groups),
        parts.profits(study, runs, groups),
        parts.prices(study, prices),
        parts.sensitivities(results),
        facts.provenance(results),
        facts.rebuild(results),
    ]
    open_runs = study.total_runs - len(runs) - len(failures)
    return render(
        title=study.name,
        question=study.question,
        unfinished=f"{len(runs):,} of {study.total_runs:,} runs are done." if open_runs > 0 and not_over(study) else "",
        failed=len(failures),
        sections=[section for section in sections if section is not None],
    )


def not_over(study: Any) -> bool:
    """Whether fewer runs than there can be mean that some are missing."""
    return not study.replicates.adaptive


def render(**words: Any) -> str:
    """Fill the page's template."""
    here = files("answers.report")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(here.joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(style=here.joinpath("page.css").read_text(encoding="utf-8"), **words)
