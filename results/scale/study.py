"""Scale: means do not depend on the number of users, and runs differ at any size, because outages are shared."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from batch.study import Study
from model.figures import PALETTE
from results.claim import Claim
from results.estimates import CONFIDENCE, estimate_mean
from results.runs import run_all, ten_server_settings
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

FULL = {"users": [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000], "seed": 4, "replicates": 60}
QUICK = {"users": [250, 1_000, 4_000], "seed": 4, "replicates": 12}
NEAR = 0.01  # largest difference, as a share of users, that counts as the same mean
DRAWN, FIXED = "drawn in each run", "the same in all runs"
POISSON = {"source": "poisson", "per_year": 6.4}  # the measured base rate
HISTORY = {"source": "history", "history": "debian-advisories", "start": date(2011, 1, 1)}  # the flaws of one real year


def compute(workers: int, users: list[int], seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each number of users, with flaws drawn in each run or the same in all."""
    import pandas as pd

    sizes = [list(ten_server_settings(count).values()) for count in users]
    paths = list(ten_server_settings(1))
    tables = {
        "name": "scale",
        "seed": seed,
        "scenario": "thought-experiment",
        "replicates": replicates,
        "factors": [
            {"path": "flaws", "names": [DRAWN, FIXED], "levels": [POISSON, HISTORY]},
            {"paths": paths, "name": "users", "names": [str(count) for count in users], "levels": sizes},
        ],
    }
    runs = run_all(Study.load(tables), workers)
    lost = {key: group["lost_share_p0"].to_numpy() for key, group in runs.groupby(["flaws", "users"], sort=False)}
    rows = [
        {"flaws": flaws, "users": int(count), "replicates": len(shares)}
        | estimate_mean(shares, "lost_share")
        | estimate_mean(shares - lost[flaws, str(users[-1])], "to_largest")  # paired: the same flaws in each replicate
        | estimate_spread(shares)
        for (flaws, count), shares in lost.items()
    ]
    return pd.DataFrame(rows)


def estimate_spread(values: "NDArray[np.float64]") -> dict[str, float]:
    """Return a sample's standard deviation and its interval, assuming a normal distribution."""
    freedom, sd = len(values) - 1, float(values.std(ddof=1))
    upper, lower = stats.chi2.ppf([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], freedom)
    return {"sd": sd, "sd_low": sd * np.sqrt(freedom / lower), "sd_high": sd * np.sqrt(freedom / upper)}


def sentence(summary: "pd.DataFrame") -> str:
    """Give the size from which the mean is stable, and the spread between runs."""
    drawn, fixed = (summary[summary["flaws"] == flaws].set_index("users") for flaws in (DRAWN, FIXED))
    largest, enough = drawn.index.max(), smallest_stable_size(drawn)
    bound = drawn.loc[enough:, ["to_largest_low", "to_largest_high"]].abs().max(axis=None)
    return (
        f"With {enough:,} users or more, the mean share lost is within {bound:.2%} of users of that with {largest:,} "
        "users (95 %, same flaws). But runs differ at any size, because outages are shared: with flaws drawn in each "
        f"run the standard deviation of the share lost is {drawn.loc[enough, 'sd']:.1%} at {enough:,} users and "
        f"{drawn.loc[largest, 'sd']:.1%} at {largest:,}. Between runs with the same flaws it falls from "
        f"{fixed.loc[enough, 'sd']:.1%} to {fixed.loc[largest, 'sd']:.2%}."
    )


def smallest_stable_size(drawn: "pd.DataFrame") -> int:
    """Return the smallest number of users from which all means are within `NEAR` of that of the largest market."""
    near = drawn[["to_largest_low", "to_largest_high"]].abs().max(axis=1) < NEAR
    return int(drawn.index[near[::-1].cummin()[::-1]].min())


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the mean and the standard deviation by the number of users."""
    figure, (mean, spread) = subplots(2)
    for (flaws, rows), colour, marker in zip(summary.groupby("flaws", sort=False), PALETTE, "os", strict=False):
        for ax, column in ((mean, "lost_share"), (spread, "sd")):
            middle = rows[column]
            error = 100 * np.array([middle - rows[f"{column}_low"], rows[f"{column}_high"] - middle])
            style: dict[str, Any] = {"color": colour, "marker": marker, "capsize": 3, "label": f"flaws {flaws}"}
            ax.errorbar(rows["users"], 100 * middle, yerr=error, **style)
    users = np.array(sorted(set(summary["users"])), float)
    first = summary[(summary["flaws"] == FIXED)].iloc[0]
    slope = 100 * first["sd"] * np.sqrt(first["users"] / users)
    spread.plot(users, slope, color="black", lw=1, ls=":", label="one over the root of users")
    spread.set(title="Spread between runs", ylabel="standard deviation of the share lost (%)", yscale="log")
    mean.set(title="Mean", ylabel="users lost (%)", ylim=(0, None))
    for ax in (mean, spread):
        ax.set(xscale="log", xlabel="users in the market")
        ax.xaxis.set_major_formatter("{x:,.0f}")
    spread.yaxis.set_major_formatter("{x:g}")
    spread.legend(frameon=False, fontsize=9)
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "Does it matter how many users are simulated?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
The thought experiment with ten servers per host, whatever the number of users: otherwise small markets would have a
single server, whose outages all fall on one day, and the number of servers does matter. In one series each run draws
its own flaws. In the other all runs have the flaws of one real year (Debian's kernel advisories of 2011), so that runs
differ only in users, network and talk. The differences between runs in the first series come from flaws that all users
share: a large market is still a single draw of them, and averaging over more users does not replace more runs. In each
replicate all sizes have the same flaws, so means are compared by paired differences from the largest market. Intervals
of standard deviations assume a normal distribution.
""",
    """
Fewer servers a host: outages then hit more users at once. Networks other than a small world were not tried.
""",
)
