"""The headline under other structures: talk in turns, tolerance of other shapes, users on other networks."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from model.figures import PALETTE
from results.claim import Claim
from results.estimates import estimate_mean
from results.runs import parallel_map, ten_server_settings
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL = {"users": 2_000, "replicates": 200, "plain_users": 400, "plain_replicates": 100, "seed": 1}
QUICK = {"users": 200, "replicates": 8, "plain_users": 100, "plain_replicates": 4, "seed": 1}
DENSE_LINKS = 32
MEDIAN, SIGMA = 10.7, 1.0  # of the thought experiment's tolerance, minutes a month
Quantiles = Callable[[Any], Any]  # from ranks between 0 and 1 to tolerances

BASE = "as published: synchronous, lognormal, small world"
TOLERANCES: dict[str, Quantiles] = {  # all of the same median
    "all alike": lambda rank: np.full_like(rank, MEDIAN),
    "uniform from 0": lambda rank: 2 * MEDIAN * rank,
    "normal, cut at 0": lambda rank: np.maximum(stats.norm.ppf(rank, MEDIAN, MEDIAN / 2), 0.0),
    "exponential": lambda rank: -MEDIAN / np.log(2) * np.log1p(-rank),
    "log-logistic (heavier tails)": lambda rank: MEDIAN * (rank / (1 - rank)) ** (SIGMA * np.sqrt(3) / np.pi),
}
NETWORKS: dict[str, dict[str, Any]] = {  # all of mean degree 8, but for the last
    "ring": {"kind": "watts-strogatz", "degree": 8, "rewiring": 0.0},
    "random (Erdős–Rényi)": {"kind": "erdos-renyi", "degree": 8.0},
    "hubs (Barabási–Albert)": {"kind": "barabasi-albert", "degree": 8},
    "ten groups (block model)": {"kind": "stochastic-block", "degree": 8.0, "blocks": 10, "mixing": 0.1},
    f"small world of {DENSE_LINKS} neighbours": {"kind": "watts-strogatz", "degree": DENSE_LINKS, "rewiring": 0.1},
}
PLAIN, TURNS = "synchronous, in Mesa objects", "in turns, in Mesa objects"


def compute(
    workers: int, users: int, replicates: int, plain_users: int, plain_replicates: int, seed: int
) -> "pd.DataFrame":
    """Return a row for each structure: the share lost, its band over runs, and the paired difference to its base."""
    import pandas as pd

    tasks = [(which, name, at) for which, name in fast() for at in range(seed, seed + replicates)]
    shares = np.reshape(parallel_map(partial(run, users), tasks, workers), (-1, replicates))
    lost = dict(zip(fast(), shares, strict=True))
    twins = parallel_map(partial(plain, plain_users), range(seed, seed + plain_replicates), workers)
    lost |= dict(zip((("talk", PLAIN), ("talk", TURNS)), np.transpose(twins), strict=True))
    return pd.DataFrame([row_of(which, name, lost) for which, name in lost])


def fast() -> Iterator[tuple[str, str]]:
    """Go through the structures that the market itself can run."""
    yield "base", BASE
    yield from (("tolerance", name) for name in TOLERANCES)
    yield from (("network", name) for name in NETWORKS)


def run(users: int, task: tuple[str, str, int]) -> float:
    """Return the share that the host loses in a year, under one structure and seed."""
    from model.market import Market

    which, name, seed = task
    network: dict[str, Any] = {"network": NETWORKS[name]} if which == "network" else {}
    market = Market("thought-experiment", rng=seed, **ten_server_settings(users), **network)
    if which == "tolerance":  # the same ranks, so that who is patient stays so
        column = market.users.tolerance
        column[:] = TOLERANCES[name](stats.lognorm.cdf(column, SIGMA, scale=MEDIAN))
    market.run()
    return 1 - int(market.fleets.users[0]) / int(market.record.users_at_start[0])


def plain(users: int, seed: int) -> list[float]:
    """Return the shares lost with synchronous talk and with talk in turns, in Mesa objects, under the same flaws."""
    from benchmarks.mesa_objects import PlainMarket
    from model.scenario import Scenario
    from results.structure.sequential import SequentialMarket

    scenario = Scenario.preset("thought-experiment", **ten_server_settings(users))
    synchronous, turns = PlainMarket(scenario, rng=seed).run(), SequentialMarket(scenario, rng=seed).run()
    return [1 - 2 * market.users_by_day[-1][0] / users for market in (synchronous, turns)]


def row_of(which: str, name: str, lost: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """Return a row of the summary."""
    shares = lost[which, name]
    row: dict[str, Any] = {"choice": which, "structure": name, "replicates": len(shares)} | estimate_mean(
        shares, "lost"
    )
    row["run_low"], row["run_median"], row["run_high"] = np.quantile(shares, [0.1, 0.5, 0.9])
    base = lost["talk", PLAIN] if which == "talk" else lost["base", BASE]
    return row | estimate_mean([ours - theirs for ours, theirs in zip(shares, base, strict=True)], "gap")


def sentence(summary: "pd.DataFrame") -> str:
    """Say how far each of the three choices moves the share lost."""
    base, last = summary.iloc[0], summary.iloc[-1]
    shapes = summary[summary["choice"] == "tolerance"]
    networks = summary[summary["choice"] == "network"]
    return (
        f"As published the host loses {base['lost']:.1%} of its users in the mean run (95 %: {base['lost_low']:.1%} to "
        f"{base['lost_high']:.1%}); talk in turns changes that by {points(last)} percentage points, another shape of "
        f"tolerance of the same median by {furthest(shapes, 'idxmin')} to {furthest(shapes, 'idxmax')}, another "
        f"network of as many links by {furthest(networks[:-1], 'idxmin')} to {furthest(networks[:-1], 'idxmax')}, and "
        f"{DENSE_LINKS} links rather than 8 by {points(networks.iloc[-1])}."
    )


def points(row: Any) -> str:
    """Write a paired difference in percentage points, with its interval."""
    return f"{100 * row['gap']:+.1f} (95 %: {100 * row['gap_low']:+.1f} to {100 * row['gap_high']:+.1f})"


def furthest(rows: "pd.DataFrame", end: str) -> str:
    """Write the least or the largest difference among rows, and whose it is."""
    row = rows.loc[getattr(rows["gap"], end)()]
    return f"{points(row)} ({row['structure']})"


def table(summary: "pd.DataFrame") -> str:
    """Write all structures as a Markdown table."""
    lines = [
        "| choice | structure | users lost, mean (95 %) | median run (eight in ten) | difference, points |",
        "|---|---|---|---|---|",
    ]
    for row in summary.to_dict("records"):
        gap = points(row)
        lines.append(
            f"| {row['choice']} | {row['structure']} | {row['lost']:.1%} ({row['lost_low']:.1%} to "
            f"{row['lost_high']:.1%}) | {row['run_median']:.1%} ({row['run_low']:.0%} to {row['run_high']:.0%}) | "
            f"{gap if row['structure'] not in (BASE, PLAIN) else 'compared with'} |"
        )
    return "\n".join(lines)


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw each structure's mean with its interval, on the band of its runs."""
    figure, (place,) = subplots(1, width=10, height=5.5)
    colours = dict(zip(("base", "tolerance", "network", "talk"), PALETTE, strict=False))
    for y, row in enumerate(summary.to_dict("records")):
        colour = colours[row["choice"]]
        place.plot([100 * row["run_low"], 100 * row["run_high"]], [y, y], color=colour, lw=7, alpha=0.25)
        error = [[100 * (row["lost"] - row["lost_low"])], [100 * (row["lost_high"] - row["lost"])]]
        place.errorbar(100 * row["lost"], y, xerr=error, color=colour, marker="o", capsize=3)
    place.axvline(100 * summary["lost"].iloc[0], color="black", lw=1, ls=":")
    names = [f"{row.choice}: {row.structure}" for row in summary.itertuples()]
    place.set_yticks(range(len(names)), names, fontsize=9)
    place.invert_yaxis()
    place.set_xlim(0, None)
    place.set(xlabel="users lost in a year (%): mean with its interval (point), eight in ten runs (band)")
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "Does the answer depend on how talk, tolerance and the network are modelled?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
Three choices of structure that a reader may doubt, each replaced while all else stays: ten servers a host, the same
seeds, so the same flaws in the same replicate; differences are paired by seed.

- **Talk** is synchronous: all messages of a day are read together. In turns, users act one after another, in an order
  drawn anew each day, and what is said is believed, and can be told on, at once. That needs a user at a time, so both
  are run in the plain model of Mesa objects, with fewer users, and compared with each other.
- **Tolerance** is lognormal. The others have the same median, and each user keeps its rank.
- **The network** is a small world of eight neighbours. The others have eight on average, but for the last.

Nothing is calibrated anew: a shape that moves the share lost would, calibrated to the same fifth, have another median
tolerance. What the claim shows is which of these choices the calibrated number stands in for.
""",
    """
A measured distribution of how much downtime users bear: it matters which share of users is easily moved, and no
choice here says what that share is.
""",
    table,
)
