"""Boxes as a figure: what each asks of the factors, and the points with the boxes drawn around them."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from answers.scenario_discovery.boxes import Box, Found, Points
from answers.scenario_discovery.discover_measure import Discovery
from model.figures import PALETTE, plain, wrapped

EDGES = (PALETTE[5], PALETTE[2], PALETTE[3], PALETTE[4])
LABEL_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "boxstyle": "round,pad=0.2"}
STYLES = ("-", "--", "-.", ":")


def discover_figure(discovery: Discovery) -> Figure:
    """Draw the points by the two factors that matter most on the left, the boxes' limits on the right."""
    points, found = discovery.cases.points, discovery.found
    names = shown_factors(points, found)
    limits = sum(len(box.limits) for box in found.boxes)
    figure = Figure(figsize=(13 if limits else 7.5, max(5.0, 2.2 + 0.5 * limits)), dpi=120)
    figure.set_layout_engine("constrained")
    if limits:
        left, right = figure.subplots(1, 2)
        limit_bars(right, points, found)
    else:
        left = figure.subplots()
    scatter(left, points, found, names)
    figure.suptitle(f"{plain(discovery.study)}: where {plain(discovery.when)}")
    return figure


def shown_factors(points: Points, found: Found) -> list[str]:
    """Return the two factors that boxes ask most about; the first ones where there are no boxes."""
    asked = [limit.factor for box in found.boxes for limit in box.limits]
    return list(dict.fromkeys([*asked, *points.factors.columns]))[:2]


def scatter(axes: Axes, points: Points, found: Found, names: list[str]) -> None:
    """Draw the points, darker the more rarely the condition holds, and the boxes."""
    columns = [placed(points.factors[name]) for name in names]
    y = columns[1] if len(columns) > 1 else points.share
    image = axes.scatter(columns[0], y, c=points.share, cmap="cividis", vmin=0, vmax=1, s=30, edgecolor="grey", lw=0.4)
    axes.figure.colorbar(image, ax=axes, label="share of runs in which the condition holds")
    axes.set_xlabel(plain(names[0]))
    axes.set_ylabel(plain(names[1]) if len(names) > 1 else "share of runs in which the condition holds")
    for axis, name in zip((axes.xaxis, axes.yaxis), names, strict=False):
        if points.factors[name].dtype.kind not in "iuf":
            levels = list(dict.fromkeys(points.factors[name]))
            axis.set_ticks(range(len(levels)), [wrapped(level) for level in levels])
    spans = [axes.get_xlim(), axes.get_ylim()]
    for number, box in enumerate(found.boxes):
        sides = [side(points, box, name, span) for name, span in zip(names, spans, strict=False)]
        sides += [spans[1]] if len(names) < 2 else []
        (x0, x1), (y0, y1) = sides
        more = " (and more)" if {limit.factor for limit in box.limits} - set(names) else ""
        style: dict[str, Any] = {"edgecolor": EDGES[number % len(EDGES)], "linestyle": STYLES[number % len(STYLES)]}
        axes.add_patch(
            Rectangle(
                (x0, y0), x1 - x0, y1 - y0, fill=False, lw=2.5, clip_on=False, label=f"box {number + 1}{more}", **style
            )
        )
    axes.set(xlim=spans[0], ylim=spans[1])
    if found.boxes:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)
        axes.set_title("The points, and the boxes seen along two factors", fontsize=10)
    else:
        axes.set_title("The points; no box was found", fontsize=10)


def placed(values: Any) -> Any:
    """Return where values stand on an axis; texts a little apart, so that points do not hide each other."""
    if values.dtype.kind in "iuf":
        return values.to_numpy(float)
    levels = list(dict.fromkeys(values))
    apart = np.random.default_rng(1).uniform(-0.2, 0.2, len(values))
    return np.array([levels.index(value) for value in values]) + apart


def side(points: Points, box: Box, name: str, span: tuple[float, float]) -> tuple[float, float]:
    """Return the side of a box along a factor, within what is drawn; of listed levels, from the first to the last."""
    limit = next((limit for limit in box.limits if limit.factor == name), None)
    if limit is None:
        return span
    if limit.levels:
        levels = list(dict.fromkeys(points.factors[name]))
        places = [levels.index(level) for level in limit.levels]
        return max(min(places) - 0.35, span[0]), min(max(places) + 0.35, span[1])
    return max(limit.low, span[0]), min(limit.high, span[1])


def limit_bars(axes: Axes, points: Points, found: Found) -> None:
    """Draw each limit of each box as a part of its factor's whole range."""
    names, place = [], 0
    for number, box in enumerate(found.boxes):
        for limit in box.limits:
            low, high = 0.0, 1.0
            values = points.factors[limit.factor]
            text = " or ".join(limit.levels)
            if not limit.levels:
                least, most = float(values.min()), float(values.max())
                low = (max(limit.low, least) - least) / (most - least)
                high = (min(limit.high, most) - least) / (most - least)
                text = str(limit).replace(limit.factor, "…") if math.isfinite(limit.low + limit.high) else ""
                text = text or str(limit).removeprefix(limit.factor).strip()
            axes.barh(place, 1.0, 0.6, color="#DDDDDD")
            hatch = "///" if limit.levels else ""
            colour = EDGES[number % len(EDGES)]
            axes.barh(place, high - low, 0.6, left=low, color=colour, alpha=0.7, hatch=hatch)
            axes.text(0.5, place, plain(text), ha="center", va="center", fontsize=9, bbox=LABEL_BOX)
            names.append(f"{number + 1}: {wrapped(limit.factor)}")
            place += 1
    axes.set_yticks(range(place), names)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="part of the factor's range in the study (hatched: some of its levels)")
    told = [f"{n}: coverage {b.coverage:.0%}, density {b.density:.0%}" for n, b in enumerate(found.boxes, start=1)]
    axes.set_title("What each box asks\n" + "\n".join(told), fontsize=10)
