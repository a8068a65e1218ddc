"""The one error that bad input gives: a line for each field, with its dotted path, value and what is allowed."""

from typing import Any


class ScenarioError(ValueError):
    """Input that cannot be run. `str()` of it is one line a field, fit to be shown to the user."""

    @classmethod
    def of(cls, path: str, value: Any, allowed: str) -> "ScenarioError":
        """Return the error for one field.

        >>> str(ScenarioError.of("days", 0, "must be at least 1"))
        'days = 0: must be at least 1'
        """
        return cls(f"{path} = {shown(value)}: {allowed}")


def shown(value: Any) -> str:
    """Write a value as a scenario file would, cut where it gets long.

    >>> shown(True), shown("x"), shown(float("nan"))
    ('true', "'x'", 'nan')
    """
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
