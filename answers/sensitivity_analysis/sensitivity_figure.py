"""A sensitivity analysis as a figure: bars with intervals; pairs; each policy by itself."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from answers.sensitivity_analysis.sensitivity_measure import Sensitivity
from model.figures import PALETTE, plain, wrapped

if TYPE_CHECKING:
    import pandas as pd

LABELS = {
    "S1": "S1: by itself",
    "ST": "ST: with all its interactions",
    "mu_star": "mu*: mean size of its effect",
    "sigma": "sigma: how much the effect differs from place to place",
}
MOST_PAIRS = 12


def sensitivity_figure(found: Sensitivity) -> Figure:
    """Draw the indices over all policies, those of pairs and those under each policy, as far as there are any."""
    table = found.table
    whole = table[table["policy"] == ""]
    pairs = whole[whole["index"] == "S2"]
    under = table[(table["policy"] != "") & (table["index"] == "ST")]
    panels = 1 + bool(len(pairs)) + bool(len(under))
    factors = whole["factor"].nunique()
    rows = max(factors, min(len(pairs), MOST_PAIRS) / 2)
    figure = Figure(figsize=(5.6 * panels, 2.8 + 0.6 * rows), dpi=120)
    figure.set_layout_engine("constrained")
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    sobol = "ST" in set(whole["index"])
    bars(axes.pop(0), whole, ("S1", "ST") if sobol else ("mu_star", "sigma"), sobol=sobol)
    if len(pairs):
        pair_bars(axes.pop(0), pairs)
    if len(under):
        policy_bars(axes.pop(0), under)
    figure.suptitle(f"{plain(found.study)}: what decides {plain(found.outcome)}")
    return figure


def bars(axes: Axes, table: "pd.DataFrame", shown: tuple[str, str], *, sobol: bool) -> None:
    """Draw two indices of each factor, the factor with the largest on top."""
    key = "ST" if sobol else "mu_star"
    order = table[table["index"] == key].sort_values("value")["factor"].tolist()
    for number, index in enumerate(shown):
        rows = table[table["index"] == index].set_index("factor").loc[order]
        place = np.arange(len(order)) + (0.2 if number == 0 else -0.2)
        error = np.nan_to_num([rows["value"] - rows["low"], rows["high"] - rows["value"]])
        axes.barh(place, rows["value"], 0.38, color=PALETTE[number], label=LABELS[index])
        if np.any(error):
            axes.errorbar(rows["value"], place, xerr=error, fmt="none", ecolor="black", capsize=3, lw=1)
    axes.set_yticks(np.arange(len(order)), [wrapped(name) for name in order])
    axes.set_xlabel("share of the variance; bars: 95 % intervals" if sobol else "unit of the outcome, over the range")
    finish(axes, "All policies together" if sobol else "Elementary effects (Morris)")


def pair_bars(axes: Axes, pairs: "pd.DataFrame") -> None:
    """Draw the second-order indices, the largest on top."""
    rows = pairs.sort_values("value").tail(MOST_PAIRS)
    names = [f"{wrapped(a)}\n× {wrapped(b)}" for a, b in zip(rows["factor"], rows["other"], strict=True)]
    error = [rows["value"] - rows["low"], rows["high"] - rows["value"]]
    axes.barh(names, rows["value"], 0.6, color=PALETTE[2], label="S2: beyond each by itself")
    axes.errorbar(rows["value"], np.arange(len(rows)), xerr=error, fmt="none", ecolor="black", capsize=3, lw=1)
    axes.set_xlabel("share of the variance")
    finish(axes, "Pairs")


def policy_bars(axes: Axes, table: "pd.DataFrame") -> None:
    """Draw the total index of each uncertain factor under each policy."""
    order = table.groupby("factor")["value"].max().sort_values().index.tolist()
    levels = list(dict.fromkeys(table["policy"]))
    height = 0.8 / len(levels)
    for number, level in enumerate(levels):
        rows = table[table["policy"] == level].set_index("factor").reindex(order)
        place = np.arange(len(order)) + 0.4 - (number + 0.5) * height
        error = [rows["value"] - rows["low"], rows["high"] - rows["value"]]
        colour = PALETTE[(number + 3) % len(PALETTE)]
        axes.barh(place, rows["value"], 0.9 * height, color=colour, label=plain(level))
        axes.errorbar(rows["value"], place, xerr=error, fmt="none", ecolor="black", capsize=3, lw=1)
    axes.set_yticks(np.arange(len(order)), [wrapped(name) for name in order])
    axes.set_xlabel("share of the variance under that policy (ST)")
    finish(axes, "Each policy by itself")


def finish(axes: Axes, title: str) -> None:
    """Add what all panels have; the legend stands below, where no bar is."""
    axes.set_title(title, fontsize=10)
    axes.axvline(0, color="black", lw=0.8)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.22), fontsize=9)
