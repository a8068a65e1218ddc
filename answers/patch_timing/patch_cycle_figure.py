"""The figure of a patch cycle: the cost of each waiting time and what it is made of."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from answers.patch_timing.patch_cycle_measure import PatchCycle
from model.figures import PALETTE, plain

PARTS = (
    ("total", "in all", "o-", "black"),
    ("users", "outages and users", "s--", PALETTE[0]),
    ("updates", "bad updates", "^--", PALETTE[1]),
    ("breaches", "breaches", "v--", PALETTE[5]),
)
WAYS = (("soak", "days after each update"), ("interval", "days between planned campaigns"))


def patch_cycle_figure(cycle: PatchCycle) -> Figure:
    """Draw the mean costs with their intervals, a panel for each way of waiting; the best is marked."""
    figure = Figure(figsize=(9.5, 4.8), dpi=120, layout="constrained")
    title = (
        f"{cycle.scenario}: what waiting costs {cycle.provider}, compared with patching at once\n"
        f"(mean and 95 % interval of {cycle.replicates} runs)"
    )
    figure.suptitle(plain(title), fontsize=12)
    panels = figure.subplots(1, 2, sharey=True)
    for panel, (way, label) in zip(panels, WAYS, strict=True):
        waits = [wait for wait in cycle.waits if wait.way == way]
        places = range(len(waits))
        for name, meaning, style, colour in PARTS:
            costs = [getattr(wait, name) for wait in waits]
            middle = [cost.mean for cost in costs]
            spans = [[c.mean - c.low for c in costs], [c.high - c.mean for c in costs]]
            panel.errorbar(places, middle, yerr=spans, fmt=style, color=colour, capsize=3, label=meaning)
        if cycle.best.way == way:
            place = waits.index(cycle.best)
            panel.axvline(place, color=PALETTE[2], lw=8, alpha=0.25, label="the least in all")
        panel.set_xticks(places, [str(wait.days) for wait in waits])
        panel.set(xlabel=label)
        panel.axhline(0, color="black", lw=0.8)
        panel.grid(alpha=0.3)
        panel.yaxis.set_major_locator(MaxNLocator(6))
        panel.yaxis.set_major_formatter("{x:,.0f}")
    panels[0].set_ylabel("dollars a server and month")
    entries: dict[str, Any] = {}
    for panel in panels:
        handles, labels = panel.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    figure.legend(handles=list(entries.values()), loc="outside lower center", ncols=len(entries))
    return figure
