"""Empty figures in the style of the claims."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def subplots(columns: int, rows: int = 1, *, width: float = 10.0, height: float = 4.2) -> "tuple[Figure, list[Any]]":
    """Return an empty figure and its axes, row by row; width and height are in inches."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    axes = list(np.atleast_1d(figure.subplots(rows, columns)).ravel())
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25, linewidth=0.6)
        ax.set_axisbelow(True)
    return figure, axes
