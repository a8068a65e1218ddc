"""Defer: flaws wait for the next planned campaign, and stay open until then."""

from typing import Literal

from agents.exposure import NEVER
from agents.maintenance import Maintenance
from agents.policies.base import FullReboots
from agents.settings import setting


class Defer(FullReboots):
    """A campaign every `interval_days` (on days that are its multiples), if a flaw is waiting."""

    kind: Literal["defer"] = "defer"
    interval_days: int = setting(90, "days between planned campaigns", unit="days", ge=1)

    def plan(self, maintenance: Maintenance, day: int) -> None:
        """Start the planned campaign; the calendar is known, so it needs no notice."""
        if maintenance.waiting and day > 0 and day % self.interval_days == 0:
            maintenance.announce(day)

    def next_day(self, maintenance: Maintenance, day: int) -> int:
        """Include the next planned campaign, if a flaw waits for it."""
        planned = (day // self.interval_days + 1) * self.interval_days if maintenance.waiting else NEVER
        return min(planned, super().next_day(maintenance, day))
