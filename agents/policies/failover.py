"""Failover: servers are replicated, and the copy takes over while the other reboots."""

from typing import Literal

from agents.policies.base import SECONDS_PER_MINUTE, AnnouncedCampaigns
from agents.settings import setting


class Failover(AnnouncedCampaigns):
    """The provider buys every server `replicas` times; users see only the take-over."""

    kind: Literal["failover"] = "failover"
    failover_seconds: float = setting(30.0, "seconds until the copy has taken over", unit="seconds", ge=0, le=86_400)
    replicas: int = setting(2, "copies of each server, itself included", ge=2, le=100)

    @property
    def campaign_minutes(self) -> float:
        """Minutes without service that a campaign costs each user."""
        return self.failover_seconds / SECONDS_PER_MINUTE

    def servers_paid(self, servers: int) -> float:
        """Return the number of all copies of all servers."""
        return float(servers * self.replicas)
