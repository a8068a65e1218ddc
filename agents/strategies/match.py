"""Match: meet the lowest price in the market."""

from typing import Literal

from agents.strategies.base import Response, Review, Strategy


class Match(Strategy):
    """Meet the lowest price in the market, not below one's own cost."""

    kind: Literal["match"] = "match"

    def respond(self, review: Review) -> Response | None:
        """Lower the price to the lowest of the others, but not below the floor."""
        price = max(min((other.price for other in review.others), default=review.own.price), review.floor)
        return Response(self.kind, price=price) if price < review.own.price else None
