"""Copy: adopt the policy of the most profitable provider. "You're going to have to either copy your competitor ..."."""

from typing import Literal

from agents.settings import setting
from agents.strategies.base import Response, Review, Strategy


class Copy(Strategy):
    """After losing more than `trigger` of its users, adopt the policy of the provider with the best profit.

    A platform on which some of its own users could not run is not copied. Profit is per original server, as in the
    email: per server in use, a host that loses a fifth of its users would look as profitable as before.
    """

    kind: Literal["copy"] = "copy"
    trigger: float = setting(0.05, "share of users lost since the last review that makes it act", ge=0, lt=1)

    def respond(self, review: Review) -> Response | None:
        """Adopt the most profitable provider's policy, unless it is the own one."""
        everybody = (review.own, *sorted(review.others, key=lambda standing: standing.name))
        open_to_all = [s for s in everybody if s.policy.reachable >= review.own.policy.reachable]
        best = max(open_to_all, key=lambda standing: standing.profit)
        if review.lost <= self.trigger or best.policy == review.own.policy:
            return None
        return Response(self.kind, policy=best.policy)
