"""The figure: seconds per simulated year against users, both logarithmic."""

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmarks.contenders import CONTENDERS, YEAR
from benchmarks.race import Place
from model.figures import PALETTE

COLOURS = dict(zip(CONTENDERS, (*(PALETTE[number] for number in (0, 1, 2, 3, 5)), "#000000", "#777777"), strict=True))
MARKERS = dict(zip(CONTENDERS, "os^DvPX", strict=True))


def race_figure(places: list[Place], machine: str) -> Figure:
    """Draw a line for each contender; hollow marks are scaled from fewer days."""
    figure = Figure(figsize=(9, 6.5), dpi=120, layout="constrained")
    axes = figure.subplots()
    for name, contender in CONTENDERS.items():
        own = [place for place in places if place.implementation == contender.title and place.rounds]
        if not own:
            continue
        colour, marker = COLOURS[name], MARKERS[name]
        style, width = "--" if name.startswith("bound") else "-", 2.5 if name == "ours" else 1.5
        users, years = [place.users for place in own], [place.year_s for place in own]
        axes.plot(users, years, style, marker=marker, color=colour, lw=width, ms=7, label=contender.title)
        for place in own:
            if place.days < YEAR:
                axes.plot(place.users, place.year_s, marker, color=colour, markerfacecolor="white", ms=7)
    axes.set(xscale="log", yscale="log", xlabel="users", ylabel="seconds for a simulated year")
    axes.set_title("The thought experiment for a year (medians; hollow: scaled from fewer days)", fontsize=11)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(which="major", alpha=0.4)
    axes.grid(which="minor", alpha=0.12)
    axes.legend(frameon=False)
    figure.supxlabel(machine, fontsize=7, color="#555555")
    return figure
