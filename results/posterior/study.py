"""Whether the intervals that `fit` learns from cancellations hold what was planted, as often as they say."""

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from answers.company import Company
from answers.fitting.fit_ask import Question, ask
from answers.fitting.fit_run import prior_units, run
from answers.posterior import Posterior
from answers.summaries import summaries
from batch.identity import derived_seed
from model.figures import PALETTE
from model.records import Records
from model.scenario import Scenario
from results.claim import Claim
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL = {"customers": 500, "weeks": 52, "simulations": 1_600, "seed": 5, "replicates": 400}
QUICK = {"customers": 100, "weeks": 20, "simulations": 200, "seed": 5, "replicates": 30}
LEVELS = (0.5, 0.8, 0.95)
BINS = 10  # of the ranks
START = date(2025, 1, 6)
OUTAGES = ((44, 6.0), (87, 5.5), (131, 7.0), (164, 60.0), (203, 6.0), (258, 6.5), (311, 6.0))  # day, minutes


def compute(workers: int, customers: int, weeks: int, simulations: int, seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each unknown and level (share of planted values inside) and for each bin of ranks."""
    import pandas as pd

    question = asked(customers, weeks)
    observed = question.observed
    with tempfile.TemporaryDirectory() as folder:
        how = {"workers": workers, "seed": seed}
        units = prior_units(question, simulations, seed)
        before = run(question, units, "prior", **how, out=Path(folder) / "prior")
        rng = np.random.default_rng(derived_seed(seed, "planted"))
        planted = rng.random((replicates, len(question.unknowns)))
        how["seed"] = derived_seed(seed, "planted runs")
        truths = run(question, planted, "planted", **how, out=Path(folder) / "planted")
    told, seen = (summaries(observed.edges, observed.minutes, *runs[1:]) for runs in (before, truths))
    found = Posterior(before[0], told, seed).given(seen)
    ranks = np.array([one.cdf(row)[0] for one, row in zip(found, truths[0], strict=True)])
    rows = []
    for k, unknown in enumerate(question.unknowns):
        for level in LEVELS:
            bounds = np.array([one.interval(level)[:, k] for one in found])
            inside = (bounds[:, 0] <= truths[0][:, k]) & (truths[0][:, k] <= bounds[:, 1])
            width = float((bounds[:, 1] - bounds[:, 0]).mean() / level)
            rows.append(
                {"unknown": unknown.name, "kind": "interval", "at": level, "share": inside.mean(), "width": width}
            )
        counts = np.histogram(ranks[:, k], BINS, (0, 1))[0] / len(ranks)
        rows += [
            {"unknown": unknown.name, "kind": "ranks", "at": (b + 0.5) / BINS, "share": share, "width": 1 / BINS}
            for b, share in enumerate(counts)
        ]
    return pd.DataFrame(rows).assign(planted=len(ranks), held=int(simulations / 4))


def asked(customers: int, weeks: int) -> Question:
    """Return the question about a company with fixed outages; what its customers do is planted."""
    import pandas as pd

    days = [START + timedelta(days=7 * week) for week in range(weeks)]
    calendar = {"date": days, "days": 7, "customers_at_start": customers, "cancelled": 1}
    outages = [(START + timedelta(days=day), minutes) for day, minutes in OUTAGES]
    tables = {
        "outages": pd.DataFrame(outages, columns=["date", "minutes"]).assign(cause="kernel", servers=pd.NA),
        "customers": pd.DataFrame(columns=["customer", "signed_up", "cancelled", "server"]),
        "cancellations": pd.DataFrame(calendar).astype({"customers_at_start": "Int64"}),
        "flaws": pd.DataFrame(columns=["date", "kind"]),
    }
    for table in ("outages", "cancellations"):
        tables[table]["date"] = pd.to_datetime(tables[table]["date"])
    company = Company.load("my-company").model_copy(update={"servers": 10, "users_per_server": customers // 10})
    market = company.market(Scenario.preset("thought-experiment"))
    return ask(market, Records(**tables, files=[]), company=company)


def error(level: float, planted: int, held: int) -> float:
    """Return the standard error of a share of planted values: of those, and of the simulations held out."""
    return float(np.sqrt(level * (1 - level) * (1 / planted + 1 / held)))


def sentence(summary: "pd.DataFrame") -> str:
    """Say how often the intervals hold what was planted, and how uniform its ranks are."""
    intervals = summary[summary["kind"] == "interval"]
    parts = []
    for level, rows in intervals.groupby("at"):
        low, high = rows["share"].min(), rows["share"].max()
        parts.append(f"{level:.0%} intervals hold {low:.1%} to {high:.1%}")
    planted, held = int(summary["planted"].iloc[0]), int(summary["held"].iloc[0])
    misses = np.abs(intervals["share"] - intervals["at"]) / [error(level, planted, held) for level in intervals["at"]]
    known = intervals[intervals["at"] == 0.8].set_index("unknown")["width"].sort_values()
    return (
        f"Of {planted} planted truths for each of {len(known)} unknowns, {'; '.join(parts)}, at most "
        f"{misses.max():.1f} standard errors off; the ranks of the truths are uniform within "
        f"{worst_bin(summary):.1f} standard errors in every tenth; a year of cancellations narrows "
        f"{known.index[0]} most (80 % intervals {known.iloc[0]:.0%} as wide as the prior's) and {known.index[-1]} "
        f"least ({known.iloc[-1]:.0%})."
    )


def worst_bin(summary: "pd.DataFrame") -> float:
    """Return how far the most unusual bin of ranks is from its share, in standard errors."""
    ranks = summary[summary["kind"] == "ranks"]
    planted, held = int(summary["planted"].iloc[0]), int(summary["held"].iloc[0])
    return float(np.abs(ranks["share"] - 1 / BINS).max() / error(1 / BINS, planted, held))


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw the shares inside the intervals, and the ranks of the planted values."""
    unknowns = list(dict.fromkeys(summary["unknown"]))
    figure, axes = subplots(1 + len(unknowns), width=14, height=3.2)
    planted, held = int(summary["planted"].iloc[0]), int(summary["held"].iloc[0])
    for k, name in enumerate(unknowns):
        rows = summary[(summary["unknown"] == name) & (summary["kind"] == "interval")]
        axes[0].plot(rows["at"], rows["share"], "o-", color=PALETTE[k], label=name, ms=4)
        ranks = summary[(summary["unknown"] == name) & (summary["kind"] == "ranks")]
        axes[k + 1].bar(ranks["at"], ranks["share"], 0.9 / BINS, color=PALETTE[k])
        band = 4 * error(1 / BINS, planted, held)
        axes[k + 1].axhspan(1 / BINS - band, 1 / BINS + band, color="#dddddd", lw=0, zorder=0)
        axes[k + 1].set(title=name, xlabel="rank of the planted value", ylim=(0, 0.25))
    levels = np.linspace(0.02, 0.98, 97)
    bands = 4 * np.array([error(level, planted, held) for level in levels])
    axes[0].fill_between(levels, levels - bands, levels + bands, color="#999999", alpha=0.3, lw=0)
    axes[0].plot([0, 1], [0, 1], color="black", lw=0.8)
    axes[0].set(title="inside the intervals", xlabel="level", ylabel="share of planted values")
    axes[0].legend(fontsize=7, frameon=False)
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "Do the intervals of `fit` hold what was planted?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
A company's outages are given; its customers' tolerance, memory, talk, base churn and the share of newcomers who come
directly are drawn from the priors, its weekly cancellations are simulated, and a posterior learnt from other
simulations is asked for them. Ranks are the posterior's distribution function at the planted value: uniform if it is
right (simulation-based calibration, Talts et al. 2018). Grey: four standard errors, of the planted values and of the
simulations that correct the ranks together. The promise is on average over the prior, not for each company.
""",
    """
Other priors, or summaries that tell less or more: the intervals would be wider or narrower, not wrong. A company whose
market the model does not describe: the promise is about the model, and `fit` says what it does not reproduce.
""",
)
