"""The base of all tables of a scenario file: validated, each key with its meaning, unit and grade."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Grade = Literal["measured", "vendor-stated", "assumed", "design"]
"""Where a default comes from. `design` marks a choice of the experiment (a name, a size), not a claim."""


class Settings(BaseModel):
    """A table of a scenario file: frozen, no unknown keys, no silent conversion, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def setting(
    default: Any,
    meaning: str,
    *,
    unit: str = "",
    grade: Grade = "assumed",
    source: str = "",
    changes: bool = False,
    **limits: Any,
) -> Any:
    """Declare one key of a `Settings`.

    Parameters
    ----------
    default
        The value used when the key is left out; a `Settings` class or a function is called to make it.
    meaning
        One line, shown by `patchmarket show` and in the parameter tables.
    unit
        The unit; empty for a pure number, a name or a switch.
    grade, source
        Where the default comes from.
    changes
        Whether the value, or any value in the table, may change in the course of a run.
    limits
        pydantic's constraints: `gt`, `ge`, `lt`, `le`, `allow_inf_nan`, ...
    """
    origin: dict[str, Any] = {"unit": unit, "grade": grade, "source": source, "changes": changes}
    if callable(default):
        return Field(default_factory=default, description=meaning, json_schema_extra=origin, **limits)
    return Field(default, description=meaning, json_schema_extra=origin, **limits)


def as_table(value: Any) -> Any:
    """Read a bare name as a table of that kind with all its defaults: `policy = "reboot"`."""
    return {"kind": value} if isinstance(value, str) else value
