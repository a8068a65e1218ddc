"""Leaving: who goes, who stays, and where those who go are drawn to."""

import math
from typing import Any

import numpy as np
from scipy import stats

from agents.experience import DAYS_PER_MONTH
from answers.validation.hosts import two_hosts
from answers.validation.validate_measure import Finding, share_of
from model.market import Market

STILL: dict[str, dict[str, Any]] = {
    "without flaws": {"flaws.per_year": 0.0},
    "with endless tolerance": {"users.tolerance.median": math.inf},
    "without talk and adverts": {"network.kind": "none", "users.advertising_per_day": 0.0, "flaws.per_year": 25.0},
}


def by_tolerance(_: int) -> list[Finding]:
    """Let A be down for a minute every day, B never, and everybody know that B is at 0."""
    median, sigma = 20.0, 0.8  # of the tolerance, minutes a month
    market = two_hosts(
        {
            "users.count": 4000,
            "users.initial_awareness": 1.0,
            "users.memory_days": 30.0,
            "days": 365,
            "users.tolerance.median": median,
            "users.tolerance.sigma": sigma,
            "flaws.per_year": 3650.0,
            "providers.0.policy.outage_minutes": 1.0,
            "providers.0.policy.notice_days": 0,
            "providers.0.policy.window_days": 1,
        },
    ).run()
    left = market.record.column("left")[:, 0]
    expected = float(stats.lognorm.cdf(DAYS_PER_MONTH, s=sigma, scale=median))
    started = int(market.record.users_at_start[0])
    return [
        share_of("share that leaves", expected, left.sum(), started),
        Finding("users who leave after day 330", 0, float(left[330:].sum())),
    ]


def for_a_price(_: int) -> list[Finding]:
    """B is a dollar cheaper: 10 minutes a month to half the users, 5 to the others, where 9.9 are needed."""
    n = 400
    market = two_hosts(
        {
            "users.count": n,
            "users.advertising_per_day": 1.0,
            "providers.1.price": 4.0,
            "flaws.per_year": 0.0,
            "days": 2,
        },
        arrays={"tolerance": np.full(n, 9.9), "downtime_value": np.where(np.arange(n) % 2, 0.1, 0.2)},
    ).run()
    moves = market.record.moves
    stayed = market.users.provider[1::2] == 0
    return [
        Finding("A's users with much to gain who stay", 0, int(stayed.sum())),
        Finding("movers among users with little to gain", 0, int((moves["user"] % 2 == 0).sum())),
        Finding("gain that the movers note, minutes a month", 10.0, float(moves["gain"].mean())),
    ]


def nobody(_: int) -> list[Finding]:
    """Without a reason, without an end to patience, or without a way to hear of others, nobody moves."""
    findings = []
    for case, settings in STILL.items():
        market = Market("thought-experiment", rng=3, **(settings | {"users.count": 1000})).run()
        findings.append(Finding(f"moves {case}", 0, float(market.record.flow_matrix.sum())))
    return findings


def by_logit(_: int) -> list[Finding]:
    """Everybody leaves a dear host for three whose gains are 1, 0.5 and 0 minutes a month, with noise 1."""
    n = 60_000
    prices = {"Own": 6.0, "gain 1": 5.0, "gain 0.5": 5.5, "gain 0": 6.0}
    market = two_hosts(
        {
            "providers": [{"name": name, "price": price} for name, price in prices.items()],
            "users.count": n,
            "users.choice_noise": 1.0,
            "users.initial_awareness": 1.0,
            "users.advertising_per_day": 1.0,
            "flaws.per_year": 0.0,
            "days": 1,
        },
        rng=2,
        arrays={"provider": np.zeros(n, int), "tolerance": np.zeros(n), "downtime_value": np.ones(n)},
    )
    market.users.tolerance[:] = -1e-9  # just below the smallest gain, which is 0
    market.run()
    expected = (0.50648, 0.30720, 0.18632)
    return [
        share_of(f"share that chooses the one of {name}", share, market.fleets.size[j], n)
        for j, (name, share) in enumerate(zip(list(prices)[1:], expected, strict=True), start=1)
    ]


def a_fifth(replicates: int) -> list[Finding]:
    """Run the thought experiment as it comes; a median of n bell-shaped values has the error 1.25 sd / sqrt(n)."""
    lost = []
    for seed in range(1, replicates + 1):
        record = Market("thought-experiment", rng=seed).run().record
        lost.append(record.column("left")[:, 0].sum() / record.users_at_start[0])
    error = 1.25 * float(np.std(lost, ddof=1)) / math.sqrt(replicates)
    return [
        Finding("share of its users that the host loses in a year, median of runs", 0.20, float(np.median(lost)), error)
    ]
