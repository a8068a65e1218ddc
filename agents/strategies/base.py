"""What a market strategy is: on a review day it looks at the market and may answer with a price or a policy."""

from typing import NamedTuple

from agents.policies import Policy
from agents.section import Section


class Standing(NamedTuple):
    """What everybody can see of a provider on a review day."""

    name: str
    policy: Policy
    price: float  # dollars a month
    profit: float  # since the last review, per server that it started the run with, dollars a month


class Review(NamedTuple):
    """What a provider has before it on its review day."""

    me: Standing
    others: tuple[Standing, ...]
    lost: float  # net share of its users lost since the last review
    floor: float  # its own cost per user, dollars a month: no price goes below it
    tried: tuple[str, ...]  # the kinds of strategy that have answered before, oldest first


class Response(NamedTuple):
    """What a provider decides: a new price, or a new policy."""

    by: str  # the kind of the strategy
    price: float | None = None
    policy: Policy | None = None


class Strategy(Section):
    """Base of all market strategies. A new one is one file: subclass it and write `respond`."""

    kind: str

    def respond(self, review: Review) -> Response | None:
        """Return what the provider does about what it sees; None: nothing."""
        raise NotImplementedError
