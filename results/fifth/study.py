"""The share of users lost in a year, and simulated profits compared with the email's arithmetic."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from batch.study import Study
from model.closed_forms import after_the_move
from model.figures import PALETTE, plain
from results.claim import Claim
from results.estimates import estimate_mean
from results.runs import run_all
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL = {"users": 20_000, "seed": 1, "replicates": 201}
QUICK = {"users": 2_000, "seed": 1, "replicates": 12}
REVENUE, PATCHES = 5000, 100  # dollars per month for a full server and for its live patches, from the email
OUTAGE_MINUTES = 5.0


def compute(workers: int, users: int, seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each run: reboots seen by a user, share lost, its trigger, and both hosts' final profit."""
    tables = {"name": "fifth", "seed": seed, "scenario": "thought-experiment", "replicates": replicates}
    runs = run_all(Study.load(tables | {"settings": {"users.count": users}}), workers)
    return runs.assign(
        reboots=runs["p0_downtime_minutes_per_user_year"] / OUTAGE_MINUTES,
        lost_share=runs["lost_share_p0"],
        triggered_by_outage=runs["moves_trigger_outage"] / runs["moves"],
        host_dollars=runs["p0_profit_per_original_server"],
        rival_dollars=runs["p1_profit_per_original_server"],
    )[["seed", "reboots", "lost_share", "triggered_by_outage", "host_dollars", "rival_dollars"]]


def sentence(summary: "pd.DataFrame") -> str:
    """Give the median loss, the spread between runs, and the error of the arithmetic."""
    lost = summary["lost_share"]
    low, median, high = np.quantile(lost, [0.1, 0.5, 0.9])
    correlation = np.corrcoef(summary["reboots"], lost)[0, 1]
    host, rival = (estimate_mean(error, "e") for error in errors(summary))
    return (
        f"In the median of {len(summary)} runs the rebooting host loses {median:.1%} of its users in a year (a result "
        f"of calibration). In one run in ten it loses less than {low:.0%}, in one in ten more than {high:.0%}, mainly "
        "because flaws are unevenly distributed (correlation with the number of reboots that users saw: "
        f"{correlation:.2f}). A loss of exactly 20 % would leave the host \\$4,000 and its rival \\$5,880 per original "
        f"server and month; on average simulated profits are within \\${abs(host['e']):.0f} (host) and "
        f"\\${abs(rival['e']):.0f} (rival) of this arithmetic at each run's own share."
    )


def errors(summary: "pd.DataFrame") -> "tuple[pd.Series, pd.Series]":
    """Return simulated minus computed dollars, for the host and for its rival."""
    lines = [after_the_move(REVENUE, PATCHES, share) for share in summary["lost_share"]]
    computed = np.array(lines)
    return summary["host_dollars"] - computed[:, 0], summary["rival_dollars"] - computed[:, 1]


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the distribution of the loss, its cause, and profits."""
    figure, (spread, cause, money) = subplots(3, width=13)
    lost = 100 * summary["lost_share"]
    spread.hist(lost, bins=np.arange(0, lost.max() + 2.5, 2.5), color=PALETTE[0], edgecolor="white")
    spread.axvline(lost.median(), color=PALETTE[5], lw=2, label=f"median {lost.median():.1f} %")
    spread.axvline(20, color="black", lw=1.5, ls=":", label="the email's 20 %")
    spread.set(title=f"{len(summary)} runs of a year", xlabel="users lost (%)", ylabel="runs")
    spread.legend(frameon=False, fontsize=9, loc="upper left")
    spread.margins(y=0.2)
    cause.scatter(summary["reboots"], lost, s=14, color=PALETTE[0], alpha=0.6, linewidth=0)
    cause.set(
        title="More reboots, more users lost", xlabel="reboots that a user saw in the year", ylabel="users lost (%)"
    )
    share = np.array([0, lost.max() / 100])
    lines = np.transpose([after_the_move(REVENUE, PATCHES, end) for end in share])
    for name, dollars, line, colour in (
        ("live-patching rival", summary["rival_dollars"], lines[1], PALETTE[2]),
        ("rebooting host", summary["host_dollars"], lines[0], PALETTE[5]),
    ):
        money.scatter(lost, dollars, s=14, color=colour, alpha=0.5, linewidth=0, label=f"{name}, simulated")
        money.plot(100 * share, line, color=colour, lw=1.5, label=f"{name}, computed")
    money.plot([20, 20], [4000, 5880], "k+", ms=12, mew=2, label=plain("email: $4,000 and $5,880"))
    money.set(title="Profit of the last 30 days", xlabel="users lost (%)", ylabel="dollars a month per original server")
    money.set_ylim(1200, None)
    money.yaxis.set_major_formatter("{x:,.0f}")
    money.legend(frameon=False, fontsize=8, loc="lower left")
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "Why do 20 % of the users leave, and do the hosts then earn 4,000 and 5,880 dollars?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
The scenario is `thought-experiment`: both hosts start with half of the users, at five dollars a month and a thousand
users per server. The first reboots for every flaw; the second pays 100 dollars per server and month. The median
tolerance (10.7 minutes a month) was chosen so that the median run loses 20 %. The claim adds how much runs differ, why,
and that the email's arithmetic holds for each of them.

The computed profits at the share x lost by the end of the year are `5000 (1 - x)` for the host and
`(5000 - 100) (1 + x)` for the rival. The simulated profit is that of the last 30 days. They differ for two reasons:
users who leave within those 30 days still pay the host for part of them, and the rival pays for whole servers, even if
the last one is not full.
""",
    """
A measured share of users who leave because of reboots would replace the calibrated one. The arithmetic holds for any
share; another spread of flaws over the year changes how widely runs differ.
""",
)
