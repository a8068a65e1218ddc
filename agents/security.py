"""Security: attacks on servers that are open to a flaw, and fixes that are bad. One table for all policies alike."""

from typing import Literal

from agents.settings import Settings, setting

BEATTIE = "assumed; Beattie et al. (2002) counted recalled patches"


class Security(Settings):
    """What attackers and bad updates do. A breach is a matter of exposure, whatever the policy."""

    attack_rate: float = setting(
        0.0,
        "rate at which a server is breached through an open flaw that attackers use",
        unit="per flaw and server-day",
        ge=0,
        le=1,
    )
    scope: Literal["server", "fleet"] = setting("server", "what a breach takes down: the server, or all the provider's")
    breach_minutes: float = setting(240.0, "minutes a breach takes servers down", unit="minutes", ge=0, le=1440)
    breach_cost: float = setting(10_000.0, "what a breach costs the provider", unit="dollars", ge=0, le=1e9)
    bad_update_probability: float = setting(0.0, "chance that the fix of a flaw is bad at first", ge=0, le=1)
    recall_days: float = setting(
        10.0, "mean time until a bad fix is recalled and replaced, exponential", unit="days", gt=0, le=1e6
    )
    bad_update_minutes: float = setting(
        60.0, "minutes that a bad fix takes a server down when it is applied", unit="minutes", ge=0, le=1440
    )
