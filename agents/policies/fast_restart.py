"""Fast restart: campaigns with short outages, by kexec or on a microkernel that reloads in seconds."""

from typing import Literal

from agents.policies.base import SECONDS_PER_MINUTE, AnnouncedCampaigns
from agents.settings import setting


class FastRestart(AnnouncedCampaigns):
    """A restart of 15 to 20 seconds; on a special platform (`reach` < 1) not every user can run."""

    kind: Literal["fast-restart"] = "fast-restart"
    outage_seconds: float = setting(
        20.0,
        "seconds a restart costs each user",
        unit="seconds",
        source="debian-user, June 2018: a microkernel; kexec of a host with guests is reported at 59 to 160",
        ge=0,
        le=86_400,
    )
    reach: float = setting(1.0, "share of users whose services can run on the platform", gt=0, le=1)

    @property
    def reachable(self) -> float:
        """Share of users whose services can run on this platform."""
        return self.reach

    @property
    def campaign_minutes(self) -> float:
        """Minutes without service that a campaign costs each user."""
        return self.outage_seconds / SECONDS_PER_MINUTE
