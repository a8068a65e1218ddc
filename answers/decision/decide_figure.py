"""The figure of a decision: the gain against the price of live patching, and the gain at each vendor's price."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from answers.decision.decide_measure import Case, Decision, GainByPrice
from answers.decision.decide_uncertainty import LEAVERS, Acceptability, Uncertainty
from model.figures import PALETTE, plain, wrapped

BLUE, ORANGE, GREEN, RED = (PALETTE[k] for k in (0, 1, 2, 5))


def decision_figure(decision: Decision) -> Figure:
    """Draw the gain per server and month against the price (above), and at the vendors' prices (below)."""
    rows = max(len(decision.vendors), 1)
    heights = [4.6, 0.42 * rows + 0.4, *([3.4] if decision.uncertainty else [])]
    figure = Figure(figsize=(9, sum(heights) + 0.5), dpi=120, layout="constrained")
    parts: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    above, below = parts[0].subplots(), parts[1].subplots()
    if decision.uncertainty:
        left, right = parts[2].subplots(1, 2, width_ratios=[1.2, 1])
        draw_acceptability(left, decision.uncertainty.acceptability, decision.plan.price)
        draw_worth(right, decision.uncertainty)
    figure.suptitle(
        plain(f"{decision.scenario}: what live patching gains {decision.provider}"),
        fontsize=13,
    )
    draw_curve(above, decision.curve)
    above.axhline(0, color="black", lw=0.8)
    low, high = decision.interval
    above.axvspan(low, high, color=ORANGE, alpha=0.25, lw=0, label="95 % interval of the break-even price")
    above.axvline(decision.break_even, color=ORANGE, lw=1.5, label=f"break-even price, {decision.break_even:,.0f}")
    price = decision.plan.price
    above.axvline(price, color=RED, ls="--", lw=1.5, label=f"price as planned, {price:,.0f}")
    for number, case in enumerate(decision.vendors):
        label = "vendors' present prices" if number == 0 else None
        above.plot(case.price, 0, "v", color=GREEN, ms=7, label=label, clip_on=False, zorder=4)
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


def draw_curve(axes: Any, curve: GainByPrice) -> None:
    """Draw the mean gain with its interval: lines in the price, or points where prices were searched."""
    if curve.most is None:
        errors = np.abs([curve.low - curve.mean, curve.high - curve.mean])
        axes.errorbar(curve.prices, curve.mean, errors, color=BLUE, fmt="o-", lw=1.5, label="mean gain, 95 % interval")
        return
    axes.fill_between(curve.prices, *curve.most, color=BLUE, alpha=0.12, lw=0, label="8 of 10 pairs of runs")
    axes.fill_between(
        curve.prices, curve.low, curve.high, color=BLUE, alpha=0.35, lw=0, label="95 % interval of the mean"
    )
    axes.plot(curve.prices, curve.mean, color=BLUE, lw=2, label="mean gain")
    axes.set_xlim(curve.prices[0], curve.prices[-1])


def draw_vendors(axes: Any, vendors: list[Case]) -> None:
    """Draw the gain at each vendor's price and coverage, the best on top."""
    ranked = sorted(vendors, key=lambda case: case.gain)
    for row, case in enumerate(ranked):
        error = [[case.gain - case.gain_low], [case.gain_high - case.gain]]
        axes.errorbar(case.gain, row, xerr=error, color=GREEN, fmt="o", capsize=3)
    axes.set_yticks(range(len(ranked)), [wrapped(f"{case.name}, {bill(case)}") for case in ranked], fontsize=8)
    axes.axvline(0, color="black", lw=0.8)
    axes.set(
        xlabel="gain at each vendor's price and coverage (dollars a server and month, 95 % interval)",
        ylim=(-0.6, len(ranked) - 0.4),
    )


def bill(case: Case) -> str:
    """Return what a vendor charges, by the patch or by the month."""
    return f"${case.per_patch:,.0f} a patch" if case.per_patch else f"${case.price:,.0f}"


def draw_acceptability(axes: Any, found: Acceptability, price: float) -> None:
    """Draw the chance that each policy is best on average, by the price of live patching."""
    ranked = sorted(range(len(found.policies)), key=lambda k: -found.best[k].max())
    for place, k in enumerate(k for k in ranked if found.best[k].max() > 0.005):
        colour, style = PALETTE[place % len(PALETTE)], "-" if found.policies[k] == "live-patch" else "--"
        axes.plot(found.prices, 100 * found.best[k], style, color=colour, lw=1.8, label=found.policies[k])
    axes.plot(found.prices, 100 * found.pays, ":", color="black", lw=1.4, label="live patching beats the present one")
    axes.axvline(price, color=RED, ls="--", lw=1)
    axes.set(xlabel="price of live patching (dollars a server and month)", ylabel="best on average (%)", ylim=(0, 101))
    axes.legend(fontsize=7, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.grid(alpha=0.3)


def draw_worth(axes: Any, found: Uncertainty) -> None:
    """Draw what it is worth to know each unknown, all of them, and what leavers say."""
    bars = [(one.unknown, one.worth) for one in found.measurements]
    bars += [(f"{LEAVERS} leavers asked", found.survey)] if found.survey else []
    bars += [("all unknowns", found.perfect)]
    for row, (_, worth) in enumerate(reversed(bars)):
        axes.barh(row, worth.value, xerr=worth.error, color=BLUE, error_kw={"lw": 1, "capsize": 2})
    axes.set_yticks(range(len(bars)), [wrapped(name) for name, _ in reversed(bars)], fontsize=8)
    axes.set(xlabel="worth knowing, at most (dollars a year)", xlim=(0, None))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="x", alpha=0.3)
