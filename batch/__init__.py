"""Many markets: a study, its design, its runs, and its results on disk."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batch.analysis import open_study
    from batch.runner import run_study
    from batch.study import Study

__all__ = ["Study", "open_study", "run_study"]

_HOMES = {"Study": "batch.study", "open_study": "batch.analysis", "run_study": "batch.runner"}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'batch' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
