"""Triage: reboot for the worst flaws; the others wait for the next such reboot."""

from agents.exposure import NEVER, Flaw
from agents.maintenance import Maintenance
from agents.policies.base import AnnouncedCampaigns, FullReboots
from agents.settings import setting


class Triage(AnnouncedCampaigns, FullReboots):
    """Announce a campaign for an urgent flaw; the campaign also fixes all flaws that are waiting."""

    kind: str = "triage"
    urgent: float = setting(0.7, "severity from which a flaw cannot wait", ge=0, le=1)

    def on_flaw(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:
        """Announce a campaign for an urgent flaw; let any other wait."""
        if flaw.severity >= self.urgent:
            return super().on_flaw(flaw, maintenance, day)
        maintenance.waiting += 1
        return NEVER  # no live patch comes
