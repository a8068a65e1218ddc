"""Market strategies, one a file: how a provider responds when its users leave."""

from typing import Annotated

from pydantic import Field

from agents.strategies.base import Response, Review, Standing, Strategy
from agents.strategies.copy import Copy
from agents.strategies.cut_price import CutPrice
from agents.strategies.escalate import Escalate
from agents.strategies.hold import Hold
from agents.strategies.match import Match

STRATEGIES = (Hold, Copy, CutPrice, Match, Escalate)
"""The built-in strategies."""

AnyStrategy = Annotated[Hold | Copy | CutPrice | Match | Escalate, Field(discriminator="kind")]

__all__ = [
    "STRATEGIES",
    "AnyStrategy",
    "Copy",
    "CutPrice",
    "Escalate",
    "Hold",
    "Match",
    "Response",
    "Review",
    "Standing",
    "Strategy",
]
