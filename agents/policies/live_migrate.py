"""Live migration: every guest moves to an already patched host."""

from typing import Literal

import numpy as np

from agents.bernoulli import bernoulli_indices
from agents.policies.base import SECONDS_PER_MINUTE, AnnouncedCampaigns, Outage
from agents.settings import setting


class LiveMigrate(AnnouncedCampaigns):
    """Move the guests and patch the empty host: a short pause for users, spare servers for the provider.

    A failed migration is a full outage of the server it was to empty.
    """

    kind: Literal["live-migrate"] = "live-migrate"
    notice_days: int = setting(0, "days between announcing a campaign and its first move", unit="days", ge=0)
    window_days: int = setting(1, "days over which a campaign empties the servers", unit="days", ge=1)
    blackout_seconds: float = setting(
        0.3,
        "pause that a user sees per move",
        unit="seconds",
        grade="measured",
        source="99th percentile of a million moves a month, the median is 0.05 (Ruprecht et al. 2018)",
        ge=0,
        le=86_400,
    )
    failure_probability: float = setting(0.0, "chance that emptying a server ends in an outage", ge=0, le=1)
    outage_minutes: float = setting(5.0, "minutes that a failed move costs each user", unit="minutes", ge=0, le=1440)
    spare_fraction: float = setting(0.1, "empty servers kept to move to, per server in use", ge=0, le=100)

    @property
    def campaign_minutes(self) -> float:
        """Minutes without service that a campaign costs each user when nothing fails."""
        return self.blackout_seconds / SECONDS_PER_MINUTE

    def maintain(self, servers: range, rng: np.random.Generator) -> list[Outage]:
        """Migrate all guests; some migrations fail."""
        outages = super().maintain(servers, rng)
        failed = servers.start + bernoulli_indices(rng, len(servers), self.failure_probability)
        if len(failed):
            outages.append(Outage("failed-migration", failed, self.outage_minutes))
        return outages

    def servers_paid(self, servers: int) -> float:
        """Return the number of servers in use and of spare ones."""
        return servers * (1 + self.spare_fraction)
