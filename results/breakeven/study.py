"""The break-even price of live patching, over the users' tolerance and their word of mouth."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from batch.study import Study
from model.figures import plain
from results.claim import Claim
from results.runs import mean_of, on_ten_servers, runs_of, sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

TALK, COMPLAINT = 0.0167, 0.3  # chances a day and an outage, of the thought experiment
CALIBRATED = 10.7  # minutes a month
FULL = {
    "users": 4_000,
    "tolerances": [2.5, 5.0, 10.7, 20.0, 40.0, 80.0],
    "talk": [0.125, 0.25, 0.5, 1.0, 2.0, 3.0],
    "seed": 2,
    "replicates": 60,
}
QUICK = {"users": 2_000, "tolerances": [5.0, 10.7, 40.0], "talk": [0.25, 1.0], "seed": 2, "replicates": 6}
FULL_SERVER = 1000  # users on a server of the email's
REVENUE, PATCHES = 5000.0, 100  # dollars a month of a full server, and of its live patches: the email's


def compute(
    workers: int, users: int, tolerances: list[float], talk: list[float], seed: int, replicates: int
) -> "pd.DataFrame":
    """Return a row a combination: share lost and break-even price, in the first year's cash and at its end."""
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
    settings = on_ten_servers(users)
    runs = runs_of(Study.load(tables | {"settings": settings}), workers)
    full = FULL_SERVER / settings["providers.0.server_capacity"]
    rows = []
    for (tolerance, times), group in runs.groupby(["tolerance", "talk"], sort=False):
        # Without reboots the host would have kept its users: it would have earned the whole revenue, to the cent.
        rows.append(
            {"tolerance": tolerance, "talk": float(times), "replicates": len(group)}
            | mean_of(group["lost_share_p0"], "lost_share")
            | mean_of(REVENUE - full * group["p0_mean_profit_per_original_server"], "first_year")
            | mean_of(REVENUE - full * group["p0_profit_per_original_server"], "at_the_end")
        )
    return pd.DataFrame(rows)


def sentence(summary: "pd.DataFrame") -> str:
    """Say the price at the calibrated point, and where the email's price still pays."""
    base = summary[(summary["tolerance"] == CALIBRATED) & (summary["talk"] == 1)].iloc[0]
    pays = summary["first_year"] > PATCHES
    least = summary.loc[summary["first_year"].idxmin()]
    return (
        f"At the calibrated tolerance and talk live patches may cost \\${base['first_year']:,.0f} per server and month "
        f"(95 %: {base['first_year_low']:,.0f} to {base['first_year_high']:,.0f}) to break even within the first year, "
        f"and \\${base['at_the_end']:,.0f} at the rate of its end; the email's \\$100 pays within the year in "
        f"{pays.sum()} of {len(summary)} combinations of tolerance and talk, and least (\\${least['first_year']:,.0f}) "
        f"where users put up with {least['tolerance']:g} minutes and talk {least['talk']:g} times as much."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the break-even price as two heat maps."""
    figure, axes = sheet(2, width=12, height=4.8)
    titles = {
        "first_year": "Break-even price, first year's cash",
        "at_the_end": "Break-even price, at the rate of the year's end",
    }
    highest = summary["at_the_end"].max()
    for place, (column, title) in zip(axes, titles.items(), strict=True):
        prices = summary.pivot_table(index="tolerance", columns="talk", values=column).sort_index(ascending=False)
        image = place.imshow(prices, cmap="cividis", vmin=0, vmax=highest, aspect="auto")
        for (row, column_number), price in np.ndenumerate(prices.to_numpy()):
            ink = "white" if price < 0.55 * highest else "black"
            weight = "bold" if price < PATCHES else "normal"
            place.text(column_number, row, f"{price:,.0f}", ha="center", va="center", color=ink, fontweight=weight)
        place.set_xticks(range(prices.shape[1]), [f"{times:g}" for times in prices.columns])
        place.set_yticks(range(prices.shape[0]), [f"{minutes:g}" for minutes in prices.index])
        place.set(title=title, xlabel="talk, as multiple of the thought experiment's")
        place.grid(visible=False)
    axes[0].set_ylabel("median tolerance (minutes a month)")
    figure.colorbar(image, ax=axes, label=plain("dollars per server and month"), shrink=0.9, format="{x:,.0f}")
    figure.supxlabel(plain(f"bold: below the email's ${PATCHES}, so that live patches do not pay"), fontsize=10)
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "What may live patches cost at most, by how much users tolerate and talk?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
Each host has ten servers, as in the thought experiment, but smaller ones; money is scaled to a server of 1,000 users.
The break-even price is what the rebooting host loses, per original server and month, to a rival that patches live:
its 5,000 dollars less what it earned. Had it patched live as well, neither host would have had an outage and nobody
would have moved, so its earnings at a patch price of zero are known to the cent and need no second run. In the first
year's cash users leave little by little; at the rate of the year's end (the mean of the last 30 days) the loss is the
email's `5000 x`. Talk multiplies both chances to talk, a day's (0.0167) and an outage's (0.3). Tolerance, talk and
memory are assumed, and the tolerance is calibrated to the email at talk 1: so the map is the answer, not one number
of it.
""",
    """
How much downtime users bear and how much they talk, which nobody has measured: the map says by how much. A longer
horizon raises the price that the first year allows towards the one at the year's end.
""",
)
