"""The figures of a report, from plain tables; a panel for each group of points."""

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from answers.report.break_even import BreakEven, in_cells
from answers.report.report_svg import INK
from model.figures import HATCHES, PALETTE, colours, ribbon, stack

if TYPE_CHECKING:
    import pandas as pd

    from answers.report.survival import Survival

WIDTH = 8.0  # inches
PANEL = 2.7
LINES = ("-", "--", ":", "-.")


def panels(count: int, *, height: float = PANEL, sharex: bool = True) -> tuple[Figure, Any]:
    """Return a figure with so many panels, two abreast from three on, and its axes."""
    columns = 1 if count < 3 else 2
    rows = -(-count // columns)
    figure = Figure(figsize=(WIDTH, height * rows + 0.7), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=sharex, sharey=True, squeeze=False).ravel()
    for empty in axes[count:]:
        empty.axis("off")
    return figure, axes[:count]


def shares_figure(bands: "dict[str, pd.DataFrame]", names: list[str]) -> Figure:
    """Draw the median share of users by day, with a band that holds the middle eight runs in ten.

    Parameters
    ----------
    bands
        For each group: day, provider, low, middle, high; shares.
    names
        The providers, in the order of their colours.
    """
    figure, axes = panels(len(bands))
    paint = dict(zip(names, colours(len(names)), strict=True))
    strength = 0.25 if len(names) <= 3 else 0.12
    for here, (group, table) in zip(axes, bands.items(), strict=True):
        for number, name in enumerate(names):
            mine = table[table["provider"] == name]
            style = LINES[number // len(PALETTE) % len(LINES)]
            here.fill_between(
                mine["day"], 100 * mine["low"], 100 * mine["high"], color=paint[name], alpha=strength, lw=0
            )
            here.plot(
                mine["day"], 100 * mine["middle"], style, color=paint[name], lw=max(3.5 - number, 1.5), label=name
            )
        here.set(title=group, ylabel="share of users (%)", xlabel="day", ylim=(0, None))
        here.label_outer()
        here.grid(visible=True)
    legend_below(figure, axes[0], len(names))
    return figure


def profits_figure(profits: "dict[str, dict[str, Any]]", names: list[str]) -> Figure:
    """Draw how profit per original server is spread over the runs of each group, a box for each provider.

    The box holds the middle half of the runs, the whiskers nine in ten, the line is the median, a cross the mean.
    """
    rows = [(group, name, values) for group, by_name in profits.items() for name, values in by_name.items()]
    paint = dict(zip(names, colours(len(names)), strict=True))
    figure = Figure(figsize=(WIDTH, 0.5 * len(rows) + 0.45 * len(profits) + 1.0), layout="constrained")
    axes = figure.subplots()
    place, ticks, labels = 0.0, [], []
    previous = None
    for group, name, values in rows:
        if group != previous and group:
            place += 0.9
            axes.text(0.0, place - 0.62, group, fontweight="bold", transform=axes.get_yaxis_transform(), va="center")
        previous = group
        box = axes.boxplot(
            [values], positions=[place], orientation="horizontal", widths=0.6, whis=(5, 95), showfliers=False,
            patch_artist=True, showmeans=True,
            meanprops={"marker": "x", "markeredgecolor": INK, "markersize": 6},
            medianprops={"color": INK, "lw": 1.5}, whiskerprops={"color": INK}, capprops={"color": INK},
        )  # fmt: skip
        box["boxes"][0].set(facecolor=paint[name], edgecolor=INK, alpha=0.8)
        box["boxes"][0].set_hatch(HATCHES[names.index(name) // len(PALETTE) % len(HATCHES)])
        ticks.append(place)
        labels.append(name)
        place += 1.0
    axes.set(yticks=ticks, xlabel="profit, dollars a month per original server", ylim=(place - 0.4, -0.7))
    axes.set_yticklabels(labels)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(visible=True, axis="x")
    return figure


def survival_figure(curves: "dict[str, Survival]") -> Figure:
    """Draw the share of users who have not left, a line for each tenth of tolerance."""
    from matplotlib.colors import LinearSegmentedColormap

    figure, axes = panels(len(curves))
    fading = LinearSegmentedColormap.from_list("tolerance", [PALETTE[0], "#8c8c8c", PALETTE[1]])  # readable on any page
    paint = fading(np.linspace(0.0, 1.0, 10))
    for here, (group, curve) in zip(axes, curves.items(), strict=True):
        for number, stayed in enumerate(curve.stayed):
            here.step(curve.days, 100 * stayed, where="post", color=paint[number], lw=1.6, label=ordinal(number))
        here.set(title=group, xlabel="day", ylabel="have not left (%)", ylim=(None, 101))
        here.label_outer()
        here.grid(visible=True)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside right center", frameon=False, title="tenth by\ntolerance")
    return figure


def ordinal(number: int) -> str:
    """Name a tenth.

    >>> ordinal(0), ordinal(4), ordinal(9)
    ('1 least', '5', '10 most')
    """
    return f"{number + 1}{' least' if number == 0 else ' most' if number == 9 else ''}"


def flows_figure(flows: "dict[str, Any]", names: list[str]) -> Figure:
    """Draw moves from providers (left) to providers (right) as ribbons, a panel for each group.

    Parameters
    ----------
    flows
        For each group a matrix of users, from (row) to (column).
    """
    paint = colours(len(names))
    figure = Figure(figsize=(WIDTH, (0.7 + 0.4 * len(names)) * len(flows) + 0.3), layout="constrained")
    axes = figure.subplots(len(flows), 1, squeeze=False).ravel()
    for here, (group, counts) in zip(axes, flows.items(), strict=True):
        total = max(counts.sum(), 1e-9)
        gap = 0.06 * total
        sides = {0.0: counts.sum(axis=1), 1.0: counts.sum(axis=0)}
        bottoms = {x: stack(np.where(sizes > 0, sizes, -gap), gap) for x, sizes in sides.items()}
        for x, sizes in sides.items():
            for j in np.flatnonzero(sizes > 0):
                here.bar(x, sizes[j], 0.03, bottom=bottoms[x][j], color=paint[j], zorder=3)
                word = f"{names[j]}: {sizes[j]:,.0f} {'left' if x == 0 else 'joined'}"
                middle = bottoms[x][j] + sizes[j] / 2
                here.text(x + (0.03 if x else -0.03), middle, word, ha="left" if x else "right", va="center")
        leaving, arriving = bottoms[0.0].copy(), bottoms[1.0].copy()
        for i, j in np.argwhere(counts > 0):
            here.add_patch(ribbon(leaving[i], arriving[j], counts[i, j], paint[i], alpha=0.5))
            leaving[i] += counts[i, j]
            arriving[j] += counts[i, j]
        deepest = max(bottoms[x][-1] + max(sizes[-1], 0) for x, sizes in sides.items())
        here.set(xlim=(-0.75, 1.75), ylim=(deepest + gap, -gap), title=group)
        here.axis("off")
    return figure


def break_even_figure(found: BreakEven) -> Figure:
    """Draw break-even prices over one or two of what the study varies."""
    over = found.over[:2]
    sums = in_cells(found).groupby(over, observed=True)[["gained", "server_months"]].sum()
    prices = sums["gained"] / sums["server_months"]
    if len(over) == 1:
        return _bars(prices, over[0])
    return _heat(prices.unstack(over[1]), over)


def _bars(prices: "pd.Series", name: str) -> Figure:
    figure = Figure(figsize=(WIDTH, 0.42 * len(prices) + 1.0), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([level(value) for value in prices.index], prices, color=PALETTE[0], height=0.6)
    axes.bar_label(bars, [f"{price:,.0f}" for price in prices], padding=4)
    axes.set(xlabel="break-even price, dollars per server and month", ylabel=name)
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.axvline(0, color=INK, lw=0.8)
    return figure


def _heat(prices: "pd.DataFrame", over: list[str]) -> Figure:
    rows, columns = prices.shape
    figure = Figure(figsize=(WIDTH, max(0.5 * rows + 1.3, 3.0)), layout="constrained")
    axes = figure.subplots()
    values = prices.to_numpy(float)
    image = axes.pcolormesh(values, cmap="cividis", edgecolors="none")
    low, high = np.nanmin(values), np.nanmax(values)
    for (i, j), price in np.ndenumerate(values):
        if np.isfinite(price):
            dark = (price - low) / max(high - low, 1e-9) < 0.55
            colour = "#ffffff" if dark else "#000000"
            axes.text(j + 0.5, i + 0.5, f"{price:,.0f}", ha="center", va="center", color=colour)
    axes.set_xticks(np.arange(columns) + 0.5, [level(value) for value in prices.columns])
    axes.set_yticks(np.arange(rows) + 0.5, [level(value) for value in prices.index])
    axes.set(ylabel=over[0], xlabel=over[1])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, label="dollars per server and month")
    bar.ax.yaxis.set_major_formatter("{x:,.0f}")
    bar.outline.set_visible(False)
    return figure


def sensitivity_figure(table: "pd.DataFrame", shown: tuple[str, str]) -> Figure:
    """Draw two indices of each factor as bars with their intervals, the factor with the largest on top.

    Parameters
    ----------
    table
        A row for each factor and index: factor, index, value, low, high.
    shown
        The two indices; the first one sorts.
    """
    order = table[table["index"] == shown[0]].sort_values("value")["factor"].tolist()
    figure = Figure(figsize=(WIDTH, 0.6 * len(order) + 1.2), layout="constrained")
    axes = figure.subplots()
    for number, index in enumerate(shown):
        rows = table[table["index"] == index].set_index("factor").loc[order]
        place = np.arange(len(order)) + (0.2 if number == 0 else -0.2)
        error = np.nan_to_num([rows["value"] - rows["low"], rows["high"] - rows["value"]])
        drawn = {"xerr": error, "error_kw": {"ecolor": INK, "capsize": 3, "lw": 1}} if error.any() else {}
        axes.barh(place, rows["value"], 0.38, color=PALETTE[number], label=index, **drawn)
    axes.set_yticks(np.arange(len(order)), order)
    axes.set(xlabel="share of the variance" if shown[0] == "ST" else "in the outcome's unit")
    axes.axvline(0, color=INK, lw=0.8)
    axes.grid(visible=True, axis="x")
    legend_below(figure, axes, len(shown))
    return figure


def level(value: Any) -> str:
    """Name a level, or a range of them.

    >>> level(10.0), level("bought")
    ('10', 'bought')
    """
    if hasattr(value, "left"):
        return f"{max(value.left, 0) if abs(value.left) < 1e-9 else value.left:.3g} to {value.right:.3g}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def legend_below(figure: Figure, axes: Any, entries: int) -> None:
    """Put the legend of one panel below all."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=min(3, entries), frameon=False)
