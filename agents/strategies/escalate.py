"""Escalate: try one strategy; if it has not helped, the next."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from agents.section import as_table, setting
from agents.strategies.base import Response, Review, Strategy
from agents.strategies.copy import Copy
from agents.strategies.cut_price import CutPrice
from agents.strategies.match import Match

Step = Annotated[
    Annotated[Copy | CutPrice | Match, Field(discriminator="kind")],
    BeforeValidator(as_table),
]


class Escalate(Strategy):
    """Answer with the first of `steps`; each further answer comes from the next one, the last again and again.

    A step that has no answer, such as a cut of a price that is at its floor, is passed over.
    """

    kind: Literal["escalate"] = "escalate"
    steps: list[Step] = setting(
        lambda: [CutPrice(), Copy()], "strategies, in the order in which they are tried", min_length=1
    )

    def respond(self, review: Review) -> Response | None:
        """Answer as the step does whose turn it is, or the first after it that has an answer."""
        turn = min(len(review.tried), len(self.steps) - 1)
        answers = (step.respond(review) for step in self.steps[turn:])
        return next((answer for answer in answers if answer is not None), None)
