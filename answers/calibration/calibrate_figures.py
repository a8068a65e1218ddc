"""The figures of a calibration: the loss over each setting, the targets met; planted against fitted values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from answers.calibration.search import ALIKE, Trial, best
from answers.calibration.targets import Problem
from model.figures import PALETTE, plain

if TYPE_CHECKING:
    import pandas as pd

    from batch.factors import Factor

BLUE, ORANGE = PALETTE[0], PALETTE[1]
NORMAL = 1.96  # 95 % of a normal distribution lie within so many standard deviations
TICKS = (-1000, -100, -30, -10, -4, -2, 0, 2, 4, 10, 30, 100, 1000)


def fit_figure(problem: Problem, trials: Sequence[Trial], targets: list[dict[str, Any]]) -> Figure:
    """Draw the loss of all trials over each setting, and below how well the targets are met before and after."""
    count = len(problem.paths)
    heights = [2.8, 0.55 * len(targets) + 0.7]
    figure = Figure(figsize=(max(3.0 * count, 7.5), sum(heights) + 0.8), dpi=120, layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=heights)
    above, below = parts
    panels = above.subplots(1, count, squeeze=False, sharey=True)[0]
    finite = [trial for trial in trials if np.isfinite(trial.loss)]
    least, found = best(trials).loss, best(trials)
    for axes, factor in zip(panels, problem.targets.fit, strict=True):
        values = [trial.values[factor.path] for trial in finite]
        close = [trial.loss <= least + ALIKE for trial in finite]
        losses = [max(trial.loss, 1e-3) for trial in finite]
        axes.scatter(values, losses, s=14, color=[ORANGE if c else "#999999" for c in close], zorder=2)
        axes.scatter([found.values[factor.path]], [max(least, 1e-3)], marker="*", s=140, color=BLUE, zorder=3)
        axes.set(yscale="log", xlabel=factor.path)
        scaled(axes, factor, "x")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("loss (squared standard errors)")
    above.suptitle(f"{plain(problem.scenario.name)}: trials; star = best, orange = about as good", fontsize=11)
    misfits(below.subplots(), problem, trials, targets)
    return figure


def misfits(axes: Any, problem: Problem, trials: Sequence[Trial], targets: list[dict[str, Any]]) -> None:
    """Draw how far each target was and is from what was observed, in standard errors of the observation."""
    from answers.calibration.measures import misfit

    place = np.arange(len(targets))
    axes.axvspan(-2, 2, color="#999999", alpha=0.2, lw=0)
    axes.axvline(0, color="black", lw=0.8)
    if problem.unit_of(problem.before()) is not None:  # then it was the first trial
        pairs = list(zip(problem.targets.targets, trials[0].simulated, strict=True))
        before = [misfit(target, value) if np.isfinite(value) else np.nan for target, value in pairs]
        axes.plot(before, place, "o", mfc="none", color=BLUE, label="scenario as it was")
    after = [row["misfit"] for row in targets]
    reach = [NORMAL * row["simulated_error"] / row["error"] for row in targets]
    axes.errorbar(after, place, xerr=reach, fmt="*", ms=11, color=BLUE, capsize=3, label="fitted, on fresh runs")
    axes.set_yticks(place, [row["name"] for row in targets])
    axes.set(xlabel="simulated less observed, in standard errors of the observation", ylim=(len(targets) - 0.5, -0.5))
    axes.set_xscale("symlog", linthresh=5)
    axes.set_xticks([x for x in TICKS if axes.get_xlim()[0] <= x <= axes.get_xlim()[1]])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="x", alpha=0.3)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9)


def recovery_figure(problem: Problem, table: "pd.DataFrame") -> Figure:
    """Draw fitted against planted values of each setting, with the range that fits about as well."""
    count = len(problem.paths)
    figure = Figure(figsize=(max(3.2 * count, 4.0), 3.6), dpi=120, layout="constrained")
    for axes, factor in zip(figure.subplots(1, count, squeeze=False)[0], problem.targets.fit, strict=True):
        rows = table[table["setting"] == factor.path]
        reach = [rows["fitted"] - rows["low"], rows["high"] - rows["fitted"]]
        axes.errorbar(rows["planted"], rows["fitted"], yerr=reach, fmt="o", color=BLUE, ecolor=ORANGE, capsize=3)
        axes.plot([factor.low, factor.high], [factor.low, factor.high], color="black", lw=0.8, ls="--")
        axes.set(xlabel="planted", ylabel="fitted", title=factor.path)
        for axis in ("x", "y"):
            scaled(axes, factor, axis)
        axes.title.set_fontsize(10)
        axes.grid(alpha=0.3)
    figure.suptitle(f"{plain(problem.scenario.name)}: are planted settings found? (dashed: exactly)", fontsize=11)
    return figure


def scaled(axes: Any, factor: "Factor", axis: str) -> None:
    """Scale an axis as the factor's range, with plain numbers."""
    places = getattr(axes, f"{axis}axis")
    if factor.scale == "log" and factor.low and factor.high:
        axes.set(**{f"{axis}scale": "log"})
        wide = factor.high / factor.low > 30
        places.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
        places.set_minor_formatter(NullFormatter())
    places.set_major_formatter("{x:g}")
    axes.set(**{f"{axis}lim": (factor.low, factor.high)})
