"""The error raised for invalid input: one line for each field, with its dotted path, value and what is allowed."""

from typing import Any


class ScenarioError(ValueError):
    """Invalid input. Its text has one line for each field and can be shown to the user."""

    @classmethod
    def of(cls, path: str, value: Any, allowed: str) -> "ScenarioError":
        """Return the error for one field.

        >>> str(ScenarioError.of("days", 0, "must be at least 1"))
        'days = 0: must be at least 1'
        """
        return cls(f"{path} = {shown(value)}: {allowed}")


def shown(value: Any) -> str:
    """Format a value as in a scenario file, shortened to 80 characters.

    >>> shown(True), shown("x"), shown(float("nan"))
    ('true', "'x'", 'nan')
    """
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
