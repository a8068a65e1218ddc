"""Redundancy: how many users build it themselves, and when they prefer it to moving."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.figures import PALETTE
from results.claim import Claim
from results.estimates import estimate_mean
from results.runs import parallel_map
from results.subplots import subplots

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
FAILURES = {"per_server_year": 1.0, "outage_minutes": 240.0}  # hardware failures at the host
RIVALS = {"fails alike": 1.0, "never fails": 0.0}  # failures per server and year at the rival
CAPACITY = 100  # users per server; servers are small, so that a failure affects few users


def compute(
    workers: int,
    users: int,
    days: int,
    values: list[float],
    complexities: list[float],
    seed: int,
    replicates: int,
) -> "pd.DataFrame":
    """Return a row for each rival, effort and value of a minute: shares who built and moved. Seeds start at `seed`."""
    import pandas as pd

    points = [(rival, effort, value) for rival in RIVALS for effort in complexities for value in values]
    seeds = range(seed, seed + replicates)
    tasks = [(*point, replicate) for point in points for replicate in seeds]
    found = parallel_map(partial(run_market, users, days), tasks, workers)
    rows = []
    for number, (rival, effort, value) in enumerate(points):
        built, moved = zip(*found[number * replicates : (number + 1) * replicates], strict=True)
        rows.append(
            {"rival": rival, "complexity": effort, "value": value, "replicates": replicates}
            | estimate_mean(built, "built")
            | estimate_mean(moved, "moved")
        )
    return pd.DataFrame(rows)


def run_market(users: int, days: int, task: tuple[str, float, float, int]) -> tuple[float, float]:
    """Run one market; return the shares of the host's original users who have two instances and who have moved.

    The tables of a study do not contain instances, so markets are run here.
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
    """Give the values at which building wins, and the shares against a rival that never fails."""
    alike = summary[summary["rival"] == "fails alike"]
    better = summary[summary["rival"] == "never fails"]
    limits = []
    for effort, rows in alike.groupby("complexity"):
        wins = rows.loc[rows["built_low"] > rows["moved_high"], "value"]
        where = f"at values of \\${wins.min():g} a minute and above" if len(wins) else "at no value tried"
        limits.append(f"{where} if building costs an effort of {effort:g} minutes a month")
    easy = alike[alike["complexity"] == alike["complexity"].min()]
    base = easy.loc[(easy["value"] - 0.1).abs().idxmin()]
    return (
        f"If hardware fails equally often at every host, clearly more of the host's users build a second instance than "
        f"move {'; '.join(limits)} (values of the median user's minute). At the thought experiment's "
        f"\\${base['value']:.2f} and the lower effort, {base['built']:.0%} build and {base['moved']:.0%} move. If the "
        f"rival never fails, at most {better['built'].max():.1%} build at any value tried, and "
        f"{better['moved'].min():.0%} or more move."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the shares who build and who move by the value of a minute, for each kind of rival."""
    figure, axes = subplots(2, width=11)
    for ax, (rival, rows) in zip(axes, summary.groupby("rival", sort=False), strict=True):
        for (effort, points), style in zip(rows.groupby("complexity", sort=True), ("-", "--"), strict=False):
            for column, name, colour, marker in (
                ("built", "build", PALETTE[0], "o"),
                ("moved", "move", PALETTE[1], "s"),
            ):
                middle, label = points[column], f"{name}, effort {effort:g} min/month"
                ax.plot(points["value"], 100 * middle, style, color=colour, marker=marker, label=label)
                low, high = points[f"{column}_low"].clip(0, 1), points[f"{column}_high"].clip(0, 1)
                ax.fill_between(points["value"], 100 * low, 100 * high, color=colour, alpha=0.15, linewidth=0)
        ax.set(xscale="log", ylim=(0, 100), title=f"Rival's hardware {rival}")
        ax.set(xlabel="dollars that a minute is worth to the median user", ylabel="of the host's users (%)")
        values = sorted(set(summary["value"]))
        ax.set_xticks(values, [f"{value:g}" for value in values])
        ax.minorticks_off()
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
The preset `redundant-users` over three years: each server of the host fails once a year on average, for four hours, and
users may buy a second instance at their own host for the price of the first, plus an effort that counts like downtime.
The value of a minute is lognormal with sigma 1.5; its median is varied. Servers hold 100 users, so that a failure does
not affect all users. "Build" is the share of the host's original users with two instances at the end, "move" the share
who are with the rival then. Bands are intervals over replicates, and "clearly more" means that they do not overlap. The
rival patches live, and its hardware fails as often, or never. In the latter case it is as cheap and simply better, and
explaining to users that they could build availability themselves does not help.
""",
    """
A measured value of a minute and of the effort to run a second instance; hardware that fails more or less often.
""",
)
