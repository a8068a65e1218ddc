"""Match: never be dearer than the cheapest."""

from typing import Literal

from agents.strategies.base import Response, Review, Strategy


class Match(Strategy):
    """Meet the lowest price in the market, not below one's own cost."""

    kind: Literal["match"] = "match"

    def respond(self, review: Review) -> Response | None:
        """Go down to the lowest price of the others, as far as the floor allows."""
        price = max(min((other.price for other in review.others), default=review.me.price), review.floor)
        return Response(self.kind, price=price) if price < review.me.price else None
