"""The section about sensitivity: which factors the outcomes of a study depend on."""

from typing import TYPE_CHECKING

from answers.report.section import Section

if TYPE_CHECKING:
    from batch.analysis import StudyResults

DESIGNS = ("saltelli", "morris")  # that have indices
OUTCOMES = {
    "lost_share_p0": "the share of users that the first provider lost",
    "p0_mean_profit_per_original_server": "the first provider's profit per original server",
}
MOST_ROWS = 40


def sensitivities(results: "StudyResults") -> Section | None:
    """Show the indices of the main outcomes; None for designs that have none."""
    if results.study.design.kind not in DESIGNS:
        return None
    from answers.sensitivity import indices
    from model.errors import ScenarioError

    section = Section("sensitivity", "Sensitivity")
    for outcome, meaning in OUTCOMES.items():
        try:
            table = indices(results, outcome)
        except ScenarioError as error:  # too few runs yet, or an outcome that does not vary
            section.words.append(f"Of {meaning} there are no indices: {error}")
            continue
        section.add_table(f"Indices of {meaning}.", table, MOST_ROWS)
    return section
