"""Scale: means do not depend on the number of users, and runs keep differing, because outages are shared."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from batch.study import Study
from model.figures import PALETTE
from results.claim import Claim
from results.runs import CONFIDENCE, mean_of, on_ten_servers, runs_of, sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

FULL = {"users": [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000], "seed": 4, "replicates": 60}
QUICK = {"users": [250, 1_000, 4_000], "seed": 4, "replicates": 12}
NEAR = 0.01  # of users, what counts as the same mean
DRAWN, FIXED = "drawn in each run", "the same in all runs"
POISSON = {"source": "poisson", "per_year": 6.4}  # the measured base rate
HISTORY = {"source": "history", "history": "debian-advisories", "start": date(2011, 1, 1)}  # some year's flaws


def compute(workers: int, users: list[int], seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each number of users, with flaws drawn for each run or the same in all."""
    import pandas as pd

    sizes = [list(on_ten_servers(count).values()) for count in users]
    paths = list(on_ten_servers(1))
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
    runs = runs_of(Study.load(tables), workers)
    lost = {key: group["lost_share_p0"].to_numpy() for key, group in runs.groupby(["flaws", "users"], sort=False)}
    rows = [
        {"flaws": flaws, "users": int(count), "replicates": len(shares)}
        | mean_of(shares, "lost_share")
        | mean_of(shares - lost[flaws, str(users[-1])], "to_largest")  # the same flaws in each replicate
        | spread_of(shares)
        for (flaws, count), shares in lost.items()
    ]
    return pd.DataFrame(rows)


def spread_of(values: "NDArray[np.float64]") -> dict[str, float]:
    """Return a sample's standard deviation with its interval, as if the sample were normal."""
    freedom, sd = len(values) - 1, float(values.std(ddof=1))
    upper, lower = stats.chi2.ppf([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], freedom)
    return {"sd": sd, "sd_low": sd * np.sqrt(freedom / lower), "sd_high": sd * np.sqrt(freedom / upper)}


def sentence(summary: "pd.DataFrame") -> str:
    """Say from where on the mean stays, and what becomes of the spread."""
    drawn, fixed = (summary[summary["flaws"] == flaws].set_index("users") for flaws in (DRAWN, FIXED))
    largest, enough = drawn.index.max(), settles(drawn)
    bound = drawn.loc[enough:, ["to_largest_low", "to_largest_high"]].abs().max(axis=None)
    return (
        f"From {enough:,} users on the mean share lost is that of {largest:,} users to within {bound:.2%} of users (95 "
        "%, same flaws), but runs keep differing: with flaws drawn for each run the standard deviation of the share "
        f"lost is {drawn.loc[enough, 'sd']:.1%} at {enough:,} users and {drawn.loc[largest, 'sd']:.1%} at {largest:,}, "
        "because outages are shared, whereas among runs that all meet the same flaws it falls from "
        f"{fixed.loc[enough, 'sd']:.1%} to {fixed.loc[largest, 'sd']:.2%}."
    )


def settles(drawn: "pd.DataFrame") -> int:
    """Return the least number of users from which on each market's mean is the largest's to within `NEAR`."""
    near = drawn[["to_largest_low", "to_largest_high"]].abs().max(axis=1) < NEAR
    return int(drawn.index[near[::-1].cummin()[::-1]].min())


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the mean and the standard deviation over the number of users."""
    figure, (mean, spread) = sheet(2)
    for (flaws, rows), colour, marker in zip(summary.groupby("flaws", sort=False), PALETTE, "os", strict=False):
        for place, column in ((mean, "lost_share"), (spread, "sd")):
            middle = rows[column]
            error = 100 * np.array([middle - rows[f"{column}_low"], rows[f"{column}_high"] - middle])
            style: dict[str, Any] = {"color": colour, "marker": marker, "capsize": 3, "label": f"flaws {flaws}"}
            place.errorbar(rows["users"], 100 * middle, yerr=error, **style)
    users = np.array(sorted(set(summary["users"])), float)
    first = summary[(summary["flaws"] == FIXED)].iloc[0]
    slope = 100 * first["sd"] * np.sqrt(first["users"] / users)
    spread.plot(users, slope, color="black", lw=1, ls=":", label="one over the root of users")
    spread.set(title="Spread between runs", ylabel="standard deviation of the share lost (%)", yscale="log")
    mean.set(title="Mean", ylabel="users lost (%)", ylim=(0, None))
    for place in (mean, spread):
        place.set(xscale="log", xlabel="users in the market")
        place.xaxis.set_major_formatter("{x:,.0f}")
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
The thought experiment with ten servers a host, whatever the number of users (small markets would otherwise have one
server, whose outages all fall on one day; how many servers there are does matter). In one series each run draws its
own flaws, in the other all runs meet those of one real year (Debian's kernel advisories of 2011), so that runs differ
only in people, network and talk. What is left between runs of the first is the weather that all users share: one
large market is one draw of it, and averaging over more users does not replace more runs. In each replicate all sizes
meet the same flaws, so means are compared by paired differences to the largest market. Intervals of standard
deviations take the sample as normal.
""",
    """
Fewer servers a host: outages then hit more users at once. Networks other than a small world were not tried.
""",
)
