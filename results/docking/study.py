"""Docking: the market compared with an independent implementation of the model in plain Mesa objects."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from model.figures import PALETTE
from results.claim import Claim
from results.estimates import estimate_mean
from results.runs import parallel_map
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL = {"users": 300, "server_capacity": 20, "seed": 1000, "replicates": 300}
QUICK = {"users": 200, "server_capacity": 20, "seed": 1000, "replicates": 12}
MEASURES = {"lost_share": "users lost (share)", "moves": "moves", "downtime": "downtime (minutes a user)"}


def compute(workers: int, users: int, server_capacity: int, seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each seed, from `seed` on: each measure in the market and in the plain model."""
    import pandas as pd

    both = partial(run_both, users, server_capacity)
    return pd.DataFrame(parallel_map(both, range(seed, seed + replicates), workers))


def run_both(users: int, server_capacity: int, seed: int) -> dict[str, float]:
    """Run both with one seed: they have the same flaws and network, but different users and talk."""
    from benchmarks.mesa_objects import PlainMarket
    from model.market import Market
    from model.scenario import Scenario

    capacities = {f"providers.{j}.server_capacity": server_capacity for j in (0, 1)}
    scenario = Scenario.preset("thought-experiment", **{"users.count": users}, **capacities)
    market, plain = Market(scenario, rng=seed).run(), PlainMarket(scenario, rng=seed).run()
    start = int(market.record.users_at_start[0])
    return {
        "seed": seed,
        "market_lost_share": 1 - int(market.fleets.users[0]) / start,
        "plain_lost_share": 1 - plain.users_by_day[-1][0] / start,
        "market_moves": int(market.record.flow_matrix.sum()),
        "plain_moves": len(plain.moves),
        "market_downtime": float(market.users.downtime.mean()),
        "plain_downtime": float(np.mean([customer.downtime for customer in plain.customers])),
    }


def sentence(summary: "pd.DataFrame") -> str:
    """Give the distance between the two distributions."""
    gap = estimate_mean(summary["market_lost_share"] - summary["plain_lost_share"], "gap")
    distance = stats.ks_2samp(summary["market_lost_share"], summary["plain_lost_share"]).statistic
    critical = 1.358 * np.sqrt(2 / len(summary))  # Smirnov's two-sample bound at 5 %, large samples
    agrees = "contains" if gap["gap_low"] <= 0 <= gap["gap_high"] else "does not contain"
    return (
        f"Over {len(summary)} seeds the host loses {summary['market_lost_share'].mean():.1%} of its users in the "
        f"market and {summary['plain_lost_share'].mean():.1%} in the plain Mesa model. The interval of the paired "
        f"difference, {gap['gap_low']:+.2%} to {gap['gap_high']:+.2%}, {agrees} zero, and the Kolmogorov-Smirnov "
        f"distance between the two distributions is {distance:.3f} (independent samples of one distribution stay below "
        f"{critical:.3f} in 95 of 100 cases)."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the distribution function of each measure in both models."""
    figure, axes = subplots(3, width=12)
    for ax, (measure, label) in zip(axes, MEASURES.items(), strict=True):
        for model, name, colour, style in (
            ("market", "patchmarket", PALETTE[0], "-"),
            ("plain", "plain Mesa objects", PALETTE[5], "--"),
        ):
            ax.ecdf(summary[f"{model}_{measure}"], color=colour, ls=style, lw=2, label=name)
        gap = estimate_mean(summary[f"market_{measure}"] - summary[f"plain_{measure}"], "gap")
        ax.set(
            xlabel=label, title=f"difference {gap['gap']:+.3f}\n(95 %: {gap['gap_low']:+.3f} to {gap['gap_high']:+.3f})"
        )
        ax.title.set_fontsize(10)
    axes[0].set_ylabel("share of runs up to")
    axes[0].legend(frameon=False, loc="lower right")
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "Does the fast market agree with a plain implementation in Mesa objects?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
`benchmarks/mesa_objects.py` has an object for every user, who steps every day. It was written from the rules, not from
the market's code, and shares with it only scenario, flaws, network and patch policies. With one seed both have the
same flaws and network, but draw different users and different talk, so runs are paired, not equal. Because the flaws
are shared, the Kolmogorov-Smirnov distance tends to be smaller than between independent samples; the paired difference
is the more sensitive test. Where nothing is random, the two agree user by user: `tests/model/test_reference.py`.
""",
    """
An error found in either model; a rule that only one of them has is not compared (money, contracts, credits).
""",
)
