"""The world: scenario, market, flaws, network, ledger and record.

>>> from model import Market, Scenario
>>> market = Market(Scenario.preset("quiet", **{"users.count": 1000}), rng=1).run()
>>> len(market.record.moves)
0
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.errors import ScenarioError
    from model.market import Market
    from model.plugins import load_plugins, network_reader, outcome
    from model.scenario import Scenario

DEFAULT_SCENARIO = "thought-experiment"
DEFAULT_SEED = 3  # a run close to the median of the thought experiment; any other is as true

__all__ = [
    "DEFAULT_SCENARIO",
    "DEFAULT_SEED",
    "Market",
    "Scenario",
    "ScenarioError",
    "load_plugins",
    "network_reader",
    "outcome",
]

_HOMES = {
    "Market": "model.market",
    "Scenario": "model.scenario",
    "ScenarioError": "model.errors",
    "load_plugins": "model.plugins",
    "network_reader": "model.plugins",
    "outcome": "model.plugins",
}


def __getattr__(name: str) -> Any:
    """Import on first use: the command line's `--help` must not wait for Mesa and numba."""
    if name not in _HOMES:
        raise AttributeError(f"module 'model' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
