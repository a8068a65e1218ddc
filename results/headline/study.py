"""The thought experiment as a distribution: what many years of it look like, day by day, and one among them."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from agents.experience import DAYS_PER_MONTH
from model.figures import PALETTE, SMOOTHING_DAYS, trailing_mean
from results.claim import Claim
from results.estimates import CONFIDENCE
from results.runs import parallel_map
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FULL = {"users": 20_000, "seed": 1, "replicates": 400, "shown": 3, "every_days": 5}
QUICK = {"users": 2_000, "seed": 1, "replicates": 12, "shown": 3, "every_days": 73}
BAND = (0.1, 0.5, 0.9)  # the middle 80 % of runs, and the median
SERIES = ("lost_share", "host_share", "host_dollars", "rival_dollars")


def compute(workers: int, users: int, seed: int, replicates: int, shown: int, every_days: int) -> "pd.DataFrame":
    """Return a row for each day: the band of each series over all years, and the year of the seed that is shown.

    The seeds count up from `seed`; `shown` is one of them, and its year is the one that `patchmarket run` prints.
    """
    import pandas as pd

    years = np.array(parallel_map(partial(year, users), range(seed, seed + replicates), workers))
    days = years.shape[2]
    at = np.unique([0, *range(every_days - 1, days, every_days), days - 1])
    table = pd.DataFrame({"day": at + 1})
    for number, name in enumerate(SERIES):
        series = years[:, number, at]
        for column, values in zip(("low", "median", "high"), np.quantile(series, BAND, axis=0), strict=True):
            table[f"{name}_{column}"] = values
        table[f"{name}_shown"] = series[shown - seed]
    first, last = ranks_around_the_median(replicates)
    ordered = np.sort(years[:, 0, at], axis=0)
    return table.assign(replicates=replicates, median_from=ordered[first], median_to=ordered[last])


def year(users: int, seed: int) -> Any:
    """Return a year's series: share of its users that the host has lost, its share of all, and both hosts' profit.

    Profit is in dollars a month per original server, the mean of the last 30 days.
    """
    from model.market import Market

    size: dict[str, Any] = {"users.count": users}
    market = Market("thought-experiment", rng=seed, **size).run()
    here = market.record.column("users")[:, 0]
    profit = market.record.column("profit") * DAYS_PER_MONTH
    dollars = [
        trailing_mean(profit[:, host.index], SMOOTHING_DAYS) / host.original_servers for host in market.providers
    ]
    return np.array([1 - here / market.record.users_at_start[0], here / users, *dollars])


def ranks_around_the_median(n: int) -> tuple[int, int]:
    """Return the ranks, from 0, between whose values the median lies with 95 % (binomial).

    >>> ranks_around_the_median(400)
    (179, 220)
    """
    first = int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5)) - 1
    return max(first, 0), min(n - 1 - first, n - 1)


def sentence(summary: "pd.DataFrame") -> str:
    """Say what the median year loses and earns, and what eight in ten do."""
    end = summary.iloc[-1]
    return (
        f"The median of {end['replicates']:.0f} years loses {end['lost_share_median']:.1%} of the rebooting host's "
        f"users (95 %: {end['median_from']:.1%} to {end['median_to']:.1%}; put in by calibration), eight in ten years "
        f"between {end['lost_share_low']:.0%} and {end['lost_share_high']:.0%}; the host then earns "
        f"\\${end['host_dollars_median']:,.0f} per original server and month (eight in ten: "
        f"{end['host_dollars_low']:,.0f} to {end['host_dollars_high']:,.0f}), its rival "
        f"\\${end['rival_dollars_median']:,.0f} ({end['rival_dollars_low']:,.0f} to "
        f"{end['rival_dollars_high']:,.0f}); the one year that the README prints loses {end['lost_share_shown']:.1%}."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the bands, and in them the year that is shown."""
    figure, (share, money) = subplots(1, 2, width=9, height=6.5)
    band(share, summary, "host_share", PALETTE[5], "rebooting host", scale=100)
    share.set(ylabel="share of all users (%)", ylim=(0, 60))
    band(money, summary, "rival_dollars", PALETTE[2], "live-patching rival")
    band(money, summary, "host_dollars", PALETTE[5], "rebooting host")
    money.set(xlabel="day", ylabel=f"dollars a month per original server\n(mean of the last {SMOOTHING_DAYS} days)")
    money.yaxis.set_major_formatter("{x:,.0f}")
    for place in (share, money):
        place.set_xlim(1, summary["day"].max())
        place.legend(frameon=False, fontsize=9, loc="lower left")
    replicates = summary["replicates"].iloc[0]
    share.set_title(f"{replicates} years: the median (line), eight in ten (band), and one year (dotted)")
    return figure


def band(place: "Axes", summary: "pd.DataFrame", name: str, colour: str, label: str, *, scale: float = 1) -> None:
    """Draw one series: band, median, and the year that is shown."""
    low, median, high, shown = (scale * summary[f"{name}_{which}"] for which in ("low", "median", "high", "shown"))
    place.fill_between(summary["day"], low, high, color=colour, alpha=0.2, linewidth=0)
    place.plot(summary["day"], median, color=colour, lw=2, label=label)
    place.plot(summary["day"], shown, color=colour, lw=1.5, ls=":")


CLAIM = Claim(
    Path(__file__).parent,
    "What does a year of the thought experiment look like, over many years?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
The preset `thought-experiment` as it is, over seeds that count up from the first; each seed draws its own people,
network, talk and flaws. The dotted year is that of the default seed, the one that `patchmarket run` prints.

What the 20 % is: the email's figure, hit by one calibrated number, the median tolerance of 10.7 minutes a month. That
the median year loses a fifth is put in; how far years differ, and when in the year users leave, comes out.
""",
    """
A measured share of users who leave because of reboots: it would replace the email's 20 %, and the tolerance with it.
Flaws that come in bursts widen the band; hosts of one server have wider bands still.
""",
)
