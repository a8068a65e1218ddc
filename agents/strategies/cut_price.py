"""Cut the price: "... or lower your prices"."""

from typing import Literal

from agents.settings import setting
from agents.strategies.base import Response, Review, Strategy


class CutPrice(Strategy):
    """After losing more than `trigger` of its users, lower the price by `step`, not below its own cost."""

    kind: Literal["cut-price"] = "cut-price"
    trigger: float = setting(0.05, "share of users lost since the last review that makes it act", ge=0, lt=1)
    step: float = setting(0.5, "how much the price goes down at a time", unit="dollars/month", gt=0)

    def respond(self, review: Review) -> Response | None:
        """Lower the price by one step, but not below the floor."""
        price = max(review.own.price - self.step, review.floor)
        if review.lost <= self.trigger or price >= review.own.price:
            return None
        return Response(self.kind, price=price)
