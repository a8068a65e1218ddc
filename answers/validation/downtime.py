"""Downtime: how often servers are rebooted in the long run, by renewal theory."""

import math

import numpy as np

from answers.validation.hosts import two_hosts
from answers.validation.validate_measure import Finding, mean_of, variance_of
from model.summary import summarise

YEARS = 6
CALENDARS = ((0, 1), (1, 1), (7, 7), (14, 7))  # days of notice, days of the window
SUPPORT = ((0.9, 90), (0.8, 365), (1.0, 180))  # coverage, days after which a live-patched kernel is rebooted


def of_a_rebooting_host(replicates: int, calendars: tuple[tuple[int, int], ...] = CALENDARS) -> list[Finding]:
    """Compare the minutes a user loses in a year, and the variance of the number of campaigns."""
    return [finding for notice, window in calendars for finding in _campaigns(notice, window, replicates)]


def _campaigns(notice: int, window: int, replicates: int, minutes: float = 5.0) -> list[Finding]:
    days, p = YEARS * 365, -math.expm1(-6.4 / 365)
    cycle = max(notice, 1) + (1 - p) / p  # days between campaigns: the notice, then a geometric wait
    variance = days * (1 - p) / p**2 / cycle**3  # of a count over so many days
    downtime, counts = [], []
    for seed in range(replicates):
        market = two_hosts(
            {
                "days": days,
                "users.count": 20,
                "providers.0.server_capacity": 2,
                "providers.0.policy.notice_days": notice,
                "providers.0.policy.window_days": window,
            },
            rng=seed,
        ).run()
        downtime.append(summarise(market)["providers"][0]["downtime_minutes_per_user_year"])
        counts.append(market.record.column("campaigns")[-1, 0])
    first_cycle = 1 - cycle / (2 * days)  # it is cut by the start of the run
    calendar = f"notice {notice}, window {window} days"
    return [
        mean_of(f"minutes per user-year, {calendar}", 365 / cycle * minutes * first_cycle, downtime),
        variance_of(f"variance of the campaigns in {YEARS} years, {calendar}", variance, counts),
    ]


def of_a_live_patched_fleet(replicates: int, support: tuple[tuple[float, int], ...] = SUPPORT) -> list[Finding]:
    """Compare how often live-patched kernels are rebooted: for flaws not covered, and at the end of support.

    The daily form of `mu / (1 - exp(-mu tau))`: a kernel lives `min(G, tau)` days with P(G > k) = exp(-mu k).
    """
    return [_reboots(coverage, max_age, replicates) for coverage, max_age in support]


def _reboots(coverage: float, max_age: int, replicates: int, flaws_per_year: float = 15.0) -> Finding:
    mu = flaws_per_year / 365 * (1 - coverage)  # flaws a day that no live patch fixes
    per_day = math.expm1(-mu) / math.expm1(-mu * max_age) if mu else 1 / max_age
    rates = []
    for seed in range(replicates):
        market = two_hosts(
            {
                "days": YEARS * 365,
                "users.count": 4,
                "flaws.per_year": flaws_per_year,
                "providers.1.policy.coverage": coverage,
                "providers.1.policy.max_age_days": float(max_age),
                "providers.1.policy.notice_days": 0,
                "providers.1.policy.window_days": 1,
            },
            rng=seed,
        ).run()
        days = np.flatnonzero(np.diff(market.record.column("campaigns")[:, 1], prepend=0))
        rates.append(365 * len(days) / (days[-1] or 1))  # up to the last reboot: whole cycles only
    figure = f"reboots a year, coverage {coverage:g}, support {max_age} days"
    if mu == 0:  # only the calendar is left
        return Finding(figure, 365 * per_day, float(np.mean(rates)))
    return mean_of(figure, 365 * per_day, rates)
