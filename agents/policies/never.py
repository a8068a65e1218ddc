"""None: nothing is ever patched; flaws accumulate and are exploited."""

from typing import Literal

from agents.policies.base import Breachable


class Never(Breachable):
    """The provider that never patches: no maintenance, only breaches."""

    kind: Literal["none"] = "none"
