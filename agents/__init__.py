"""Who acts in the market: users, word of mouth, providers and their patch policies."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.provider import Provider
    from agents.user import User

__all__ = ["Provider", "User"]

_HOMES = {"Provider": "agents.provider", "User": "agents.user"}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'agents' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
