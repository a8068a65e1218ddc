"""Mesa's own Scenario (from Mesa 3.5 on) as the settings of a market.

RESET on Mesa's page makes a new Scenario of the same class as `market.scenario`, without its fields, and passes it with
the page's parameters. What a market started from is therefore a default of that class.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from model.scenario import Scenario

try:
    from mesa.experimental.scenarios import Scenario as MesaScenario
except ImportError:  # before 3.5
    MesaScenario = None

DEFAULT = "thought-experiment"
NOT_SETTINGS = ("model", "rng", "_scenario_id")
Source = Scenario | str | Path | Mapping[str, Any]


class Given(NamedTuple):
    """What a market is made from."""

    source: Source
    settings: dict[str, Any]  # by dotted path
    rng: Any
    mesa_scenario: Any  # None before Mesa 3.5


def read_scenario(scenario: Any, settings: dict[str, Any], rng: Any) -> Given:
    """Return what a market is made from, given one of our scenarios or one of Mesa's.

    The field `preset` of a Mesa Scenario is what to start from, its `rng` is the seed unless another is given, and its
    other fields are settings by dotted path, which those given beside it replace.
    """
    if MesaScenario is None:
        return Given(scenario, settings, rng, None)
    if not isinstance(scenario, MesaScenario):
        return Given(scenario, settings, rng, None if scenario == DEFAULT else starting_from(scenario))
    fields = {name: value for name, value in vars(scenario).items() if name not in NOT_SETTINGS}
    source = fields.pop("preset", DEFAULT)
    return Given(source, fields | settings, scenario.rng if rng is None else rng, scenario)


def starting_from(source: Source) -> Any:
    """Return a Mesa Scenario whose class starts from `source`."""
    reduce = {"__reduce__": lambda self: (starting_from, (self.preset,))}  # a class made here cannot be pickled by name
    body = {"__annotations__": {"preset": object}, "preset": source, **reduce}
    return type("MarketScenario", (MesaScenario,), body)(_scenario_id=0)
