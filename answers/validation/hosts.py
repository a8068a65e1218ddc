"""Two hosts that no user leaves unless a check makes it so: the market that most checks start from."""

import math
from typing import Any

from model.market import Market

TWO_HOSTS: dict[str, Any] = {
    "days": 365,
    "users": {"count": 400, "tolerance": {"median": math.inf, "sigma": 0.0}},
    "word_of_mouth": {"talk_per_day": 0.0, "complaint": 0.0},
    "network": {"kind": "none"},
    "flaws": {"source": "poisson", "per_year": 6.4},
    "providers": [
        {"name": "A", "policy": {"kind": "reboot"}},
        {"name": "B", "policy": {"kind": "live-patch"}},
    ],
}


def two_hosts(settings: dict[str, Any], rng: int = 1, arrays: dict[str, Any] | None = None) -> Market:
    """Return a market of A, which reboots, and B, which patches live, changed as asked.

    Parameters
    ----------
    settings
        Dotted paths and their values.
    arrays
        What `Market` takes besides settings: `graph`, `tolerance`, `downtime_value`, `provider`.
    """
    return Market(TWO_HOSTS, rng=rng, **(arrays or {}), **settings)
