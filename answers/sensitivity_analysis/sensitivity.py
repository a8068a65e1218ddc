"""Which factors decide an outcome of a finished study."""

from typing import TYPE_CHECKING

from answers.answer import Answer
from answers.indices import analysable
from answers.sensitivity_analysis.sensitivity_measure import Sensitivity, measure
from answers.sensitivity_analysis.sensitivity_table import summary_of
from answers.sensitivity_analysis.sensitivity_text import paragraph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from batch.analysis import StudyResults


def sensitivity(results: "StudyResults", outcome: str) -> Answer:
    """Return the sensitivity of an outcome to the factors of a study.

    Parameters
    ----------
    results
        A study of design `saltelli` or `morris`.
    outcome
        A numeric column of the runs.

    Raises
    ------
    ScenarioError
        For another design, an unknown or constant outcome, or too few whole blocks.
    """
    blocks = analysable(results, outcome)
    found = measure(results.study, outcome, blocks)
    return tell(found)


def tell(found: Sensitivity) -> Answer:
    """Return a sensitivity analysis as an answer."""

    def figure() -> "Figure":
        from answers.sensitivity_analysis.sensitivity_figure import sensitivity_figure  # matplotlib takes a moment

        return sensitivity_figure(found)

    return Answer("sensitivity", summary_of(found), found.table, paragraph(found), figure)
