"""The base classes of patch policies, which turn flaws into campaigns, campaigns into outages and fleets into costs.

A policy holds settings only, so providers can share one; the state of a provider is in its `Maintenance`. To add a
policy, write one file: subclass one of the bases here and override what differs.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.bernoulli import bernoulli_indices
from agents.maintenance import Maintenance
from agents.settings import Settings, setting

SECONDS_PER_MINUTE = 60.0
REBOOT = "debian-user, June 2018; of the order of 10 for a host with guests (Russinovich et al. 2021)"


class Flaw(NamedTuple):
    """A security hole whose fix needs new code on every host."""

    kind: str  # "kernel" or "hypervisor"
    severity: float  # u ~ U(0, 1), drawn once for the whole market: a live patch covers it iff u < coverage


class Outage(NamedTuple):
    """Servers that are down today, and for how long."""

    cause: str  # "maintenance", "bad-patch", "failed-migration", "breach" or "failure"
    servers: NDArray[np.int64]
    minutes: float


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

    def on_flaw(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:  # noqa: ARG002 -- subclasses ask
        """React to a flaw on the day it arrives; return the number of live patches applied."""
        maintenance.waiting += 1
        return 0

    def plan(self, maintenance: Maintenance, day: int) -> None:
        """Announce the campaigns that are due by the calendar, with or without a flaw."""

    def patch(self, maintenance: Maintenance, day: int, flaws: list[Flaw], servers: int) -> tuple[int, range]:
        """Do the maintenance of a day; return the number of live patches applied and the servers that go down.

        A campaign that starts today does so before today's flaws arrive, which wait for the next one.
        """
        maintenance.advance(day, self.window, servers)
        patches = sum(self.on_flaw(flaw, maintenance, day) for flaw in flaws)
        self.plan(maintenance, day)
        due = maintenance.advance(day, self.window, servers)
        return patches, range(due.start, min(due.stop, servers))  # the fleet may have shrunk since the start

    def next_day(self, maintenance: Maintenance, day: int) -> int:
        """Return the first day after `day` with work to do or chances to draw if no further flaw appears.

        Only the built-in policies are asked; those of users of the library get every day.
        """
        return maintenance.next_day(day)

    def take_over(self, maintenance: Maintenance, day: int) -> None:  # noqa: ARG002 -- subclasses ask
        """Continue from where another policy left off."""
        maintenance.waiting += len(maintenance.pending_patches)
        maintenance.pending_patches = []
        maintenance.drop_campaigns()

    def exposed(self, maintenance: Maintenance) -> int:
        """Return the number of open flaws that can be exploited."""
        return maintenance.open_flaws

    def maintain(self, servers: range, rng: np.random.Generator) -> list[Outage]:
        """Return the outages of the servers that a campaign takes down today."""
        raise NotImplementedError(f"{self.kind} does not run campaigns")

    def patch_live(self, servers: int, rng: np.random.Generator) -> list[Outage]:
        """Return the outages that one live patch causes in a fleet."""
        raise NotImplementedError(f"{self.kind} does not patch live")

    def breaches(self, open_flaws: int, rng: np.random.Generator) -> int:  # noqa: ARG002 -- subclasses ask
        """Return the number of open flaws that are exploited today."""
        return 0

    def breach_impact(self) -> tuple[float, float]:
        """Return what a breach costs: minutes of downtime of the whole fleet, and dollars."""
        return 0.0, 0.0

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

    @property
    def window(self) -> int:
        """Days over which a campaign is spread."""
        return self.window_days

    @property
    def campaign_minutes(self) -> float:
        """Minutes without service that a campaign costs each user."""
        raise NotImplementedError

    def take_over(self, maintenance: Maintenance, day: int) -> None:  # noqa: ARG002 -- subclasses ask
        """Continue announced and running campaigns; flaws whose patch is in development wait for a campaign."""
        maintenance.waiting += len(maintenance.pending_patches)
        maintenance.pending_patches = []

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
        return 0

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


class Breachable(Policy):
    """Base of the policies that leave flaws open for long, and what that risks."""

    breach_per_flaw_day: float = setting(
        0.0005, "chance that an open flaw is exploited, a day", unit="per flaw and day", ge=0, le=1
    )
    breach_minutes: float = setting(240.0, "minutes a breach takes the whole fleet down", unit="minutes", ge=0, le=1440)
    breach_cost: float = setting(10_000.0, "what a breach costs the provider", unit="dollars", ge=0, le=1e9)

    def next_day(self, maintenance: Maintenance, day: int) -> int:
        """Return tomorrow while a flaw is open: it may be exploited on any day."""
        if self.breach_per_flaw_day > 0 and self.exposed(maintenance):
            return day + 1
        return super().next_day(maintenance, day)

    def breaches(self, open_flaws: int, rng: np.random.Generator) -> int:
        """Draw which of the open flaws are exploited today; return their number."""
        if self.breach_per_flaw_day == 0:
            return 0
        return len(bernoulli_indices(rng, open_flaws, self.breach_per_flaw_day))

    def breach_impact(self) -> tuple[float, float]:
        """Return what a breach costs: minutes of downtime of the whole fleet, and dollars."""
        return self.breach_minutes, self.breach_cost
