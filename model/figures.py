"""Figures of one run: shares and profit over time, and flows of users, in colours for colour-blind readers."""

import textwrap
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Curve

from agents.experience import DAYS_PER_MONTH
from model.market_state import MarketState

# Okabe and Ito 2008; from the ninth provider on they repeat, hatched.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
HATCHES = ("", "///", "...", "xxx")
SMOOTHING_DAYS = 30


def colours(providers: int) -> list[str]:
    """Return a colour for each provider."""
    return [PALETTE[j % len(PALETTE)] for j in range(providers)]


def history_figure(market: MarketState) -> Figure:
    """Draw shares (stacked) and profit per original server (30-day mean) by day."""
    record = market.record
    days, names = np.arange(1, record.days + 1), record.names
    users = record.column("users")
    shares = 100 * users / np.maximum(users.sum(axis=1, keepdims=True), 1)

    figure = Figure(figsize=(9, 7), dpi=120, layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    bands = above.stackplot(
        days, shares.T, labels=[plain(name) for name in names], colors=colours(len(names)), linewidth=0
    )
    for j, band in enumerate(bands):
        band.set_hatch(HATCHES[j // len(PALETTE) % len(HATCHES)])
    above.set(ylabel="share of users (%)", ylim=(0, 100), xlim=(1, max(record.days, 2)))
    above.set_title(f"{plain(market.settings.name)}: {market.settings.users.count:,} users, seed {market.seed}")

    styles = ("-", "--", ":", "-.")
    for j, (name, colour) in enumerate(zip(names, colours(len(names)), strict=True)):
        servers = market.providers[j].original_servers
        if servers:
            monthly = record.column("profit")[:, j] * DAYS_PER_MONTH / servers
            below.plot(
                days,
                trailing_mean(monthly, SMOOTHING_DAYS),
                styles[j // len(PALETTE) % 4],
                color=colour,
                label=name,
                lw=2,
            )
    below.set(xlabel="day", ylabel=f"dollars a month per original server\n(mean of the last {SMOOTHING_DAYS} days)")
    below.ticklabel_format(style="plain")
    below.yaxis.set_major_formatter("{x:,.0f}")
    below.grid(alpha=0.3)
    figure.legend(
        *above.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=min(4, len(names)),
        frameon=False,
    )
    return figure


def trailing_mean(values: Any, window: int) -> Any:
    """Return the mean of the last `window` values at each place, of fewer at the beginning.

    >>> trailing_mean(np.array([2.0, 4.0, 6.0]), 2)
    array([2., 3., 5.])
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - window, 0)
    return (sums[last] - sums[first]) / (last - first)


def start_to_end(market: MarketState) -> Any:
    """Return how many users began at each provider (row) and are at each now (column), of those there throughout."""
    _, user, origin, *_ = market.record.move_columns
    began = market.users.provider.astype(np.int64)
    began[user[::-1]] = origin[::-1]  # of a user's moves, the first is written last
    stayed = (market.users.provider >= 0) & (market.demography.arrives < 0)
    counts = np.zeros((len(market.providers),) * 2, np.int64)
    np.add.at(counts, (began[stayed], market.users.provider[stayed]), 1)
    return counts


def flows_figure(market: MarketState) -> Figure:
    """Draw where users were at the start (left) and at the end (right), a ribbon for each pair."""
    counts, names = start_to_end(market), market.record.names
    total = counts.sum()
    gap = 0.02 * total
    figure = Figure(figsize=(9, max(4.5, 0.5 * len(names) + 2)), dpi=120, layout="constrained")
    axes = figure.subplots()
    left = stack(counts.sum(axis=1), gap)
    right = stack(counts.sum(axis=0), gap)
    paint = colours(len(names))
    for j, name in enumerate(names):
        before, after = counts[j].sum(), counts[:, j].sum()
        for x, bottom, size in ((-0.03, left[j], before), (1.0, right[j], after)):
            axes.bar(x + 0.015, size, 0.03, bottom=bottom, color=paint[j])
        axes.text(-0.05, left[j] + before / 2, f"{wrapped(name)}\n{before:,}", ha="right", va="center", fontsize=9)
        axes.text(1.05, right[j] + after / 2, f"{wrapped(name)}\n{after:,}", ha="left", va="center", fontsize=9)

    leaving, arriving = left.copy(), right.copy()
    for i in range(len(names)):
        for j in range(len(names)):
            size = counts[i, j]
            if size:
                axes.add_patch(ribbon(leaving[i], arriving[j], size, paint[i], alpha=0.25 if i == j else 0.6))
                if i != j and size > 0.03 * total:
                    y = (leaving[i] + arriving[j] + size) / 2
                    axes.text(0.5, y, f"{size:,}", ha="center", va="center", fontsize=9)
            leaving[i] += size
            arriving[j] += size
    axes.set(xlim=(-0.45, 1.45), ylim=(total + gap * len(names), -gap))  # the first provider on top
    axes.axis("off")
    axes.set_title(f"{plain(market.settings.name)}: users at the start (left) and after {market.day:,} days (right)")
    return figure


def plain(text: str) -> str:
    """Keep dollar signs from being read as the bounds of a formula."""
    return text.replace("$", r"\$")


def wrapped(name: str) -> str:
    r"""Break a long name into lines.

    >>> wrapped("Windows Server 2025 hotpatch with Azure Arc")
    'Windows Server 2025\nhotpatch with Azure Arc'
    """
    return "\n".join(textwrap.wrap(plain(name), 24))


def stack(sizes: Any, gap: float) -> Any:
    """Return where each of several bars begins when they stand on one another, with gaps between."""
    return np.concatenate([[0.0], np.cumsum(sizes + gap)[:-1]])


def ribbon(left: float, right: float, size: float, colour: str, alpha: float) -> PathPatch:
    """Return a band of height `size` from `left` at x = 0 to `right` at x = 1."""
    points = [(0, left), (0.5, left), (0.5, right), (1, right)]
    points += [(1, right + size), (0.5, right + size), (0.5, left + size), (0, left + size), (0, left)]
    codes = [Curve.MOVETO, *[Curve.CURVE4] * 3, Curve.LINETO, *[Curve.CURVE4] * 3, Curve.CLOSEPOLY]
    return PathPatch(Curve(points, codes), facecolor=colour, alpha=alpha, linewidth=0)
