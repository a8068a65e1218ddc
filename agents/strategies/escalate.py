"""Escalate: try one strategy; if it has not helped, the next."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from agents.settings import as_table, setting
from agents.strategies.base import Response, Review, Strategy
from agents.strategies.copy import Copy
from agents.strategies.cut_price import CutPrice
from agents.strategies.match import Match

Step = Annotated[
    Annotated[Copy | CutPrice | Match, Field(discriminator="kind")],
    BeforeValidator(as_table),
]


class Escalate(Strategy):
    """Respond with the first of `steps`, then with the next one each time; the last is repeated.

    A step without a response, such as a price cut at the floor, is skipped.
    """

    kind: Literal["escalate"] = "escalate"
    steps: list[Step] = setting(
        lambda: [CutPrice(), Copy()], "strategies, in the order in which they are tried", min_length=1
    )

    def respond(self, review: Review) -> Response | None:
        """Return the response of the current step, or of the first later step that has one."""
        turn = min(len(review.tried), len(self.steps) - 1)
        responses = (step.respond(review) for step in self.steps[turn:])
        return next((response for response in responses if response is not None), None)
