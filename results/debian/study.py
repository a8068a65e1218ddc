"""Debian's kernel history to 2026, replayed: the campaigns of each policy and the share of users lost."""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.policies import POLICIES
from batch.study import Study
from model.figures import PALETTE
from model.flaws import draw_flaws
from model.histories import DATA, history_start, read_history
from model.reboots import campaign_days
from model.schema import History
from results.claim import Claim
from results.estimates import estimate_mean
from results.runs import run_all, ten_server_settings
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SEASON = 316  # days from 1 January to 12 November, the part of 2026 that the data cover
ADVISORIES = "debian-advisories"  # kernel advisories for the stable release at the time
UPLOADS = "debian-kernel"  # security uploads that an operator following stable had to install
FULL: dict[str, Any] = {
    "users": 4_000,
    "years": {ADVISORIES: list(range(2008, 2023)), UPLOADS: list(range(2022, 2027))},
    "seed": 3,
    "replicates": 60,
}
QUICK: dict[str, Any] = {
    "users": 1_000,
    "years": {ADVISORIES: [2012, 2018], UPLOADS: [2025, 2026]},
    "seed": 3,
    "replicates": 6,
}
# Policies whose campaigns are counted.
SHOWN = ("reboot", "fast-restart", "failover", "defer", "live-migrate", "live-patch")


def compute(workers: int, users: int, years: dict[str, list[int]], seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each year of each series: flaws, campaigns by policy, and the share lost in a market."""
    import pandas as pd

    shares = lost_shares(workers, years, users, seed, replicates)
    rows = []
    for series, wanted in years.items():
        campaigns = campaigns_of(series)
        for year in wanted:
            season = {key: sum(in_season(day, year) for day in days) for key, days in campaigns.items()}
            rows.append(
                {"series": series, "year": year}
                | {key.replace("-", "_"): number for key, number in season.items()}
                | {"uploads_per_suite": uploads_per_suite(year) if series == UPLOADS else None}
                | estimate_mean(shares[series, year], "lost_share")
            )
    return pd.DataFrame(rows).astype({"uploads_per_suite": float})


def campaigns_of(series: str) -> dict[str, list[date]]:
    """Return the dates of a history's kernel flaws, and of the campaigns of each policy with default settings."""
    source = History(source="history", history=series)
    start, last = history_start(source), read_history(series)[-1].date
    days = (last - start).days + 1
    drawn = draw_flaws(source, days, seed=0)
    flaws = {day: kernel for day, found in drawn.items() if (kernel := [f for f in found if f.kind == "kernel"])}
    dated = {"flaws": sorted(flaws)} | {kind: campaign_days(POLICIES[kind](kind=kind), flaws, days) for kind in SHOWN}
    return {key: [start + timedelta(days=day) for day in found] for key, found in dated.items()}


def in_season(day: date, year: int) -> bool:
    """Return whether a day is among the first `SEASON` days of a year."""
    return 0 <= (day - date(year, 1, 1)).days < SEASON


def uploads_per_suite(year: int) -> float:
    """Return the mean number of security uploads per suite in a year's season, over suites supported throughout.

    An operator's path changes suites; within a suite only the pace of the kernel team changes the number.
    """
    with (DATA / "debian-kernel-uploads.csv").open(newline="", encoding="utf-8") as file:
        found = [row for row in csv.DictReader(file) if row["is_security"] == "1"]
    begun = {suite: min(row["date"] for row in found if row["suite"] == suite) for suite in {r["suite"] for r in found}}
    suites = [suite for suite, first in begun.items() if first < f"{year}-01-01"]
    counts = [
        sum(row["suite"] == suite and in_season(date.fromisoformat(row["date"]), year) for row in found)
        for suite in suites
    ]
    return float(np.mean(counts))


def lost_shares(
    workers: int, years: dict[str, list[int]], users: int, seed: int, replicates: int
) -> "dict[tuple[str, int], pd.Series]":
    """Return the share of a rebooting host's users lost in each year's season, one value per replicate."""
    levels = [(series, year) for series, wanted in years.items() for year in wanted]
    tables = {
        "name": "debian",
        "seed": seed,
        "scenario": "thought-experiment",
        "replicates": replicates,
        "settings": {
            "days": SEASON,
            **ten_server_settings(users),
            "flaws": {"source": "history", "history": UPLOADS, "start": date(2022, 1, 1)},
        },
        "factors": [
            {
                "paths": ["flaws.history", "flaws.start"],
                "name": "season",
                "names": [f"{series} {year}" for series, year in levels],
                "levels": [[series, date(year, 1, 1)] for series, year in levels],
            }
        ],
    }
    runs = run_all(Study.load(tables), workers)
    return {levels[point]: group["lost_share_p0"] for point, group in runs.groupby("point")}


def sentence(summary: "pd.DataFrame") -> str:
    """Give the number of reboots and the share lost in 2026 and before."""
    recent = summary[summary["series"] == UPLOADS].set_index("year")
    before, last = recent.loc[recent.index < 2026], recent.loc[2026]
    old = summary[summary["series"] == ADVISORIES]
    return (
        f"From 1 January to 12 November 2026 an operator of Debian stable had to install {last['flaws']:.0f} kernel "
        f"security uploads, compared with an average of {before['flaws'].mean():.1f} in the same months of "
        f"{before.index.min()} to {before.index.max()} (within each suite: {last['uploads_per_suite']:.0f} compared "
        f"with {before['uploads_per_suite'].mean():.1f}). With the policy `reboot` this means {last['reboot']:.0f} "
        f"reboots instead of {before['reboot'].mean():.1f}, and the thought experiment's host loses "
        f"{last['lost_share']:.0%} of its users instead of {before['lost_share'].mean():.0%}. The advisories of "
        f"{old['year'].min()} to {old['year'].max()} would have meant {old['reboot'].min():.0f} to "
        f"{old['reboot'].max():.0f} reboots in the same months."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw campaigns by year for each policy, and the share lost."""
    figure, (campaigns, lost) = subplots(1, 2, width=10, height=7)
    twice = set(summary.loc[summary["year"].duplicated(), "year"])
    names = {ADVISORIES: "advisories (DSA) for stable's kernel", UPLOADS: "uploads on the operator's path"}
    for (series, rows), colour, side in zip(summary.groupby("series", sort=False), PALETTE, (-0.2, 0.2), strict=False):
        x = rows["year"] + side * rows["year"].isin(twice)
        campaigns.bar(x, rows["flaws"], 0.4, color=colour, alpha=0.3)
        campaigns.bar(x, rows["reboot"], 0.22, color=colour, label=names[series])
        campaigns.plot(x, rows["defer"], "_", color="black", ms=9, mew=2)
        error = 100 * np.array(
            [rows["lost_share"] - rows["lost_share_low"], rows["lost_share_high"] - rows["lost_share"]]
        )
        lost.bar(x, 100 * rows["lost_share"], 0.4, yerr=error, color=colour, label=names[series], capsize=2)
    campaigns.set(ylabel="in the 316 days", ylim=(0, 1.1 * summary["flaws"].max()))
    campaigns.set_title("1 January to 12 November: flaws (pale), reboots (full), planned reboots if deferred (dash)")
    lost.axhline(20, color="black", lw=1, ls=":", label="the email's 20 % (in a year)")
    lost.set(ylabel="users lost to a live-patching rival (%)", xlabel="year, each from a fresh start")
    years = sorted(set(summary["year"]))
    for ax in (campaigns, lost):
        ax.set_xticks(years, [str(year) for year in years], rotation=45)
        ax.legend(frameon=False, fontsize=9, loc="upper left")
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "How often would Debian's kernel updates have taken servers down under each policy, and what changed in 2026?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
All years are cut to 1 January to 12 November, 316 days, because the data end on 12 November 2026. The two series
overlap in 2022 and cover different things:

- `debian-advisories`, from May 2007, whole years 2008 to 2022: Debian security advisories (DSA) for the kernel package
  of the stable release at the time. Advisories on the same day count once. From 2023 on, kernel updates are incomplete
  in this file, so later years are not used.
- `debian-kernel`, years from 2022 on: the security uploads to bullseye, bookworm and trixie that an operator who
  follows stable had to install. The operator's path changes suites twice. The column `uploads_per_suite` counts all
  uploads to the suites that were supported from the first day of the year; it shows that the increase in 2026 is not
  an effect of changing suites.

Flaws of the hypervisor (Xen, QEMU, microcode) are left out. Campaigns are those of each policy with default settings,
over the whole series and without a market: `reboot` (7 days' notice; flaws within it share a reboot), `fast-restart`
and `failover` (the same campaigns, each taking seconds), `defer` (a planned reboot every 90 days if a flaw is open),
`live-migrate` (moves for each flaw, a fraction of a second each), and `live-patch` (none, with full coverage and
unlimited support). The share lost is that of the thought experiment (ten servers per host) with the year's flaws, over
316 days from a fresh start; mean and interval are over replicates that differ in users, network and talk.
""",
    """
The next years: one busy year is no trend. An operator who judges some uploads harmless reboots less often; another
distribution has other dates.
""",
)
