"""The list of published claims, and access to them by name."""

from importlib import import_module

from model.errors import ScenarioError
from results.claim import Claim

NAMES = (
    "headline",
    "fifth",
    "breakeven",
    "debian",
    "cascades",
    "game",
    "responses",
    "lateness",
    "factors",
    "redundancy",
    "scale",
    "docking",
    "structure",
    "patterns",
    "posterior",
    "intervals",
)


def load_claim(name: str) -> Claim:
    """Return the claim with this name."""
    if name not in NAMES:
        raise ScenarioError(f"claim {name!r}: no such claim; there are {', '.join(NAMES)}")
    claim: Claim = import_module(f"results.{name}.study").CLAIM
    return claim
