"""Single numbers as text, and as values that JSON can hold."""

import math
from typing import Any


def cell(value: Any) -> str:
    """Return one value of a table as text.

    >>> cell(5880.4), cell(0.2041), cell(None), cell(3), cell(float("nan"))
    ('5,880', '0.2041', '–', '3', '–')
    """
    if value is None or value != value:  # nan alone is not equal to itself
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def finite(value: Any) -> Any:
    """Return a value that JSON can hold: None for a float that is nan or infinite.

    >>> finite(float("nan")), finite(float("inf")), finite(0.5), finite("reboot")
    (None, None, 0.5, 'reboot')
    """
    return None if isinstance(value, float) and not math.isfinite(value) else value
