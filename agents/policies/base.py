"""The base classes of patch policies, which turn flaws into campaigns, campaigns into outages and fleets into costs.

A policy holds settings only, so providers can share one; the state of a provider is in its `Maintenance`. To add a
policy, write one file: subclass one of the bases here and override what differs.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.exposure import NEVER, Flaw
from agents.maintenance import Maintenance
from agents.settings import Settings, setting

SECONDS_PER_MINUTE = 60.0
REBOOT = "debian-user, June 2018; of the order of 10 for a host with guests (Russinovich et al. 2021)"


class Outage(NamedTuple):
    """Servers that are down today, and for how long."""

    cause: str  # "maintenance", "bad-patch", "bad-update", "failed-migration", "breach" or "failure"
    servers: NDArray[np.int64]
    minutes: float


class Work(NamedTuple):
    """What a policy does on a day."""

    patches: int  # live patches applied
    due: range  # servers that a campaign takes down
    bad_fixes: list[NDArray[np.int64]]  # for each bad fix applied, the servers it is applied to


class Policy(Settings):
    """Base of all patch policies. By default flaws stay open, and nothing is done or paid."""

    kind: str

    @property
    def window(self) -> int:
        """Days over which a campaign is spread."""
        return 1

    @property
    def reachable(self) -> float:
        """Share of users whose services can run on this platform."""
        return 1.0

    @property
    def soak(self) -> int:
        """Days that a fix is left to others before it is applied, lest it be bad."""
        return 0

    def on_flaw(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:  # noqa: ARG002 -- subclasses ask
        """React to a flaw, on the day it arrives or `soak` days later.

        Returns the day on which a live patch fixes it, `NEVER` if none does.
        """
        maintenance.waiting += 1
        return NEVER

    def plan(self, maintenance: Maintenance, day: int) -> None:
        """Announce the campaigns that are due by the calendar, with or without a flaw."""

    def patch(self, maintenance: Maintenance, day: int, flaws: list[Flaw], servers: int) -> Work:
        """Do the maintenance of a day for a fleet of so many servers.

        A campaign that starts today does so before today's flaws arrive, which wait for the next one.
        """
        maintenance.resize(servers)
        maintenance.advance(day, self.window, servers)
        maintenance.disclose(day, flaws)
        for found in maintenance.to_consider(day - self.soak):
            found.patch_day = self.on_flaw(found.flaw, maintenance, day)
            if found.patch_day < day:
                raise ValueError(
                    f"{self.kind}: on_flaw returned {found.patch_day}; it must be a day from {day} on, or NEVER"
                )
        self.plan(maintenance, day)
        due = maintenance.advance(day, self.window, servers)
        due = range(due.start, min(due.stop, servers))  # the fleet may have shrunk since the start
        bad_fixes = maintenance.bad_fixes(day, due)
        return Work(maintenance.apply_fixes(day, due), due, bad_fixes)

    def next_day(self, maintenance: Maintenance, day: int) -> int:
        """Return the first day after `day` with work to do or chances to draw if no further flaw appears.

        Only the built-in policies are asked; those of users of the library get every day.
        """
        considers = min((f.day for f in maintenance.flaws if f.number >= maintenance.considered), default=NEVER)
        return min(max(considers + self.soak, day + 1), maintenance.next_day(day))

    def take_over(self, maintenance: Maintenance, day: int) -> None:  # noqa: ARG002 -- subclasses ask
        """Continue from where another policy left off."""
        maintenance.drop_patches()
        maintenance.drop_campaigns()

    def maintain(self, servers: range, rng: np.random.Generator) -> list[Outage]:
        """Return the outages of the servers that a campaign takes down today."""
        raise NotImplementedError(f"{self.kind} does not run campaigns")

    def patch_live(self, servers: int, rng: np.random.Generator) -> list[Outage]:
        """Return the outages that one live patch causes in a fleet."""
        raise NotImplementedError(f"{self.kind} does not patch live")

    def servers_paid(self, servers: int) -> float:
        """Return the number of servers paid for to run `servers` of them."""
        return float(servers)

    def monthly_cost(self, servers: int) -> float:  # noqa: ARG002 -- subclasses ask
        """Return the cost of patching a fleet, dollars a month."""
        return 0.0

    def cost_per_patch(self) -> float:
        """Return the cost of one live patch for the whole fleet, dollars."""
        return 0.0


class CampaignPolicy(Policy):
    """Base of the policies that fix flaws in campaigns."""

    window_days: int = setting(7, "days over which a campaign takes the servers down", unit="days", ge=1)
    soak_days: int = setting(
        0, "days to wait after a fix is out before applying it, lest it be bad", unit="days", ge=0, le=100_000
    )

    @property
    def window(self) -> int:
        """Days over which a campaign is spread."""
        return self.window_days

    @property
    def soak(self) -> int:
        """Days that a fix is left to others before it is applied."""
        return self.soak_days

    @property
    def campaign_minutes(self) -> float:
        """Minutes without service that a campaign costs each user."""
        raise NotImplementedError

    def take_over(self, maintenance: Maintenance, day: int) -> None:  # noqa: ARG002 -- subclasses ask
        """Continue announced and running campaigns; flaws whose live patch is to come wait for a campaign."""
        maintenance.drop_patches()

    def maintain(self, servers: range, rng: np.random.Generator) -> list[Outage]:  # noqa: ARG002 -- nothing is random here
        """Take each of the servers down once."""
        return [Outage("maintenance", np.arange(servers.start, servers.stop), self.campaign_minutes)]


class AnnouncedCampaigns(CampaignPolicy):
    """Base of the policies that answer a flaw with a campaign, announced to the users."""

    notice_days: int = setting(7, "days between announcing a campaign and its first outage", unit="days", ge=0)

    def on_flaw(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:  # noqa: ARG002 -- every flaw alike
        """Announce a campaign for the flaw."""
        maintenance.waiting += 1
        maintenance.announce(day + self.notice_days)
        return NEVER

    def take_over(self, maintenance: Maintenance, day: int) -> None:
        """Continue campaigns, and announce one for the flaws that the other policy left open."""
        super().take_over(maintenance, day)
        if maintenance.waiting:
            maintenance.announce(day + self.notice_days)


class FullReboots(CampaignPolicy):
    """Base of the policies whose campaigns are ordinary reboots."""

    outage_minutes: float = setting(
        5.0, "minutes a reboot costs each user", unit="minutes", source=REBOOT, ge=0, le=1440
    )

    @property
    def campaign_minutes(self) -> float:
        """Minutes without service that a campaign costs each user."""
        return self.outage_minutes
