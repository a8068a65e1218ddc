"""Where among a study's factors a condition mostly holds."""

from typing import TYPE_CHECKING

from answers.answer import Answer
from answers.scenario_discovery.discover_ask import ask
from answers.scenario_discovery.discover_measure import Discovery, measure
from answers.scenario_discovery.discover_table import summary_of, table_of
from answers.scenario_discovery.discover_text import paragraph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from batch.analysis import StudyResults


def discover(results: "StudyResults", when: str) -> Answer:
    """Return the boxes of a study's factors in which a condition on its runs mostly holds.

    Parameters
    ----------
    results
        A study of any design.
    when
        The condition, as `answers.scenario_discovery.condition` reads it.

    Raises
    ------
    ScenarioError
        For a condition that cannot be read, or a study of too few points or without factors.
    """
    cases = ask(results, when)
    discovery = measure(results.study, when, cases)
    return tell(discovery)


def tell(discovery: Discovery) -> Answer:
    """Return a discovery as an answer."""

    def figure() -> "Figure":
        from answers.scenario_discovery.discover_figure import discover_figure  # matplotlib takes a moment

        return discover_figure(discovery)

    return Answer("discover", summary_of(discovery), table_of(discovery), paragraph(discovery), figure)
