"""The most important factors: Morris screening of all assumed settings, then Sobol indices of the important ones."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from answers.indices import indices
from batch.analysis import open_study
from batch.runner import run_study
from batch.study import Study
from model.figures import PALETTE
from results.claim import Claim
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL: dict[str, Any] = {"users": 2_000, "walks": 30, "samples": 256, "seed": 7, "replicates": 10}
QUICK: dict[str, Any] = {"users": 300, "walks": 10, "samples": 16, "seed": 7, "replicates": 2}
OUTCOME = "lost_share_p0"
SCREENED = {  # path: name, low, high, scale; ranges are assumed, except flaws: from Debian's quietest years to 2026
    "flaws.per_year": ("flaws a year", 4.0, 25.0, "log"),
    "providers.0.policy.outage_minutes": ("minutes a reboot", 1.0, 15.0, "log"),
    "users.tolerance.median": ("tolerance, median", 2.5, 40.0, "log"),
    "users.tolerance.sigma": ("tolerance, spread", 0.25, 1.5, "linear"),
    "users.memory_days": ("memory", 30.0, 365.0, "log"),
    "word_of_mouth.talk_per_day": ("talk a day", 0.0005, 0.05, "log"),
    "word_of_mouth.complaint": ("complaints", 0.05, 0.9, "linear"),
    "word_of_mouth.listen": ("listening", 0.1, 0.9, "linear"),
    "word_of_mouth.negativity": ("weight of bad news", 1.0, 3.0, "linear"),
    "users.initial_awareness": ("awareness at the start", 0.0, 0.5, "linear"),
    "network.degree": ("neighbours", 4, 16, "linear"),
    "network.rewiring": ("far links", 0.0, 1.0, "linear"),
    "providers.0.policy.notice_days": ("notice", 0, 14, "linear"),
}
IMPORTANT = (  # the factors that come first in the screening
    "flaws.per_year",
    "providers.0.policy.outage_minutes",
    "users.tolerance.median",
    "users.tolerance.sigma",
    "users.memory_days",
    "network.degree",
)


def compute(workers: int, users: int, walks: int, samples: int, seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each index: method, factor, index, value and interval."""
    import pandas as pd

    designs = {
        "Morris": (tuple(SCREENED), {"kind": "morris", "trajectories": walks}),
        "Sobol": (IMPORTANT, {"kind": "saltelli", "samples": samples}),
    }
    tables = []
    for method, (paths, design) in designs.items():
        study = study_of(paths, design, users, seed, replicates)
        with tempfile.TemporaryDirectory() as folder:
            run_study(study, folder, workers=workers)
            table = indices(open_study(folder), OUTCOME)
        tables.append(table.assign(method=method)[["method", "factor", "index", "value", "low", "high"]])
    return pd.concat(tables, ignore_index=True)


def study_of(paths: tuple[str, ...], design: dict[str, Any], users: int, seed: int, replicates: int) -> Study:
    """Return the study that varies these factors."""
    factors = [
        {"path": path, "name": SCREENED[path][0], "low": float(SCREENED[path][1]), "high": float(SCREENED[path][2])}
        | {"scale": SCREENED[path][3], "role": "uncertainty"}
        for path in paths
    ]
    tables = {"name": "factors", "seed": seed, "scenario": "thought-experiment", "replicates": replicates}
    tables |= {"factors": factors, "design": design}
    return Study.load(tables | {"settings": {"users.count": users, "providers.0.server_capacity": users // 20}})


def sentence(summary: "pd.DataFrame") -> str:
    """Give the indices of the important factors, and the largest effect of the others."""
    total = summary[(summary["method"] == "Sobol") & (summary["index"] == "ST")].sort_values("value", ascending=False)
    shares = [f"{row.factor} ({row.value:.0%}; {row.low:.0%} to {row.high:.0%})" for row in total.itertuples()]
    screened = summary[(summary["method"] == "Morris") & (summary["index"] == "mu_star")].sort_values("value")
    weak = screened.head(len(SCREENED) - len(IMPORTANT))
    return (
        f"The variance of the share lost is due to {', '.join(shares[:-1])} and {shares[-1]} (shares of the variance "
        f"including interactions, 95 %). Of the {len(screened)} factors screened, each of the others changes the share "
        f"lost by at most {weak['value'].max():.1%} of users from one end of its range to the other; "
        f"{' and '.join(weak['factor'].head(2))} have the smallest effects."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the screening and the indices."""
    figure, (screening, sharing) = subplots(2, width=12, height=5)
    morris = summary[(summary["method"] == "Morris") & (summary["index"] == "mu_star")].sort_values("value")
    bars(screening, morris, PALETTE[0], 100)
    screening.set(xlabel="mean effect on users lost (percentage points)", title="Morris: everything that is assumed")
    sobol = summary[summary["method"] == "Sobol"]
    total = sobol[sobol["index"] == "ST"].sort_values("value")
    first = sobol[sobol["index"] == "S1"].set_index("factor").loc[total["factor"]].reset_index()
    bars(sharing, total, PALETTE[5], 100, shift=0.18, label="with all interactions (ST)")
    bars(sharing, first, PALETTE[2], 100, shift=-0.18, label="by itself (S1)")
    sharing.set(xlabel="share of the variance of users lost (%)", title="Sobol: what the screening leaves")
    sharing.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def bars(axes: Any, rows: "pd.DataFrame", colour: str, scale: float, shift: float = 0.0, label: str = "") -> None:
    """Draw a bar with its interval for each factor."""
    y = np.arange(len(rows))
    values, low, high = (scale * rows[name].to_numpy(float) for name in ("value", "low", "high"))
    height = 0.7 if not shift else 0.34
    axes.barh(y + shift, values, height, color=colour, label=label or None)
    axes.errorbar(values, y + shift, xerr=[values - low, high - values], fmt="none", ecolor="black", capsize=2, lw=1)
    axes.set_yticks(y, rows["factor"])


CLAIM = Claim(
    Path(__file__).parent,
    "Which factors matter most for how many users leave?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
The thought experiment with ten servers at the rebooting host. All settings that are assumed rather than measured are
screened, and the two that an operator knows. The ranges are assumed, except for the flaws: from Debian's quietest years
to 2026. `mu*` is the mean absolute change of the share lost when a factor goes from one end of its range to the other
(Campolongo, Cariboni and Saltelli 2007). Sobol's indices (Saltelli et al. 2010) are then computed for the factors that
come first in the screening. Both refer to the mean over replicates, in which all points have the same users and draws;
intervals are bootstrapped.

Settings that are not screened (policies, prices, sizes) are choices, not uncertainties. How much users talk matters
less than how often they have outages and how much they tolerate: once users know a rival, more talk changes little.
""",
    """
Other ranges: the shares of the variance are shares of what these ranges allow. A measured tolerance or memory would
narrow the first and third of them.
""",
)
