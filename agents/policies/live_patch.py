"""Live patch: covered flaws are fixed in the running kernel, the others by a campaign."""

import math
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, model_validator

from agents.bernoulli import bernoulli_indices
from agents.delay import Delay, as_delay
from agents.exposure import NEVER, Flaw
from agents.maintenance import Maintenance
from agents.policies.base import AnnouncedCampaigns, FullReboots, Outage
from agents.settings import setting


class LivePatch(AnnouncedCampaigns, FullReboots):
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
    source: Literal["drawn", "history"] = setting(
        "drawn", "drawn: `coverage` and `patch_delay_days` say which patches come when; history: those that really came"
    )
    patch_delay_days: Annotated[Delay, BeforeValidator(as_delay)] = setting(
        Delay, "days from the flaw to its live patch; the flaw is open until then"
    )

    @model_validator(mode="after")
    def _outlives_its_notice(self) -> Self:
        if self.max_age_days <= self.notice_days:
            raise ValueError(f"max_age_days = {self.max_age_days:g} must be above notice_days = {self.notice_days}")
        return self

    def on_flaw(self, flaw: Flaw, maintenance: Maintenance, day: int) -> int:
        """Patch a flaw live if there is a patch for it, now or later; announce a campaign for any other."""
        patch_day = self.patch_day(flaw, day)
        return patch_day if patch_day < NEVER else super().on_flaw(flaw, maintenance, day)

    def patch_day(self, flaw: Flaw, day: int) -> int:
        """Return the day on which the live patch of a flaw considered on `day` is applied; `NEVER` if none comes."""
        if flaw.kind != "kernel":
            return NEVER
        if self.source == "history":
            return max(day, flaw.live_patched + self.soak_days) if flaw.live_patched < NEVER else NEVER
        return day + self.patch_delay_days.days(flaw.effort) if flaw.severity < self.coverage else NEVER

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
