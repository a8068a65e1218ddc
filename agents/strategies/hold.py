"""Hold: never change anything."""

from typing import Literal

from agents.strategies.base import Response, Review, Strategy


class Hold(Strategy):
    """Never respond."""

    kind: Literal["hold"] = "hold"

    def respond(self, review: Review) -> Response | None:  # noqa: ARG002 -- part of the interface
        """Do nothing."""
        return None
