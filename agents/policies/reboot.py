"""Reboot: every flaw announces a campaign; every server is down once, for minutes."""

from typing import Literal

from agents.policies.base import AnnouncedCampaigns, FullReboots


class Reboot(AnnouncedCampaigns, FullReboots):
    """Scheduled maintenance, as the email describes it: 5 minutes of outage for everybody."""

    kind: Literal["reboot"] = "reboot"
