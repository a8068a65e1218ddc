"""None: nothing is ever patched; flaws stay open, for attackers to use."""

from typing import Literal

from agents.policies.base import Policy


class Never(Policy):
    """The provider that never patches: no maintenance, and more exposure every day."""

    kind: Literal["none"] = "none"
