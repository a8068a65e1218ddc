"""The break-even price of live patching, by the users' tolerance and word of mouth."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from batch.study import Study
from model.figures import plain
from results.claim import Claim
from results.estimates import estimate_mean
from results.runs import run_all, ten_server_settings
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

TALK, COMPLAINT = 0.0167, 0.3  # probabilities per day and per outage in the thought experiment
CALIBRATED = 10.7  # minutes per month
FULL = {
    "users": 4_000,
    "tolerances": [2.5, 5.0, 10.7, 20.0, 40.0, 80.0],
    "talk": [0.125, 0.25, 0.5, 1.0, 2.0, 3.0],
    "seed": 2,
    "replicates": 60,
}
QUICK = {"users": 2_000, "tolerances": [5.0, 10.7, 40.0], "talk": [0.25, 1.0], "seed": 2, "replicates": 6}
FULL_SERVER = 1000  # users on a server in the email
REVENUE, PATCHES = 5000.0, 100  # dollars per month for a full server and for its live patches, from the email


def compute(
    workers: int, users: int, tolerances: list[float], talk: list[float], seed: int, replicates: int
) -> "pd.DataFrame":
    """Return a row for each combination: share lost and break-even price, over the first year and at its end."""
    import pandas as pd

    tables = {
        "name": "breakeven",
        "seed": seed,
        "scenario": "thought-experiment",
        "replicates": replicates,
        "factors": [
            {"path": "users.tolerance.median", "name": "tolerance", "levels": tolerances},
            {
                "paths": ["word_of_mouth.talk_per_day", "word_of_mouth.complaint"],
                "levels": [[TALK * times, COMPLAINT * times] for times in talk],
                "name": "talk",
                "names": [f"{times:g}" for times in talk],
            },
        ],
    }
    settings = ten_server_settings(users)
    runs = run_all(Study.load(tables | {"settings": settings}), workers)
    full = FULL_SERVER / settings["providers.0.server_capacity"]
    rows = []
    for (tolerance, times), group in runs.groupby(["tolerance", "talk"], sort=False):
        # Without reboots the host would have kept all users and earned exactly the full revenue.
        rows.append(
            {"tolerance": tolerance, "talk": float(times), "replicates": len(group)}
            | estimate_mean(group["lost_share_p0"], "lost_share")
            | estimate_mean(REVENUE - full * group["p0_mean_profit_per_original_server"], "first_year")
            | estimate_mean(REVENUE - full * group["p0_profit_per_original_server"], "at_the_end")
        )
    return pd.DataFrame(rows)


def sentence(summary: "pd.DataFrame") -> str:
    """Give the price at the calibrated point, and the combinations in which the email's price pays."""
    base = summary[(summary["tolerance"] == CALIBRATED) & (summary["talk"] == 1)].iloc[0]
    pays = summary["first_year"] > PATCHES
    least = summary.loc[summary["first_year"].idxmin()]
    return (
        f"At the calibrated tolerance and talk, live patches break even within the first year at up to "
        f"\\${base['first_year']:,.0f} per server and month (95 %: {base['first_year_low']:,.0f} to "
        f"{base['first_year_high']:,.0f}), and at up to \\${base['at_the_end']:,.0f} at the rate of the year's end. "
        f"The email's \\$100 pays within the year in {pays.sum()} of {len(summary)} combinations of tolerance and "
        f"talk. The break-even price is lowest (\\${least['first_year']:,.0f}) where users tolerate "
        f"{least['tolerance']:g} minutes and talk {least['talk']:g} times as much."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the break-even price as two heat maps."""
    figure, axes = subplots(2, width=12, height=4.8)
    titles = {
        "first_year": "Break-even price, first year's cash",
        "at_the_end": "Break-even price, at the rate of the year's end",
    }
    highest = summary["at_the_end"].max()
    for ax, (column, title) in zip(axes, titles.items(), strict=True):
        prices = summary.pivot_table(index="tolerance", columns="talk", values=column).sort_index(ascending=False)
        image = ax.imshow(prices, cmap="cividis", vmin=0, vmax=highest, aspect="auto")
        for (row, column_number), price in np.ndenumerate(prices.to_numpy()):
            ink = "white" if price < 0.55 * highest else "black"
            weight = "bold" if price < PATCHES else "normal"
            ax.text(column_number, row, f"{price:,.0f}", ha="center", va="center", color=ink, fontweight=weight)
        ax.set_xticks(range(prices.shape[1]), [f"{times:g}" for times in prices.columns])
        ax.set_yticks(range(prices.shape[0]), [f"{minutes:g}" for minutes in prices.index])
        ax.set(title=title, xlabel="talk, as multiple of the thought experiment's")
        ax.grid(visible=False)
    axes[0].set_ylabel("median tolerance (minutes a month)")
    figure.colorbar(image, ax=axes, label=plain("dollars per server and month"), shrink=0.9, format="{x:,.0f}")
    figure.supxlabel(plain(f"bold: below the email's ${PATCHES}, so that live patches do not pay"), fontsize=10)
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "How much may live patches cost, depending on users' tolerance and talk?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
Each host has ten servers, as in the thought experiment, but smaller ones; money is scaled to a server of 1,000 users.
The break-even price is what the rebooting host loses, per original server and month, to a rival that patches live:
its 5,000 dollars minus what it earned. If it had patched live as well, neither host would have had an outage and
nobody would have moved, so its earnings at a patch price of zero are known exactly and need no second run. In the
first year's cash, users leave gradually; at the rate of the year's end (the mean of the last 30 days) the loss is the
email's `5000 x`. The factor for talk multiplies both probabilities of talking, per day (0.0167) and per outage (0.3).
Tolerance, talk and memory are assumed, and the tolerance is calibrated to the email at talk 1. The answer is therefore
the whole map, not a single number in it.
""",
    """
How much downtime users bear and how much they talk, which nobody has measured: the map says by how much. A longer
horizon raises the price that the first year allows towards the one at the year's end.
""",
)
