"""Live patch: covered flaws are fixed in the running kernel, the others by a campaign."""

import math
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from agents.bernoulli import bernoulli_indices
from agents.maintenance import NEVER, Maintenance
from agents.policies.base import AnnouncedCampaigns, Breachable, Flaw, FullReboots, Outage
from agents.settings import setting


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

    def on_flaw(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:
        """Patch a covered flaw, at once or when the patch is ready; announce a campaign for any other."""
        if flaw.kind == "kernel" and flaw.severity < self.coverage:
            if self.patch_delay_days == 0:
                return 1
            maintenance.pending_patches.append(day + self.patch_delay_days)
            return 0
        return super().on_flaw(flaw, maintenance, day)

    def patch(self, maintenance: Maintenance, day: int, flaws: list[Flaw], servers: int) -> tuple[int, range]:
        """Apply also the patches that are ready today."""
        patches, due = super().patch(maintenance, day, flaws, servers)
        ready = [when for when in maintenance.pending_patches if when <= day]
        maintenance.pending_patches = [when for when in maintenance.pending_patches if when > day]
        return patches + len(ready), due

    def exposed(self, maintenance: Maintenance) -> int:
        """Return the number of flaws whose patch is in development; for the others a campaign is announced."""
        return len(maintenance.pending_patches)

    def plan(self, maintenance: Maintenance, day: int) -> None:
        """Announce the reboot of kernels before their support expires."""
        if day + self.notice_days >= maintenance.boot_day + self.max_age_days:
            maintenance.announce(day + self.notice_days)

    def next_day(self, maintenance: Maintenance, day: int) -> int:
        """Include the day on which the reboot of kernels whose support expires is announced."""
        expires = maintenance.boot_day + self.max_age_days - self.notice_days
        announces = (
            max(math.ceil(expires), day + 1) if math.isfinite(expires) and maintenance.announced is None else NEVER
        )
        return min(announces, super().next_day(maintenance, day))

    def patch_live(self, servers: int, rng: np.random.Generator) -> list[Outage]:
        """Draw the servers that the patch takes down."""
        bad = bernoulli_indices(rng, servers, self.failure_probability)
        return [Outage("bad-patch", bad, self.outage_minutes)] if len(bad) else []

    def monthly_cost(self, servers: int) -> float:
        """Return the vendor's bill, dollars a month."""
        return self.per_server_month * servers

    def cost_per_patch(self) -> float:
        """Return the cost of one live patch, whatever the fleet, dollars."""
        return self.per_patch
