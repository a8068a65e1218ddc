"""The figure: seconds per simulated year against users, both logarithmic."""

from matplotlib.figure import Figure

from batch.figures import PALETTE
from benchmarks.contenders import CONTENDERS, YEAR
from benchmarks.race import Place

BLACK = "#000000"
MARKERS = ("o", "s", "^", "D", "v", "P")


def race_figure(places: list[Place], machine: str) -> Figure:
    """Draw a line for each contender; hollow marks are scaled from fewer days."""
    figure = Figure(figsize=(9, 6.5), dpi=120, layout="constrained")
    axes = figure.subplots()
    for number, (name, contender) in enumerate(CONTENDERS.items()):
        own = [place for place in places if place.implementation == contender.title and place.rounds]
        if not own:
            continue
        colour, marker = BLACK if name == "bound" else PALETTE[number], MARKERS[number]
        users, years = [place.users for place in own], [place.year_s for place in own]
        width = 2.5 if name == "ours" else 1.5
        axes.plot(users, years, "--" if name == "bound" else "-", color=colour, lw=width, label=contender.title)
        for place in own:
            inside = colour if place.days == YEAR else "white"
            axes.plot(place.users, place.year_s, marker, color=colour, markerfacecolor=inside, ms=7)
    axes.set(xscale="log", yscale="log", xlabel="users", ylabel="seconds for a simulated year")
    axes.set_title("The thought experiment for a year (medians; hollow: scaled from fewer days)", fontsize=11)
    axes.grid(which="major", alpha=0.4)
    axes.grid(which="minor", alpha=0.12)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles, labels, frameon=False)
    figure.supxlabel(machine, fontsize=7, color="#555555")
    return figure
