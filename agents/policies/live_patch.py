"""Live patch: covered flaws are fixed in the running kernel, the others by a campaign."""

import math
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from agents.chance import bernoulli_indices
from agents.maintenance import NEVER, Maintenance
from agents.policies.base import AnnouncedCampaigns, Breachable, Flaw, FullReboots, Outage
from agents.section import setting


class LivePatch(AnnouncedCampaigns, FullReboots, Breachable):
    """Live kernel patches from a vendor (`per_server_month`) or from one's own engineers (`per_patch`)."""

    kind: Literal["live-patch"] = "live-patch"
    vendor: str = setting("", "vendor preset that fills the keys not given (see `patchmarket show vendors`)")
    per_server_month: float = setting(
        100.0, "what the vendor asks", unit="dollars/server/month", source="debian-user, June 2018", ge=0, le=1e9
    )
    per_patch: float = setting(0.0, "what making one patch costs, whatever the fleet", unit="dollars", ge=0, le=1e9)
    coverage: float = setting(1.0, "share of kernel flaws that a live patch can fix", ge=0, le=1)
    max_age_days: float = setting(
        float("inf"),
        "days a live-patched kernel is supported before it needs a reboot",
        unit="days",
        gt=0,
        allow_inf_nan=True,
    )
    failure_probability: float = setting(0.0, "chance that a patch takes a server down", ge=0, le=1)
    patch_delay_days: int = setting(
        0, "days until a patch is made; the flaw is open, and may be exploited, until then", unit="days", ge=0
    )

    @model_validator(mode="after")
    def _outlives_its_notice(self) -> Self:
        if self.max_age_days <= self.notice_days:
            raise ValueError(f"max_age_days = {self.max_age_days:g} must be above notice_days = {self.notice_days}")
        return self

    def meet(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:
        """Patch a covered flaw at once; announce a campaign for any other."""
        if flaw.kind == "kernel" and flaw.severity < self.coverage:
            if self.patch_delay_days == 0:
                return 1
            maintenance.making.append(day + self.patch_delay_days)
            return 0
        return super().meet(flaw, maintenance, day)

    def work(self, maintenance: Maintenance, day: int, flaws: list[Flaw], servers: int) -> tuple[int, range]:
        """Apply the patches that are ready today as well."""
        patches, due = super().work(maintenance, day, flaws, servers)
        ready = [when for when in maintenance.making if when <= day]
        maintenance.making = [when for when in maintenance.making if when > day]
        return patches + len(ready), due

    def exposed(self, maintenance: Maintenance) -> int:
        """Count the flaws whose patches are in the making; for the others, a campaign is on its way."""
        return len(maintenance.making)

    def plan(self, maintenance: Maintenance, day: int) -> None:
        """Announce the reboot of kernels that run out of support, in time for it."""
        if day + self.notice_days >= maintenance.booted + self.max_age_days:
            maintenance.announce(day + self.notice_days)

    def next_day(self, maintenance: Maintenance, day: int) -> int:
        """Return the day too on which the reboot of kernels that run out of support is announced."""
        expires = maintenance.booted + self.max_age_days - self.notice_days
        announces = (
            max(math.ceil(expires), day + 1) if math.isfinite(expires) and maintenance.announced is None else NEVER
        )
        return min(announces, super().next_day(maintenance, day))

    def patch_live(self, servers: int, rng: np.random.Generator) -> list[Outage]:
        """Draw the servers on which the patch goes bad."""
        bad = bernoulli_indices(rng, servers, self.failure_probability)
        return [Outage("bad-patch", bad, self.outage_minutes)] if len(bad) else []

    def monthly_cost(self, servers: int) -> float:
        """Return the vendor's bill, dollars a month."""
        return self.per_server_month * servers

    def cost_per_patch(self) -> float:
        """Return the dollars for each live patch, whatever the fleet."""
        return self.per_patch
