"""The figure of a decision: the gain against the price of live patching, and the gain at each vendor's price."""

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from answers.decision.decide import Case, Decision
from batch.adaptive import interval
from model.figures import PALETTE, plain, wrapped
from model.published_terms import vendors

if TYPE_CHECKING:
    from answers.decision.pairs import Pairs

BLUE, ORANGE, GREEN, RED = (PALETTE[k] for k in (0, 1, 2, 5))
STEPS = 101
MOST_RUNS_BAND = (10, 90)  # per cent of the pairs


def decision_figure(decision: Decision) -> Figure:
    """Draw the gain per server and month against the price (above), and at the vendors' prices (below)."""
    rows = max(len(decision.vendors), 1)
    figure = Figure(figsize=(9, 5.5 + 0.42 * rows), dpi=120, layout="constrained")
    above, below = figure.subplots(2, height_ratios=[4.6, 0.42 * rows + 0.4])
    figure.suptitle(
        plain(f"{decision.scenario.name}: what live patching gains {decision.name}"),
        fontsize=13,
    )
    if decision.searched:
        draw_search(above, decision)
    else:
        draw_lines(above, decision)
    above.axhline(0, color="black", lw=0.8)
    low, high = decision.interval
    above.axvspan(low, high, color=ORANGE, alpha=0.25, lw=0, label="95 % interval of the break-even price")
    above.axvline(decision.break_even, color=ORANGE, lw=1.5, label=f"break-even price, {decision.break_even:,.0f}")
    price = decision.plan.contrast.price
    above.axvline(price, color=RED, ls="--", lw=1.5, label=f"price as planned, {price:,.0f}")
    for number, case in enumerate(decision.vendors):
        label = "vendors' present prices" if number == 0 else None
        above.plot(case.contrast.price, 0, "v", color=GREEN, ms=7, label=label, clip_on=False, zorder=4)
    above.set(
        xlabel="price of live patching (dollars a server and month)",
        ylabel="gain (dollars a server and month)",
    )
    above.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False)
    draw_vendors(below, decision.vendors)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_formatter("{x:,.0f}")
    above.yaxis.set_major_formatter("{x:,.0f}")
    return figure


def prices_of(decision: Decision) -> Any:
    """Return the prices to draw: from nothing to beyond all that is marked."""
    marked = [case.contrast.price for case in (decision.plan, *decision.vendors)]
    return np.linspace(min(0.0, 1.2 * decision.interval[0]), 1.25 * max(*marked, decision.interval[1], 1.0), STEPS)


def draw_lines(axes: Any, decision: Decision) -> None:
    """Draw the mean gain with its interval, and where most pairs of runs are; all straight in the price."""
    pairs, prices = decision.plan.pairs, prices_of(decision)
    scale = pairs.server_months.mean()
    gains = np.array([pairs.gain_at(price) / scale for price in prices])
    bounds = np.array([interval(row.tolist(), 0.95) for row in gains])
    few, many = np.percentile(gains, MOST_RUNS_BAND, axis=1)
    axes.fill_between(prices, few, many, color=BLUE, alpha=0.12, lw=0, label="8 of 10 pairs of runs")
    axes.fill_between(prices, *bounds.T, color=BLUE, alpha=0.35, lw=0, label="95 % interval of the mean")
    axes.plot(prices, gains.mean(axis=1), color=BLUE, lw=2, label="mean gain")
    axes.set_xlim(prices[0], prices[-1])


def draw_search(axes: Any, decision: Decision) -> None:
    """Draw the mean gain at each price that was tried."""
    assert decision.searched is not None
    tried: list[Pairs] = decision.searched[1]
    found = np.array([mean_gain(pairs) for pairs in tried])
    prices = [pairs.price for pairs in tried]
    errors = np.abs(found[:, 1:] - found[:, :1]).T
    axes.errorbar(prices, found[:, 0], errors, color=BLUE, fmt="o-", lw=1.5, label="mean gain, 95 % interval")


def mean_gain(pairs: "Pairs") -> tuple[float, float, float]:
    """Return the mean gain a server and month at the price of the runs, and its interval."""
    return pairs.per_server_month(pairs.price)


def bill(case: Case) -> str:
    """Say what a vendor asks, or what a patch of one's own costs."""
    (policy,) = case.contrast.patching.values()
    terms = vendors()[policy["vendor"]]
    return f"${terms['per_patch']:,.0f} a patch" if terms["per_patch"] else f"${terms['per_server_month']:,.0f}"


def draw_vendors(axes: Any, vendors: list[Case]) -> None:
    """Draw the gain at each vendor's price and coverage, the best on top."""
    ranked = sorted(vendors, key=lambda case: mean_gain(case.pairs)[0])
    for row, case in enumerate(ranked):
        gain, low, high = mean_gain(case.pairs)
        axes.errorbar(gain, row, xerr=[[gain - low], [high - gain]], color=GREEN, fmt="o", capsize=3)
    axes.set_yticks(range(len(ranked)), [wrapped(f"{case.contrast.name}, {bill(case)}") for case in ranked], fontsize=8)
    axes.axvline(0, color="black", lw=0.8)
    axes.set(
        xlabel="gain at each vendor's price and coverage (dollars a server and month, 95 % interval)",
        ylim=(-0.6, len(ranked) - 0.4),
    )
