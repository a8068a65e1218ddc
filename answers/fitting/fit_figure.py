"""The figures of a fit: priors and posteriors, the records among simulations, and pairs of unknowns."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from answers.fitting.fit_measure import Bands, Fit, Learnt
from answers.fitting.fit_table import verdict
from model.figures import PALETTE, plain, wrapped

if TYPE_CHECKING:
    from answers.fitting.fit_observed import Values

BLUE, ORANGE, GREEN, GREY = PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[7]
IN_A_ROW = 3
BINS = 30


def fit_figure(fit: Fit) -> Figure:
    """Draw each unknown before and after (above), and the records among simulations (below)."""
    rows = math.ceil(len(fit.learnt) / IN_A_ROW)
    figure = Figure(figsize=(10, 2.4 * rows + 6), dpi=120, layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=[2.4 * rows, 6])
    above, below = parts
    panels = above.subplots(rows, IN_A_ROW, squeeze=False).ravel()
    for k, (axes, learnt) in enumerate(zip(panels, fit.learnt, strict=False)):
        draw_unknown(axes, learnt, fit.prior_draws[:, k], fit.draws[:, k])
    for axes in panels[len(fit.learnt) :]:
        axes.axis("off")
    panels[0].legend(frameon=False, fontsize=8)
    above.suptitle(plain(f"{fit.provider}: what the records tell; line: median, bar: 95 % interval"), fontsize=12)
    upper, lower = below.subplots(2, 1, sharex=True)
    draw_bands(upper, fit, fit.cancellations, fit.cancelled, steps=True)
    upper.set(
        ylabel="cancellations a period", ylim=(0, 1.25 * max(fit.cancelled.max(), fit.cancellations.posterior.max()))
    )
    draw_bands(lower, fit, fit.survival, fit.staying, steps=False)
    lower.set(
        ylabel="share of the first day's\ncustomers still there (Kaplan-Meier)", xlabel=f"days from {fit.start} on"
    )
    upper.legend(frameon=False, fontsize=8, ncols=4, loc="upper right")
    return figure


def draw_unknown(axes: Any, learnt: Learnt, before: "Values", after: "Values") -> None:
    """Draw an unknown's prior and posterior, on a logarithmic axis if that is its scale."""
    low, high = np.quantile(np.concatenate([before, after]), [0.005, 0.995])
    edges = np.geomspace(low, high, BINS) if learnt.log else np.linspace(low, high, BINS)
    axes.hist(before, edges, color=GREY, alpha=0.5, density=False, label="before")
    axes.hist(after, edges, color=BLUE, alpha=0.6, density=False, label="after")
    axes.axvline(learnt.posterior[3], color=ORANGE, lw=1.5)
    top = axes.get_ylim()[1]
    axes.plot([learnt.posterior[0], learnt.posterior[-1]], [0.02 * top] * 2, color=ORANGE, lw=4, solid_capstyle="butt")
    axes.set(title=f"{learnt.name}: {verdict(learnt)}", xlabel=learnt.unit, yticks=[])
    if learnt.log:
        axes.set_xscale("log")
        plain_ticks(axes.xaxis, low, high)
    axes.title.set_fontsize(10)


def plain_ticks(axis: Any, low: float, high: float) -> None:
    """Label a logarithmic axis with plain numbers: 1, 2, 5, 10, ..."""
    ticks = [base * 10.0**power for power in range(-6, 7) for base in (1, 2, 5)]
    shown = [tick for tick in ticks if low <= tick <= high]
    axis.set_major_locator(FixedLocator(shown))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def draw_bands(axes: Any, fit: Fit, bands: Bands, observed: "Values", *, steps: bool) -> None:
    """Draw what was observed among simulations from the prior and the posterior."""
    middle = (fit.edges[1:] + fit.edges[:-1]) / 2
    axes.fill_between(middle, bands.prior[0], bands.prior[-1], color=GREY, alpha=0.3, lw=0, label="95 %, before")
    axes.fill_between(
        middle, bands.posterior[0], bands.posterior[-1], color=BLUE, alpha=0.35, lw=0, label="95 %, after"
    )
    axes.plot(middle, bands.posterior[2], color=BLUE, lw=1.2)
    style: dict[str, Any] = {"drawstyle": "steps-mid"} if steps else {}
    axes.plot(middle, observed, color="black", lw=1.4, label="records", **style)
    for number, (day, _minutes) in enumerate(fit.outages):
        axes.axvline(day, color=ORANGE, lw=0.8, ls=":", label="outages" if number == 0 else None)
    axes.set_xlim(0, fit.edges[-1])
    axes.grid(alpha=0.3)


def pairs_figure(fit: Fit) -> Figure:
    """Draw the draws of each pair of unknowns from the posterior."""
    count = len(fit.learnt)
    figure = Figure(figsize=(1.9 * count + 1, 1.9 * count + 0.6), dpi=110, layout="constrained")
    grid = figure.subplots(count, count, squeeze=False, sharex="col")
    for row, below in enumerate(fit.learnt):
        for column, left in enumerate(fit.learnt):
            axes = grid[row, column]
            if column > row:
                axes.axis("off")
                continue
            x, y = fit.draws[:, column], fit.draws[:, row]
            if left.log:
                axes.set_xscale("log")
                plain_ticks(axes.xaxis, x.min(), x.max())
            if row == column:
                low, high = x.min(), x.max()
                axes.hist(x, np.geomspace(low, high, 25) if left.log else np.linspace(low, high, 25), color=BLUE)
                axes.set_yticks([])
            else:
                axes.scatter(x, y, s=3, color=BLUE, alpha=0.35, lw=0)
                if below.log:
                    axes.set_yscale("log")
                    plain_ticks(axes.yaxis, y.min(), y.max())
            if row == count - 1:
                axes.set_xlabel(wrapped(left.name), fontsize=9)
            if column == 0:
                axes.set_ylabel(wrapped(below.name), fontsize=9)
            axes.tick_params(labelsize=7, axis="y")
            axes.tick_params(labelsize=7, axis="x", labelrotation=90)
    figure.suptitle(plain(f"{fit.provider}: draws of the unknowns, given the records"), fontsize=12)
    return figure
