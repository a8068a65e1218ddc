"""Live patch: covered flaws are fixed in the running kernel, the others by a campaign."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from agents.chance import bernoulli_indices
from agents.maintenance import Maintenance
from agents.policies.base import AnnouncedCampaigns, Flaw, FullReboots, Outage
from agents.section import setting


class LivePatch(AnnouncedCampaigns, FullReboots):
    """Live kernel patches from a vendor (`per_server_month`) or from one's own engineers (`per_patch`)."""

    kind: Literal["live-patch"] = "live-patch"
    vendor: str = setting("", "vendor preset that fills the keys not given (see `patchmarket show vendors`)")
    per_server_month: float = setting(
        100.0, "what the vendor asks", unit="dollars/server/month", source="debian-user, June 2018", ge=0
    )
    per_patch: float = setting(0.0, "what making one patch costs, whatever the fleet", unit="dollars", ge=0)
    coverage: float = setting(1.0, "share of kernel flaws that a live patch can fix", ge=0, le=1)
    max_age_days: float = setting(
        float("inf"),
        "days a live-patched kernel is supported before it needs a reboot",
        unit="days",
        gt=0,
        allow_inf_nan=True,
    )
    failure_probability: float = setting(0.0, "chance that a patch takes a server down", ge=0, le=1)

    @model_validator(mode="after")
    def _outlives_its_notice(self) -> Self:
        if self.max_age_days <= self.notice_days:
            raise ValueError(f"max_age_days = {self.max_age_days:g} must be above notice_days = {self.notice_days}")
        return self

    def meet(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:
        """Patch a covered flaw at once; announce a campaign for any other."""
        if flaw.kind == "kernel" and flaw.severity < self.coverage:
            return 1
        return super().meet(flaw, maintenance, day)

    def plan(self, maintenance: Maintenance, day: int) -> None:
        """Announce the reboot of kernels that run out of support, in time for it."""
        if day + self.notice_days >= maintenance.booted + self.max_age_days:
            maintenance.announce(day + self.notice_days)

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
