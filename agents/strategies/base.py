"""The base of market strategies: on a review day a provider may respond to the market with a new price or policy."""

from typing import NamedTuple

from agents.policies import Policy
from agents.settings import Settings


class Standing(NamedTuple):
    """What is public about a provider on a review day."""

    name: str
    policy: Policy
    price: float  # dollars a month
    profit: float  # since the last review, per server that it started the run with, dollars a month


class Review(NamedTuple):
    """What a provider knows on its review day."""

    own: Standing
    others: tuple[Standing, ...]
    lost: float  # net share of its users lost to rivals since the last review
    floor: float  # its own cost per user, dollars a month: no price goes below it
    tried: tuple[str, ...]  # kinds of strategy that have responded before, oldest first


class Response(NamedTuple):
    """What a provider decides: a new price, or a new policy."""

    by: str  # the kind of the strategy
    price: float | None = None
    policy: Policy | None = None


class Strategy(Settings):
    """Base of all market strategies. To add one, write one file: subclass it and implement `respond`."""

    kind: str

    def respond(self, review: Review) -> Response | None:
        """Return the provider's response, or None to do nothing."""
        raise NotImplementedError
