"""Figures as SVG inside a page: they take the page's text colour, so that they can be read in light and dark."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#010203"  # stands for the page's text colour until the figure is written
STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud
    "svg.hashsalt": "patchmarket",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "text.parse_math": False,  # a dollar is a dollar
}


@contextmanager
def ink() -> Iterator[None]:
    """Draw in the page's colours while in this context."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):  # type: ignore[arg-type]  # its stubs want a literal
        yield


def svg(figure: "Figure", name: str, title: str, description: str) -> str:
    """Return a figure as an SVG element with a title and a description for those who cannot see it.

    Parameters
    ----------
    name
        Begins all ids in it, so that figures on one page do not take each other's parts.
    """
    from markupsafe import escape

    text = StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    head, _, body = text.getvalue().partition("<svg ")[2].partition(">")
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL).replace(INK, "currentColor")
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", body)
    points = float(re.findall(r'width="([\d.]+)pt"', head)[0])
    head = re.sub(r'\b(width|height|xmlns:xlink|xmlns|version)="[^"]*"', "", head).strip()
    told = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-text">{escape(description)}</desc>'
    labels = f'role="img" aria-labelledby="{name}-title {name}-text" style="width: {points / 12:.1f}rem"'
    return f"<svg {labels} {head}>{told}{body.replace('xlink:href', 'href')}"
