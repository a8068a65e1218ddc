"""What can be read from any market: the part of it that summaries, figures and displays need."""

from typing import Protocol

from agents.provider import Provider
from agents.users import Users
from model.demography import Demography
from model.network import Graph
from model.record import Record
from model.scenario import Scenario
from model.timeline import Timeline


class MarketState(Protocol):
    """A market at the end of a day; its attributes are those of `Market`."""

    settings: Scenario
    seed: int
    day: int
    users: Users
    providers: list[Provider]
    demography: Demography
    network: Graph
    record: Record
    timeline: Timeline
