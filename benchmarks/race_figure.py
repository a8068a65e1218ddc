"""Figure of the race: seconds per simulated year by number of users, both logarithmic."""

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmarks.contenders import CONTENDERS, YEAR
from benchmarks.race import Result
from model.figures import PALETTE

COLOURS = dict(zip(CONTENDERS, (*(PALETTE[number] for number in (0, 1, 2, 3, 5)), "#000000", "#777777"), strict=True))
MARKERS = dict(zip(CONTENDERS, "os^DvPX", strict=True))


def draw_race(results: list[Result], machine: str) -> Figure:
    """Draw a line for each contender; hollow markers are extrapolated from fewer days."""
    figure = Figure(figsize=(9, 6.5), dpi=120, layout="constrained")
    axes = figure.subplots()
    for name, contender in CONTENDERS.items():
        own = [result for result in results if result.implementation == contender.title and result.rounds]
        if not own:
            continue
        colour, marker = COLOURS[name], MARKERS[name]
        style, width = "--" if name.startswith("bound") else "-", 2.5 if name == "patchmarket" else 1.5
        users, years = [result.users for result in own], [result.year_s for result in own]
        axes.plot(users, years, style, marker=marker, color=colour, lw=width, ms=7, label=contender.title)
        for result in own:
            if result.days < YEAR:
                axes.plot(result.users, result.year_s, marker, color=colour, markerfacecolor="white", ms=7)
    axes.set(xscale="log", yscale="log", xlabel="users", ylabel="seconds for a simulated year")
    axes.set_title("The thought experiment for a year (medians; hollow: extrapolated from fewer days)", fontsize=11)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(which="major", alpha=0.4)
    axes.grid(which="minor", alpha=0.12)
    axes.legend(frameon=False)
    figure.supxlabel(machine, fontsize=7, color="#555555")
    return figure
