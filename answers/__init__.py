"""The questions: what an operator or a researcher wants to know, answered from runs in dollars, with intervals.

Every question has the same shape, and its files carry the name of its command:

- `X_ask.py`: the input as what is to be run, such as contrasts or variants of a scenario; questions about a finished
  study start from its runs.
- `X_run.py`: the runs, where `answers.experiment` alone is not enough.
- `X_measure.py`: one frozen object of plain numbers.
- `X_table.py`, `X_text.py`, `X_figure.py`: that object as a table and JSON, as a paragraph, as a figure.
- `X.py`: the function that does this in a straight line, and returns an `answers.answer.Answer`.

Questions do not import each other; what two of them share is a file beside their folders.

>>> from answers import decide
>>> from model import Scenario
>>> market = Scenario.preset("thought-experiment", **{"users.count": 100, "days": 30, "flaws.per_year": 40.0})
>>> decide(market, replicates=3, workers=1).summary["provider"]
'Reboot & Co'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from answers.answer import Answer
    from answers.calibration.calibrate import calibrate
    from answers.calibration.recovery import recover
    from answers.comparison.compare import compare
    from answers.decision.decide import decide
    from answers.decision.decide_company import Company
    from answers.games.game import game
    from answers.patch_timing.patch_cycle import patch_cycle
    from answers.report.report import write_report
    from answers.scenario_discovery.discover import discover
    from answers.sensitivity_analysis.sensitivity import sensitivity
    from answers.validation.validate import validate

__all__ = [
    "Answer",
    "Company",
    "calibrate",
    "compare",
    "decide",
    "discover",
    "game",
    "patch_cycle",
    "recover",
    "sensitivity",
    "validate",
    "write_report",
]

_HOMES = {
    "Answer": "answers.answer",
    "Company": "answers.decision.decide_company",
    "calibrate": "answers.calibration.calibrate",
    "compare": "answers.comparison.compare",
    "decide": "answers.decision.decide",
    "discover": "answers.scenario_discovery.discover",
    "game": "answers.games.game",
    "patch_cycle": "answers.patch_timing.patch_cycle",
    "recover": "answers.calibration.recovery",
    "sensitivity": "answers.sensitivity_analysis.sensitivity",
    "validate": "answers.validation.validate",
    "write_report": "answers.report.report",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use: the command line's `--help` must not wait for pandas and matplotlib."""
    if name not in _HOMES:
        raise AttributeError(f"module 'answers' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
