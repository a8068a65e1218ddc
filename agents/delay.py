"""Delays: lognormal numbers of days, as a table of a scenario file or as one number."""

from math import exp
from typing import Any

from agents.exposure import NEVER
from agents.settings import Settings, setting


class Delay(Settings):
    """A lognormal number of days. A bare number stands for the same delay every time."""

    median: float = setting(0.0, "delay that half stay below; 0 = none", unit="days", ge=0, le=1e6)
    sigma: float = setting(0.0, "spread; 0 = always the median", ge=0, le=10)

    def days(self, normal: float) -> int:
        """Return the delay, in whole days, that belongs to a standard normal draw.

        >>> Delay(median=22.0, sigma=1.4).days(0.0), Delay(median=22.0, sigma=1.4).days(-1.0)
        (22, 5)
        """
        return min(round(self.median * exp(self.sigma * normal)), NEVER)


def as_delay(value: Any) -> Any:
    """Read a bare number of days as a table: `patch_delay_days = 7`."""
    return {"median": value} if isinstance(value, int | float) and not isinstance(value, bool) else value
