"""Cascades: who follows by what its neighbours do (Watts 2002), and who leaves by what they say, on several graphs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from batch.study import Study
from model.figures import PALETTE
from results.claim import Claim
from results.runs import mean_of, on_ten_servers, runs_of, share_of, sheet

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
THRESHOLD = 0.18  # share of its neighbours that a user follows
WINDOW = (1.02, 5.76)  # mean degrees between which cascades sweep a random graph at that threshold: Watts 2002
GLOBAL = 0.1  # share of users from which on a cascade counts as having swept the network
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
    """Return a row for each rule, graph and mean degree: share of users who follow, and of runs in which many do."""
    import pandas as pd

    graphs = [(RANDOM, degree) for degree in watts_degrees]
    threshold = runs_of(threshold_study(graphs, watts_users, seed, replicates), workers)
    rows = rows_of("threshold", graphs, threshold)
    graphs = [(kind, degree) for kind in KINDS for degree in talk_degrees]
    tables = {"name": "talk", "seed": seed, "scenario": "thought-experiment", "replicates": replicates}
    talk_study = Study.load(tables | {"settings": on_ten_servers(talk_users), "factors": [networks(graphs)]})
    talk = runs_of(talk_study, workers)
    return pd.DataFrame(rows + rows_of("talk", graphs, talk))


def threshold_study(graphs: list[tuple[str, float]], users: int, seed: int, replicates: int) -> Study:
    """Return the study in which one pioneer is at B, and each other user follows a share of its neighbours.

    B is a dollar cheaper and a dollar is worth a minute, so that a user leaves A iff 1 + share > 1 + threshold; and
    nobody goes back. Adverts have everybody look around each day, so a day without a move is the end.
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
    """Return the factor that tries each graph."""
    levels = [KINDS[kind] | {"degree": degree} for kind, degree in graphs]
    return {"path": "network", "levels": levels, "names": [f"{kind} {degree:g}" for kind, degree in graphs]}


def rows_of(rule: str, graphs: list[tuple[str, float]], runs: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return a row of the summary for each graph."""
    rows = []
    for point, group in runs.groupby("point"):
        kind, degree = graphs[point]
        row = {"rule": rule, "graph": kind, "degree": float(degree), "replicates": len(group)}
        row |= mean_of(group["lost_share_p0"], "followed")
        rows.append(row | (share_of(group["lost_share_p0"] > GLOBAL, "swept") if rule == "threshold" else {}))
    return rows


def sentence(summary: "pd.DataFrame") -> str:
    """Say where cascades were found, and what the graph does to talk."""
    watts = summary[summary["rule"] == "threshold"]
    found = watts.loc[watts["swept"] > 0, "degree"]
    best = watts.loc[watts["swept"].idxmax()]
    talk = summary[summary["rule"] == "talk"].pivot_table(index="degree", columns="graph", values="followed")
    few, many = talk.index.min(), talk.index.max()
    kinds = float((talk.max(axis=1) - talk.min(axis=1)).max())
    return (
        f"One pioneer whom users follow at {THRESHOLD:.0%} of their neighbours sweeps a random graph only at mean "
        f"degrees of {found.min():g} to {found.max():g} among those tried (most often, in {best['swept']:.0%} of runs, "
        f"at {best['degree']:g}), which is Watts's window of {WINDOW[0]} to {WINDOW[1]} up to the blur of a finite "
        "graph; under the thought experiment's word of mouth there is no such window: the share lost rises with the "
        f"mean degree, from {talk.loc[few].mean():.0%} at {few:.0f} to {talk.loc[many].mean():.0%} at {many:.0f}, and "
        f"at one degree the kinds of graph differ by at most {100 * kinds:.1f} percentage points."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw how often a pioneer sweeps the random graph, and how many leave by word of mouth on each graph."""
    figure, (threshold, talk) = sheet(2, width=11)
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
        beside = rows["degree"] * aside  # points of one degree lie side by side
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
    "When does one user's move carry the others along, by the shape of the network?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
Two rules on the same market. **Threshold** (left): no outages, no talk; a user moves as soon as more than 18 % of its
neighbours have, and one pioneer begins. Watts (2002, A simple model of global cascades on random networks, PNAS 99)
gives the mean degrees between which cascades can sweep an infinite random graph: below, it falls apart; above, no user
is moved by a single neighbour. Near the upper end cascades are rare but large. The interval of a share of runs is that
of Agresti and Coull. **Talk** (right): the thought experiment (ten servers a host), its network changed. Every
listener who hears of a better host compares for itself, nobody needs a majority, so a better connected network only
informs sooner.
""",
    """
Users who follow the many rather than compare for themselves: then the left figure's window holds for hosts too. A
measured network of users.
""",
)
