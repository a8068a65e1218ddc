"""Copy: adopt the policy of whoever earns most. "You're going to have to either copy your competitor ..."."""

from typing import Literal

from agents.section import setting
from agents.strategies.base import Response, Review, Strategy


class Copy(Strategy):
    """After losing more than `trigger` of its users, adopt the policy of the provider with the best profit.

    A platform on which some of its own users could not run is not copied. Profit is per original server, the email's
    measure: per server in use the host that loses a fifth of its users would still look as good as before.
    """

    kind: Literal["copy"] = "copy"
    trigger: float = setting(0.05, "share of users lost since the last review that makes it act", ge=0, lt=1)

    def respond(self, review: Review) -> Response | None:
        """Adopt the best earner's policy, unless it is one's own."""
        everybody = (review.me, *sorted(review.others, key=lambda standing: standing.name))
        open_to_all = [s for s in everybody if s.policy.reachable >= review.me.policy.reachable]
        best = max(open_to_all, key=lambda standing: standing.profit)
        if review.lost <= self.trigger or best.policy == review.me.policy:
            return None
        return Response(self.kind, policy=best.policy)
