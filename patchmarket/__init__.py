"""Who wins the users: the host that reboots for every kernel flaw, or the one that pays for live patches.

The public names of all folders, imported on first use.

>>> import patchmarket
>>> market = patchmarket.Market("quiet", rng=1, **{"users.count": 1000}).run()
>>> len(market.record.moves)
0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.provider import Provider
    from agents.user import User
    from answers.company import Company
    from answers.comparison.compare import compare
    from answers.decision.decide import decide
    from answers.fitting.fit import fit
    from answers.games.game import game
    from answers.patch_timing.patch_cycle import patch_cycle
    from answers.report.report import write_report
    from answers.scenario_discovery.discover import discover
    from answers.sensitivity_analysis.sensitivity import sensitivity
    from answers.validation.validate import validate
    from batch.analysis import open_study
    from batch.runner import run_study
    from batch.study import Study
    from browser.mesa_page import solara_page
    from model.errors import ScenarioError
    from model.market import Market
    from model.plugins import load_plugins, network_reader, outcome
    from model.scenario import Scenario

__all__ = [
    "Company",
    "Market",
    "Provider",
    "Scenario",
    "ScenarioError",
    "Study",
    "User",
    "compare",
    "decide",
    "discover",
    "fit",
    "game",
    "load_plugins",
    "network_reader",
    "open_study",
    "outcome",
    "patch_cycle",
    "run_study",
    "sensitivity",
    "solara_page",
    "validate",
    "write_report",
]

_HOMES = {
    "Company": "answers",
    "Market": "model",
    "Provider": "agents",
    "Scenario": "model",
    "ScenarioError": "model",
    "Study": "batch",
    "User": "agents",
    "compare": "answers",
    "decide": "answers",
    "discover": "answers",
    "fit": "answers",
    "game": "answers",
    "load_plugins": "model",
    "open_study": "batch",
    "network_reader": "model",
    "outcome": "model",
    "patch_cycle": "answers",
    "run_study": "batch",
    "sensitivity": "answers",
    "solara_page": "browser.mesa_page",
    "validate": "answers",
    "write_report": "answers",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'patchmarket' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
