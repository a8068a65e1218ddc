"""Hold: whatever happens, go on as before."""

from typing import Literal

from agents.strategies.base import Response, Review, Strategy


class Hold(Strategy):
    """Never respond."""

    kind: Literal["hold"] = "hold"

    def respond(self, review: Review) -> Response | None:  # noqa: ARG002 -- nothing impresses it
        """Do nothing."""
        return None
