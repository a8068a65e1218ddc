"""How often the 95 % intervals of `decide` and `compare` hold the truth, from as few replicates as they are given."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from answers.alternatives import alternatives_of
from answers.decision.decide_ask import ask
from answers.decision.decide_run import study_of
from answers.draws import draw
from answers.experiment import Variant, paired
from answers.intervals import bootstrap, mean_interval, ratio
from batch.adaptive import interval
from batch.identity import derived_seed
from model.figures import PALETTE
from model.scenario import Scenario
from results.claim import Claim
from results.runs import run_all, ten_server_settings
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL = {"users": 400, "trials": 1_000, "sizes": [5, 10, 30, 100], "seed": 3, "replicates": 5_000}
QUICK = {"users": 200, "trials": 60, "sizes": [10, 30], "seed": 3, "replicates": 100}
CONFIDENCE = 0.95
PROMISED = (0.935, 0.965)  # share of trials that keeps the promise
Values = Any


def compute(workers: int, users: int, trials: int, sizes: list[int], seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each quantity, number of replicates and kind of interval: how often it holds the truth."""
    import pandas as pd

    rows = []
    for where, point in (("at the scenario's values", True), ("over what is not known", False)):
        pool = pool_of(users, replicates, seed, workers, point=point)
        rng = np.random.default_rng(derived_seed(seed, "trials"))
        for quantity, columns in quantities(pool).items():
            truth = float(ratio(*(column.mean() for column in columns)) if len(columns) == 2 else columns[0].mean())
            skew = float(skewness(columns))
            for size in sizes:
                chosen = rng.integers(len(columns[0]), size=(trials, size))
                told = [intervals_of([column[rows_of] for column in columns]) for rows_of in chosen]
                for kind in told[0]:
                    bounds = np.array([each[kind] for each in told])
                    held = (bounds[:, 0] <= truth) & (truth <= bounds[:, 1])
                    width = float(np.median(bounds[:, 1] - bounds[:, 0]) / abs(truth))
                    rows.append((where, quantity, size, kind, float(held.mean()), width, skew, trials))
    columns = ["where", "quantity", "size", "interval", "held", "width", "skewness", "trials"]
    return pd.DataFrame(rows, columns=columns)


def pool_of(users: int, pairs: int, seed: int, workers: int, *, point: bool) -> "pd.DataFrame":
    """Return pairs of runs of the thought experiment: a row a pair."""
    import pandas as pd

    settings = ten_server_settings(users) | {f"providers.{j}.price": 5000 / -(-users // 20) for j in (0, 1)}
    scenario = Scenario.preset("thought-experiment", **settings)
    question = ask(scenario, point=point)
    values = draw(question.unknowns, None, pairs, derived_seed(seed, "unknowns"))
    live = alternatives_of(scenario)[0].policies["live-patch"]
    variants = [Variant("without", {}), Variant("patching", {"providers.0.policy": live})]
    runs = run_all(study_of(question, variants, values, seed), workers)
    if not point:
        runs = runs.assign(point=runs["point"] % 2, replicate=runs["point"] // 2)
    profit, months = (paired(runs, f"p0_{name}") for name in ("profit", "server_months"))
    users_end = paired(runs, "p0_users_end")
    return pd.DataFrame(
        {"gain": profit[1] - profit[0], "months": months[1], "users": users_end[1] - users_end[0]}, dtype=float
    )


def quantities(pool: "pd.DataFrame") -> dict[str, list[Values]]:
    """Return what intervals are drawn for: columns whose means are compared, or a single one."""
    gain, months, users = (pool[name].to_numpy(float) for name in ("gain", "months", "users"))
    return {"break-even price (decide)": [gain, months], "difference in users (compare)": [users]}


def intervals_of(columns: list[Values]) -> dict[str, tuple[float, float]]:
    """Return the interval that is used, and Student's."""
    if len(columns) == 1:
        used, values = mean_interval(columns[0]), columns[0]
        centre = 0.0
    else:
        used = bootstrap(ratio, *columns)
        centre = columns[0].mean() / columns[1].mean()
        values = (columns[0] - centre * columns[1]) / columns[1].mean()
    low, high = interval(values.tolist(), CONFIDENCE)
    return {"bootstrap-t": used, "Student": (centre + low, centre + high)}


def skewness(columns: list[Values]) -> float:
    """Return the skewness of what makes a quantity vary."""
    from scipy import stats

    values = columns[0] if len(columns) == 1 else columns[0] - columns[0].mean() / columns[1].mean() * columns[1]
    return float(stats.skew(values))


def sentence(summary: "pd.DataFrame") -> str:
    """Say how often the intervals hold the truth, and from how many replicates on."""
    used = summary[summary["interval"] == "bootstrap-t"]
    parts = []
    for size, rows in used.groupby("size"):
        low, high = rows["held"].min(), rows["held"].max()
        parts.append(f"{low:.1%} to {high:.1%} with {size}")
    student = summary[(summary["interval"] == "Student")]["held"].min()
    kept = [int(size) for size, rows in used.groupby("size") if rows["held"].between(*PROMISED).all()]
    promise = f"with {', '.join(map(str, kept))} replicates all are within" if kept else "none is always within"
    return (
        f"In {int(summary['trials'].iloc[0]):,} trials from a pool of pairs of runs, 95 % intervals hold the truth in "
        f"{'; '.join(parts)} replicates: {promise} {PROMISED[0]:.1%} to {PROMISED[1]:.1%}; Student's would fall to "
        f"{student:.1%}."
    )


def draw_figure(summary: "pd.DataFrame") -> "Figure":
    """Draw the share of trials that hold the truth, by number of replicates."""
    places = list(dict.fromkeys(summary["where"]))
    figure, axes = subplots(len(places), width=11, height=4.0)
    for ax, where in zip(axes, places, strict=True):
        rows = summary[summary["where"] == where]
        ax.axhspan(100 * PROMISED[0], 100 * PROMISED[1], color="#999999", alpha=0.3, lw=0)
        for k, ((quantity, kind), line) in enumerate(rows.groupby(["quantity", "interval"], sort=False)):
            style = "o-" if kind == "bootstrap-t" else "s--"
            label = f"{quantity}, {kind}"
            ax.plot(line["size"], 100 * line["held"], style, color=PALETTE[k // 2], label=label, ms=4)
        ax.set(xscale="log", title=where, xlabel="replicates", ylim=(80, 100))
        ax.set_xticks(sorted(set(rows["size"])), [str(size) for size in sorted(set(rows["size"]))])
        ax.minorticks_off()
    axes[0].set_ylabel("95 % intervals that hold the truth (%)")
    axes[0].legend(fontsize=8, frameon=False, loc="lower right")
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "Do 95 % intervals from few replicates hold the truth?",
    FULL,
    QUICK,
    compute,
    draw_figure,
    sentence,
    """
A large pool of pairs of runs of the thought experiment (`replicates`) stands for the truth: its means. Trials draw a
few pairs from it, with replacement, and see whether the interval holds the pool's value: for the break-even price, a
ratio of two means, and for a difference in users. Over what is not known each pair has its own draw from the priors:
gains are then more skewed. Grey: 93.5 to 96.5 %. The interval in use measures each resample in its own standard error
(bootstrap-t); Student's does not know of skewness.
""",
    """
A much more skewed outcome: costs of rare breaches, say, of which few replicates have seen none.
""",
)
