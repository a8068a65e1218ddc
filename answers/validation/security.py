"""Security: exposure, the patch cycle, bad updates, bursts of flaws and breaches."""

import math
from typing import Any

import numpy as np

from agents.security import Security
from answers.validation.hosts import two_hosts
from answers.validation.validate_measure import Finding, mean_of, variance_of
from model.flaws import draw_flaws
from model.market import Market
from model.schema import Poisson

DAYS = 3 * 365
CYCLE_DAYS = 4 * 280  # a multiple of all cycles, after day 0
LONE = {
    "days": 60,
    "users.count": 42,
    "providers.0.server_capacity": 1,  # 21 servers
    "providers.1.server_capacity": 1,
    "users.tolerance.median": math.inf,
}
DELAY = 9
CYCLE_COST, FLAWS_A_DAY = 80.0, 0.4  # dollars a campaign; an open flaw costs a dollar a day
CYCLES = (10, 14, 20, 28, 40)  # days; the third is the best
BAD, RECALL, BAD_COST = 0.3, 10.0, 1000.0  # chance, days, dollars
ATTACK, BREACH_COST = 0.002, 5000.0  # a server-day, dollars
WAITS = (0, 5, 11, 20, 40)  # days; the third is the best


def of_one_flaw(_: int) -> list[Finding]:
    """Count the server-days of one flaw alone under three policies."""
    market, day = with_one_flaw()
    reboot, live = market.record.column("exposed_server_days").sum(axis=0) / 21
    never, never_day = with_one_flaw(**{"providers.0.policy": "none"})
    open_days = never.record.column("exposed_server_days")[:, 0].sum() / 21
    return [
        Finding("days open a server, reboot, notice 7, window 7", 7 + (7 - 1) / 2, float(reboot)),
        Finding(f"days open a server, live patch after {DELAY} days", float(DELAY), float(live)),
        Finding("days open a server, never patched, to the end", float(60 - never_day), float(open_days)),
        Finding("and the flaw is the same", float(day), float(never_day)),
    ]


def with_one_flaw(**changes: Any) -> tuple[Market, int]:
    """Return the run of the first seed that has one flaw, early enough for every fix, and its day."""
    delayed = {"providers.1.policy.patch_delay_days": DELAY, "flaws.per_year": 6.4}
    for seed in range(100):
        market = two_hosts(LONE | delayed | changes, rng=seed)
        days = [day for day, flaws in market.flaws.items() for _ in flaws]
        if len(days) == 1 and days[0] < 40:
            return market.run(), days[0]
    raise RuntimeError("no seed has one early flaw")


def of_the_patch_cycle(replicates: int) -> list[Finding]:
    """Compare the cost of patching every T days with `K / T + lambda d T / 2`, and where it is least.

    In daily steps a campaign needs a flaw that waits, and a flaw is open from 0 to T - 1 days, so
    `K (1 - exp(-lambda T)) / T + lambda d (T - 1) / 2`; those of day 0 wait for a whole cycle.
    """
    costs = {cycle: [cycle_cost(cycle, seed) for seed in range(replicates)] for cycle in CYCLES}
    found = [
        mean_of(
            f"dollars a day, a campaign every {cycle} days",
            CYCLE_COST * -math.expm1(-FLAWS_A_DAY * cycle) / cycle
            + FLAWS_A_DAY * ((cycle - 1) / 2 + cycle / CYCLE_DAYS),
            values,
        )
        for cycle, values in costs.items()
    ]
    least = min(costs, key=lambda cycle: float(np.mean(costs[cycle])))
    best = math.sqrt(2 * CYCLE_COST / FLAWS_A_DAY)
    return [*found, Finding(f"days of the cheapest cycle among {', '.join(map(str, CYCLES))}", best, float(least))]


def cycle_cost(cycle: int, seed: int) -> float:
    """Return the dollars a day of campaigns and open flaws on a single server."""
    policy = {"kind": "defer", "interval_days": cycle, "window_days": 1}
    market = two_hosts(
        {
            "days": 1 + CYCLE_DAYS,
            "users.count": 2,
            "providers.0.policy": policy,
            "flaws.per_year": 365 * FLAWS_A_DAY,
            "users.tolerance.median": math.inf,
        },
        rng=seed,
    ).run()
    campaigns = market.record.column("campaigns")[-1, 0]
    return float((CYCLE_COST * campaigns + market.record.column("exposed_server_days")[:, 0].sum()) / CYCLE_DAYS)


def of_the_day_to_patch(replicates: int) -> list[Finding]:
    """Compare bad fixes by the day of patching with `p exp(-t / r)`, and the day on which the costs are least.

    They are `p exp(-t / r)` times the cost of a bad fix, and `a t` times that of a breach: least at
    `r ln(p bad / (r a breach))`.
    """
    runs = {wait: [patched_after(wait, seed) for seed in range(replicates)] for wait in WAITS}
    found = [
        mean_of(
            f"bad fixes a server and flaw, patched after {wait} days",
            BAD * math.exp(-wait / RECALL),
            np.array(values)[:, 0],
        )
        for wait, values in runs.items()
    ]
    cost = {wait: float(np.mean(values, axis=0) @ [BAD_COST, BREACH_COST]) for wait, values in runs.items()}
    best = RECALL * math.log(BAD * BAD_COST / (RECALL * ATTACK * BREACH_COST))
    nearest = min(WAITS, key=lambda wait: abs(wait - best))
    least = min(cost, key=lambda wait: cost[wait])
    return [*found, Finding(f"cheapest day among {', '.join(map(str, WAITS))} (in theory {best:.1f})", nearest, least)]


def patched_after(wait: int, seed: int) -> tuple[float, float]:
    """Return the bad fixes, and the breaches to be expected, a server and flaw."""
    market = two_hosts(
        {
            "days": DAYS,
            "users.count": 2,
            "providers.0.policy": {"kind": "reboot", "notice_days": 0, "window_days": 1, "soak_days": wait},
            "flaws.per_year": 6.4,
            "flaws.exploited_per_cve": 1.0,
            "flaws.exploit_delay": 0,
            "security.bad_update_probability": BAD,
            "security.recall_days": RECALL,
            "users.tolerance.median": math.inf,
        },
        rng=seed,
    ).run()
    days = [day for day, flaws in market.flaws.items() for _ in flaws if day + max(WAITS) < DAYS]
    outages = market.record.outages
    bad = (outages["cause"].astype(str) == "bad-update") & (outages["provider"].astype(str) == market.providers[0].name)
    applied = sum(day + wait < DAYS for day in market.flaws for _ in market.flaws[day])
    exposed = market.record.column("exposed_server_days")[:, 0].sum()
    return float(bad.sum() / max(applied, 1)), float(ATTACK * exposed / max(len(days), 1))


def of_overdispersed_flaws(replicates: int, mean: float = 10.8, k: float = 3.8) -> list[Finding]:
    """Compare mean and variance of the flaws in a year with `m` and `m + m^2 / k`."""
    source = Poisson(source="poisson", per_year=mean, dispersion=k)
    counts = [sum(map(len, draw_flaws(source, 365, seed).values())) for seed in range(replicates)]
    # The fourth central moment of the negative binomial, for the error of the variance.
    variance = mean + mean**2 / k
    q = k / (k + mean)
    fourth = variance**2 * (3 + 6 / k + q**2 / (k * (1 - q)))
    error = math.sqrt((fourth - variance**2) / replicates)
    return [
        mean_of("mean of the flaws in a year", mean, counts),
        Finding("variance of the flaws in a year", variance, float(np.var(counts, ddof=1)), error),
    ]


def of_breaches(replicates: int) -> list[Finding]:
    """Compare breaches with a Poisson number of mean a E, E the exploitable server-days, and its variance."""
    return [*poisson_breaches(replicates, "none", 0.0002), *poisson_breaches(replicates, "reboot", 0.002)]


def poisson_breaches(replicates: int, policy: str, rate: float) -> list[Finding]:
    """Compare the breaches of a host, less the rate times its exploitable server-days, with nothing."""
    excess, expected = [], []
    for seed in range(replicates):
        market = two_hosts(
            LONE
            | {
                "days": 200,
                "providers.0.policy": policy,
                "flaws.exploited_per_cve": 1.0,
                "flaws.exploit_delay": 3,
                "security": Security(attack_rate=rate).model_dump(),
            },
            rng=seed,
        ).run()
        expected.append(rate * market.record.column("exploitable_server_days")[:, 0].sum())
        excess.append(market.record.column("breaches")[:, 0].sum() - expected[-1])
    return [
        mean_of(f"breaches less a E, {policy}", 0.0, excess),
        variance_of(f"variance of that, {policy}", float(np.mean(expected)), excess),
    ]
