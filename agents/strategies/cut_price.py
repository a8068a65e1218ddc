"""Cut the price: "... or lower your prices"."""

from typing import Literal

from agents.section import setting
from agents.strategies.base import Response, Review, Strategy


class CutPrice(Strategy):
    """After losing more than `trigger` of its users, lower the price by `step`, not below its own cost."""

    kind: Literal["cut-price"] = "cut-price"
    trigger: float = setting(0.05, "share of users lost since the last review that makes it act", ge=0, lt=1)
    step: float = setting(0.5, "how much the price goes down at a time", unit="dollars/month", gt=0)

    def respond(self, review: Review) -> Response | None:
        """Lower the price by a step, as far as the floor allows."""
        price = max(review.me.price - self.step, review.floor)
        if review.lost <= self.trigger or price >= review.me.price:
            return None
        return Response(self.kind, price=price)
