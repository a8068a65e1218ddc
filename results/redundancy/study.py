"""Redundancy: how many users build it themselves, and when that is what they do rather than move."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.figures import PALETTE
from results.claim import Claim
from results.runs import in_parallel, mean_of, sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL: dict[str, Any] = {
    "users": 2_000,
    "days": 1095,
    "values": [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0],
    "complexities": [2.0, 20.0],
    "seed": 7000,
    "replicates": 30,
}
QUICK: dict[str, Any] = {
    "users": 400,
    "days": 730,
    "values": [0.1, 1.0],
    "complexities": [2.0],
    "seed": 7000,
    "replicates": 5,
}
FAILURES = {"per_server_year": 1.0, "outage_minutes": 240.0}  # of the host's hardware
RIVALS = {"fails alike": 1.0, "never fails": 0.0}  # failures a server and year at the rival
CAPACITY = 100  # users on a server: many small servers, so that failures do not fall on everybody at once


def compute(
    workers: int,
    users: int,
    days: int,
    values: list[float],
    complexities: list[float],
    seed: int,
    replicates: int,
) -> "pd.DataFrame":
    """Return a row for each rival, effort and value of a minute: who built, who moved. Seeds count up from `seed`."""
    import pandas as pd

    points = [(rival, effort, value) for rival in RIVALS for effort in complexities for value in values]
    seeds = range(seed, seed + replicates)
    tasks = [(*point, replicate) for point in points for replicate in seeds]
    found = in_parallel(partial(once, users, days), tasks, workers)
    rows = []
    for number, (rival, effort, value) in enumerate(points):
        built, moved = zip(*found[number * replicates : (number + 1) * replicates], strict=True)
        rows.append(
            {"rival": rival, "complexity": effort, "value": value, "replicates": replicates}
            | mean_of(built, "built")
            | mean_of(moved, "moved")
        )
    return pd.DataFrame(rows)


def once(users: int, days: int, task: tuple[str, float, float, int]) -> tuple[float, float]:
    """Run one market; return the shares of the host's original users who have two instances, and who have moved.

    A study keeps no column of who has two instances, so markets are run here.
    """
    from model.market import Market

    rival, complexity, value, seed = task
    settings: dict[str, Any] = {
        "users.count": users,
        "days": days,
        "users.downtime_value.median": value,
        "users.redundancy.complexity": complexity,
        "providers.0.server_capacity": CAPACITY,
        "providers.1.server_capacity": CAPACITY,
        "providers.0.failures": FAILURES,
        "providers.1.failures": FAILURES | {"per_server_year": RIVALS[rival]},
    }
    market = Market("redundant-users", rng=seed, **settings)
    original = market.users.provider == 0
    market.run()
    built = (market.users.instances == 2)[original]
    return float(built.mean()), float((market.users.provider != 0)[original].mean())


def sentence(summary: "pd.DataFrame") -> str:
    """Say where building wins, and that it does not against a host that is simply better."""
    alike = summary[summary["rival"] == "fails alike"]
    better = summary[summary["rival"] == "never fails"]
    told = []
    for effort, rows in alike.groupby("complexity"):
        wins = rows.loc[rows["built_low"] > rows["moved_high"], "value"]
        where = f"from \\${wins.min():g} a minute on" if len(wins) else "at no value of a minute that was tried"
        told.append(f"{where} if it takes the effort of {effort:g} minutes a month")
    easy = alike[alike["complexity"] == alike["complexity"].min()]
    base = easy.loc[(easy["value"] - 0.1).abs().idxmin()]
    return (
        f"Where hardware fails at every host alike, clearly more of the host's users build a second instance than move "
        f"{', '.join(told)} (the median user's minute; at the thought experiment's \\${base['value']:.2f} and the "
        f"lower effort {base['built']:.0%} build and {base['moved']:.0%} move); against a rival that simply never "
        f"fails at most {better['built'].max():.1%} build at any value tried, and {better['moved'].min():.0%} or more "
        "move."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw who builds and who moves over the value of a minute, for each kind of rival."""
    figure, axes = sheet(2, width=11)
    for place, (rival, rows) in zip(axes, summary.groupby("rival", sort=False), strict=True):
        for (effort, points), style in zip(rows.groupby("complexity", sort=True), ("-", "--"), strict=False):
            for column, name, colour, marker in (
                ("built", "build", PALETTE[0], "o"),
                ("moved", "move", PALETTE[1], "s"),
            ):
                middle, label = points[column], f"{name}, effort {effort:g} min/month"
                place.plot(points["value"], 100 * middle, style, color=colour, marker=marker, label=label)
                low, high = points[f"{column}_low"].clip(0, 1), points[f"{column}_high"].clip(0, 1)
                place.fill_between(points["value"], 100 * low, 100 * high, color=colour, alpha=0.15, linewidth=0)
        place.set(xscale="log", ylim=(0, 100), title=f"Rival's hardware {rival}")
        place.set(xlabel="dollars that a minute is worth to the median user", ylabel="of the host's users (%)")
        values = sorted(set(summary["value"]))
        place.set_xticks(values, [f"{value:g}" for value in values])
        place.minorticks_off()
    axes[0].legend(frameon=False, fontsize=9)
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    'How many users build redundancy, and when does "just make it distributed" win?',
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
The preset `redundant-users` over three years: a server of the host fails once a year for four hours, and users may
buy a second instance at their own host for the price of the first, plus an effort that weighs like downtime. The
value of a minute is lognormal with sigma 1.5; its median is varied. Servers hold 100 users, so that a failure is not
everybody's. "Build" is who of the host's original users has two instances at the end, "move" who is elsewhere then;
bands are intervals over replicates, and "clearly more" means that they do not overlap. The rival patches live, and its
hardware fails as often, or never: then it is as cheap and simply better, and explaining to users that they could build
availability themselves does not help.
""",
    """
A measured value of a minute and of the effort to run a second instance; hardware that fails more or less often.
""",
)
