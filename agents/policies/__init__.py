"""Patch policies, one a file: what a provider does when a kernel flaw appears."""

from typing import Annotated

from pydantic import Field

from agents.exposure import Flaw
from agents.policies.base import Outage, Policy, Work
from agents.policies.defer import Defer
from agents.policies.failover import Failover
from agents.policies.fast_restart import FastRestart
from agents.policies.live_migrate import LiveMigrate
from agents.policies.live_patch import LivePatch
from agents.policies.never import Never
from agents.policies.reboot import Reboot

POLICIES: dict[str, type[Policy]] = {
    "reboot": Reboot,
    "live-patch": LivePatch,
    "live-migrate": LiveMigrate,
    "defer": Defer,
    "fast-restart": FastRestart,
    "failover": Failover,
    "none": Never,
}
"""The built-in policies, by the `kind` in a scenario file."""

AnyPolicy = Annotated[
    Reboot | LivePatch | LiveMigrate | Defer | FastRestart | Failover | Never, Field(discriminator="kind")
]

__all__ = [
    "POLICIES",
    "AnyPolicy",
    "Defer",
    "Failover",
    "FastRestart",
    "Flaw",
    "LiveMigrate",
    "LivePatch",
    "Never",
    "Outage",
    "Policy",
    "Reboot",
    "Work",
]
