"""The figure of a comparison: what each policy changes, a panel an outcome."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from answers.comparison.compare_measure import OUTCOMES, Comparison
from model.figures import PALETTE, plain

PANELS = OUTCOMES[:4]


def comparison_figure(comparison: Comparison) -> Figure:
    """Draw the paired differences to the present policy with their intervals."""
    kinds = list(dict.fromkeys(comparison.table["policy"]))
    figure = Figure(figsize=(9, 2.4 + 0.75 * len(kinds)), dpi=120, layout="constrained")
    figure.suptitle(
        plain(
            f"{comparison.scenario}: what other policies would change for {comparison.provider}\n"
            f"against its present one, {comparison.present} (mean and 95 % interval of paired differences)"
        ),
        fontsize=12,
    )
    for panel, outcome in zip(figure.subplots(2, 2, sharey=True).flat, PANELS, strict=True):
        rows = comparison.table[comparison.table["outcome"] == outcome.name]
        for row, (mean, low, high) in enumerate(np.array(rows[["difference", "low", "high"]], float)):
            panel.errorbar(mean, row, xerr=[[mean - low], [high - mean]], color=PALETTE[0], fmt="o", capsize=3)
        panel.axvline(0, color="black", lw=0.8)
        panel.set_yticks(range(len(kinds)), kinds)
        panel.set(title=outcome.name, xlabel=f"difference ({outcome.unit})", ylim=(len(kinds) - 0.5, -0.5))
        panel.xaxis.set_major_formatter("{x:,.0f}")
        panel.xaxis.set_major_locator(MaxNLocator(5))
        panel.grid(alpha=0.3)
    return figure
