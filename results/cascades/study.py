"""Cascades on several graphs: users who imitate their neighbours (Watts 2002), and users who listen to them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from batch.study import Study
from model.figures import PALETTE
from results.claim import Claim
from results.estimates import estimate_mean, estimate_share
from results.runs import run_all, ten_server_settings
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL: dict[str, Any] = {
    "watts_degrees": [0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 8.0],
    "watts_users": 4_000,
    "talk_degrees": [2, 4, 8, 16, 32],
    "talk_users": 4_000,
    "seed": 5,
    "replicates": 100,
}
QUICK: dict[str, Any] = {
    "watts_degrees": [0.5, 3.0, 8.0],
    "watts_users": 1_000,
    "talk_degrees": [2, 8],
    "talk_users": 500,
    "seed": 5,
    "replicates": 8,
}
THRESHOLD = 0.18  # share of neighbours that must have moved before a user follows
WINDOW = (1.02, 5.76)  # mean degrees between which global cascades are possible on a random graph (Watts 2002)
GLOBAL = 0.1  # share of users above which a cascade counts as global
KINDS: dict[str, dict[str, Any]] = {
    "random (Erdős–Rényi)": {"kind": "erdos-renyi"},
    "small world (Watts–Strogatz)": {"kind": "watts-strogatz", "rewiring": 0.1},
    "hubs (Barabási–Albert)": {"kind": "barabasi-albert"},
    "ten groups (block model)": {"kind": "stochastic-block", "blocks": 10, "mixing": 0.1},
}
RANDOM = next(iter(KINDS))


def compute(
    workers: int,
    watts_degrees: list[float],
    watts_users: int,
    talk_degrees: list[int],
    talk_users: int,
    seed: int,
    replicates: int,
) -> "pd.DataFrame":
    """Return a row for each rule, graph and mean degree: share of users who follow, share of global cascades."""
    import pandas as pd

    graphs = [(RANDOM, degree) for degree in watts_degrees]
    threshold = run_all(threshold_study(graphs, watts_users, seed, replicates), workers)
    rows = rows_of("threshold", graphs, threshold)
    graphs = [(kind, degree) for kind in KINDS for degree in talk_degrees]
    tables = {"name": "talk", "seed": seed, "scenario": "thought-experiment", "replicates": replicates}
    talk_study = Study.load(tables | {"settings": ten_server_settings(talk_users), "factors": [networks(graphs)]})
    talk = run_all(talk_study, workers)
    return pd.DataFrame(rows + rows_of("talk", graphs, talk))


def threshold_study(graphs: list[tuple[str, float]], users: int, seed: int, replicates: int) -> Study:
    """Return the study in which one pioneer is at B, and other users follow once enough of their neighbours have.

    B is one dollar cheaper and a dollar is worth a minute, so a user leaves A iff 1 + share > 1 + threshold, and
    nobody returns. Adverts make all users reconsider every day, so the cascade is over after a day without a move.
    """
    return Study.load(
        {
            "name": "threshold",
            "seed": seed,
            "replicates": replicates,
            "stop": {"quiet_days": 1},
            "factors": [networks(graphs)],
            "scenario": {
                "days": 365,
                "users": {
                    "count": users,
                    "peer_weight": 1.0,
                    "advertising_per_day": 1.0,
                    "tolerance": {"median": 1 + THRESHOLD, "sigma": 0.0},
                    "downtime_value": {"median": 1.0, "sigma": 0.0},
                },
                "word_of_mouth": {"talk_per_day": 0.0, "complaint": 0.0},
                "flaws": {"source": "poisson", "per_year": 0.0},
                "providers": [{"name": "A", "price": 2.0}, {"name": "B", "price": 1.0, "share": 1 / users}],
            },
        }
    )


def networks(graphs: list[tuple[str, float]]) -> dict[str, Any]:
    """Return the factor whose levels are the graphs."""
    levels = [KINDS[kind] | {"degree": degree} for kind, degree in graphs]
    return {"path": "network", "levels": levels, "names": [f"{kind} {degree:g}" for kind, degree in graphs]}


def rows_of(rule: str, graphs: list[tuple[str, float]], runs: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the summary's row for each graph."""
    rows = []
    for point, group in runs.groupby("point"):
        kind, degree = graphs[point]
        row = {"rule": rule, "graph": kind, "degree": float(degree), "replicates": len(group)}
        row |= estimate_mean(group["lost_share_p0"], "followed")
        rows.append(row | (estimate_share(group["lost_share_p0"] > GLOBAL, "swept") if rule == "threshold" else {}))
    return rows


def sentence(summary: "pd.DataFrame") -> str:
    """Give the degrees with global cascades, and the effect of the graph on word of mouth."""
    watts = summary[summary["rule"] == "threshold"]
    found = watts.loc[watts["swept"] > 0, "degree"]
    best = watts.loc[watts["swept"].idxmax()]
    talk = summary[summary["rule"] == "talk"].pivot_table(index="degree", columns="graph", values="followed")
    few, many = talk.index.min(), talk.index.max()
    kinds = float((talk.max(axis=1) - talk.min(axis=1)).max())
    return (
        f"If users follow {THRESHOLD:.0%} of their neighbours, one pioneer sets off a global cascade on a random graph "
        f"only at mean degrees from {found.min():g} to {found.max():g} among those tried (most often, in "
        f"{best['swept']:.0%} of runs, at {best['degree']:g}). This is Watts's window of {WINDOW[0]} to {WINDOW[1]}, "
        "blurred by the finite size of the graph. With the thought experiment's word of mouth there is no such window: "
        f"the share lost rises with the mean degree, from {talk.loc[few].mean():.0%} at {few:.0f} to "
        f"{talk.loc[many].mean():.0%} at {many:.0f}, and at a given degree the kinds of graph differ by at most "
        f"{100 * kinds:.1f} percentage points."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the frequency of global cascades on the random graph, and the share lost by word of mouth on each graph."""
    figure, (threshold, talk) = subplots(2, width=11)
    watts = summary[summary["rule"] == "threshold"]
    error = 100 * np.array([watts["swept"] - watts["swept_low"], watts["swept_high"] - watts["swept"]])
    threshold.axvspan(*WINDOW, color=PALETTE[4], alpha=0.2, label=f"Watts's window, {WINDOW[0]} to {WINDOW[1]}")
    threshold.errorbar(watts["degree"], 100 * watts["swept"], yerr=error, color=PALETTE[0], marker="o", capsize=3)
    threshold.set(xlabel="mean degree", ylabel=f"runs in which more than {GLOBAL:.0%} follow (%)")
    threshold.set_title(f"Random graph, one pioneer, threshold {THRESHOLD}")
    threshold.legend(frameon=False, loc="upper right")
    spoken = summary[summary["rule"] == "talk"]
    looks = zip(PALETTE, "os^D", (0.92, 0.97, 1.03, 1.08), strict=False)
    for (kind, rows), (colour, marker, aside) in zip(spoken.groupby("graph", sort=False), looks, strict=True):
        error = 100 * np.array([rows["followed"] - rows["followed_low"], rows["followed_high"] - rows["followed"]])
        beside = rows["degree"] * aside  # points of the same degree are drawn side by side
        talk.errorbar(beside, 100 * rows["followed"], error, color=colour, marker=marker, capsize=3, label=kind)
    degrees = sorted(set(spoken["degree"]))
    talk.set(title="The thought experiment", xlabel="mean degree", ylabel="users lost in a year (%)", xscale="log")
    talk.set_xticks(degrees, [f"{degree:g}" for degree in degrees])
    talk.minorticks_off()
    talk.set_ylim(0, None)
    talk.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "When does one user's move spread to the others, depending on the network?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
Two rules on the same market. **Threshold** (left): there are no outages and no talk; a user moves as soon as more than
18 % of its neighbours have moved, and one pioneer starts. Watts (2002, A simple model of global cascades on random
networks, PNAS 99) gives the mean degrees between which global cascades are possible on an infinite random graph: below
them the graph is not connected enough, above them a single neighbour moves nobody. Near the upper end cascades are
rare but large. Intervals of shares of runs are Agresti-Coull intervals. **Talk** (right): the thought experiment (ten
servers per host) on different networks. Users who hear of a better host compare it themselves and need no majority,
so in a better connected network they only learn of it sooner.
""",
    """
Users who follow the many rather than compare for themselves: then the left figure's window holds for hosts too. A
measured network of users.
""",
)
