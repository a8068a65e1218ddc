"""What a patch policy is: it turns flaws into campaigns, campaigns into outages, and fleets into costs.

A policy only holds parameters and is shared freely; what has happened to one provider is kept in its
`Maintenance`. A new policy is one file: subclass one of the bases here and override what differs.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.chance import bernoulli_indices
from agents.maintenance import Maintenance
from agents.section import Section, setting

SECONDS_PER_MINUTE = 60.0
REBOOT = "debian-user, June 2018; of the order of 10 for a host with guests (Russinovich et al. 2021)"


class Flaw(NamedTuple):
    """A security hole whose fix needs new code on every host."""

    kind: str  # "kernel" or "hypervisor"
    severity: float  # u ~ U(0, 1), drawn once for the whole market: a live patch covers it iff u < coverage


class Outage(NamedTuple):
    """Servers whose users are without service today."""

    cause: str  # "maintenance", "bad-patch", "failed-migration", "breach" or "failure"
    servers: NDArray[np.int64]
    minutes: float


class Policy(Section):
    """Base of all patch policies: by default flaws stay open and nothing is done or paid."""

    kind: str

    @property
    def window(self) -> int:
        """Days over which a campaign is spread."""
        return 1

    @property
    def reachable(self) -> float:
        """Share of users whose services can run on this platform."""
        return 1.0

    def meet(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:  # noqa: ARG002 -- subclasses ask
        """React to a flaw on the day it arrives; return the number of live patches applied."""
        maintenance.waiting += 1
        return 0

    def plan(self, maintenance: Maintenance, day: int) -> None:
        """Announce whatever the calendar asks for, flaw or not."""

    def work(self, maintenance: Maintenance, day: int, flaws: list[Flaw], servers: int) -> tuple[int, range]:
        """Do a day's work on a fleet; return how many live patches were applied, and which servers go down.

        A campaign that starts today has started before today's flaws arrive: they wait for the next one.
        """
        maintenance.advance(day, self.window, servers)
        patches = sum(self.meet(flaw, maintenance, day) for flaw in flaws)
        self.plan(maintenance, day)
        due = maintenance.advance(day, self.window, servers)
        return patches, range(due.start, min(due.stop, servers))  # the fleet may have shrunk since the start

    def next_day(self, maintenance: Maintenance, day: int) -> int:
        """Return the first day after `day` on which there is anything to do or to draw, unless a flaw comes.

        The market does not ask policies of others, which it does not know: they are given every day.
        """
        return maintenance.next_day(day)

    def take_over(self, maintenance: Maintenance, day: int) -> None:  # noqa: ARG002 -- subclasses ask
        """Begin where another policy has left off."""
        maintenance.waiting += len(maintenance.making)
        maintenance.making = []
        maintenance.drop_campaigns()

    def exposed(self, maintenance: Maintenance) -> int:
        """Return how many open flaws can be exploited."""
        return maintenance.open_flaws

    def maintain(self, servers: range, rng: np.random.Generator) -> list[Outage]:
        """Return the outages of a campaign's servers of today."""
        raise NotImplementedError(f"{self.kind} never runs a campaign")

    def patch_live(self, servers: int, rng: np.random.Generator) -> list[Outage]:
        """Return the outages that one live patch causes on a fleet."""
        raise NotImplementedError(f"{self.kind} never patches live")

    def breaches(self, open_flaws: int, rng: np.random.Generator) -> int:  # noqa: ARG002 -- subclasses ask
        """Return how many open flaws are exploited today."""
        return 0

    def breach_terms(self) -> tuple[float, float]:
        """Return what a breach takes: minutes of the whole fleet, and dollars."""
        return 0.0, 0.0

    def servers_paid(self, servers: int) -> float:
        """Return the servers bought to run `servers` of them."""
        return float(servers)

    def monthly_cost(self, servers: int) -> float:  # noqa: ARG002 -- subclasses ask
        """Return the dollars a month for patching `servers` servers."""
        return 0.0

    def cost_per_patch(self) -> float:
        """Return the dollars for each live patch, whatever the fleet."""
        return 0.0


class CampaignPolicy(Policy):
    """Base of the policies that fix flaws by campaigns."""

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
        """Let announced and running campaigns go on; patches in the making are no longer waited for."""
        maintenance.waiting += len(maintenance.making)
        maintenance.making = []

    def maintain(self, servers: range, rng: np.random.Generator) -> list[Outage]:  # noqa: ARG002 -- certain
        """Take each server down once."""
        return [Outage("maintenance", np.arange(servers.start, servers.stop), self.campaign_minutes)]


class AnnouncedCampaigns(CampaignPolicy):
    """Base of the policies that answer a flaw with a campaign, announced to the users."""

    notice_days: int = setting(7, "days between announcing a campaign and its first outage", unit="days", ge=0)

    def meet(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:  # noqa: ARG002 -- every flaw alike
        """Announce a campaign for the flaw."""
        maintenance.waiting += 1
        maintenance.announce(day + self.notice_days)
        return 0

    def take_over(self, maintenance: Maintenance, day: int) -> None:
        """Let campaigns go on, and announce one for whatever the other policy left open."""
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
    """Base of the policies that leave flaws open for long: what that risks."""

    breach_per_flaw_day: float = setting(
        0.0005, "chance that an open flaw is exploited, a day", unit="per flaw and day", ge=0, le=1
    )
    breach_minutes: float = setting(240.0, "minutes a breach takes the whole fleet down", unit="minutes", ge=0, le=1440)
    breach_cost: float = setting(10_000.0, "what a breach costs the provider", unit="dollars", ge=0, le=1e9)

    def next_day(self, maintenance: Maintenance, day: int) -> int:
        """Return tomorrow while a flaw is open: every day it may be exploited."""
        if self.breach_per_flaw_day > 0 and self.exposed(maintenance):
            return day + 1
        return super().next_day(maintenance, day)

    def breaches(self, open_flaws: int, rng: np.random.Generator) -> int:
        """Draw for each open flaw whether it is exploited today."""
        if self.breach_per_flaw_day == 0:
            return 0
        return len(bernoulli_indices(rng, open_flaws, self.breach_per_flaw_day))

    def breach_terms(self) -> tuple[float, float]:
        """Return what a breach takes: minutes of the whole fleet, and dollars."""
        return self.breach_minutes, self.breach_cost
