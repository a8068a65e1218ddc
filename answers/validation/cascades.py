"""Cascades: a single pioneer on a random graph whose users follow 18 % of their neighbours (Watts 2002).

A user with `k` neighbours is vulnerable, one of them is enough, iff `1 / k` is above the threshold. A pioneer sets
off a cascade iff one of its links leads to the giant cluster of vulnerable users.
"""

import math

import numpy as np
from scipy import optimize, stats

from answers.validation.hosts import two_hosts
from answers.validation.spreading import NO_WAY_BACK
from answers.validation.validate_measure import Finding, mean_of, share_of

THRESHOLD = 0.18
MOST_VULNERABLE = 5  # neighbours: 1/5 is above 0.18, 1/6 is not
USERS = 2000
SWEPT = 0.4  # share of the users from which a cascade counts as one that has swept the network


def window_edges() -> tuple[float, float]:
    """Return the mean degrees between which there is a giant vulnerable cluster: sum of k (k-1) p_k over k <= 5 = z.

    >>> [round(z, 2) for z in window_edges()]
    [1.02, 5.76]
    """

    def excess(z: float) -> float:
        return float(z * stats.poisson.cdf(MOST_VULNERABLE - 2, z) - 1)

    return float(optimize.brentq(excess, 0.5, 2.0)), float(optimize.brentq(excess, 3.0, 9.0))


def chance_of_a_cascade(z: float) -> float:
    """Return the chance that one pioneer at random sweeps a large random graph of mean degree `z`."""
    j = np.arange(MOST_VULNERABLE)  # further neighbours of a vulnerable one at the end of a link
    fails = 0.0  # chance that a link does not lead to the giant vulnerable cluster
    for _ in range(10_000):
        fails = 1 - float(stats.poisson.pmf(j, z) @ (1 - fails**j))
    return -math.expm1(z * (fails - 1))


def size_of_a_cascade(z: float) -> float:
    """Return the share of a large random graph that a cascade takes (Gleeson and Cahalane 2007)."""
    k = np.arange(1, 60)
    needed = np.floor(THRESHOLD * k) + 1  # neighbours at B that a user with k of them needs
    q = 1e-6  # chance that the user at the end of a link is at B by example of others
    for _ in range(1000):
        q = float(stats.poisson.pmf(k - 1, z) @ stats.binom.sf(needed - 1, k - 1, q))
    return float(stats.poisson.pmf(k, z) @ stats.binom.sf(needed - 1, k, q))


def cascade(degree: float, seed: int, n: int = USERS) -> float:
    """Return the share of the users that one pioneer at B brings there."""
    own = np.zeros(n, int)
    own[seed] = 1
    market = two_hosts(
        {
            "users.count": n,
            "days": 150,
            "users.peer_weight": 1.0,
            "users.advertising_per_day": 1.0,
            "network": {"kind": "erdos-renyi", "degree": degree},
            "flaws.per_year": 0.0,
            "providers": [NO_WAY_BACK, {"name": "B", "share": 1.0}],
        },
        rng=seed,
        arrays={"provider": own, "tolerance": np.full(n, THRESHOLD)},
    ).run()
    return float(market.fleets.users[1] / n)


def watts_window(replicates: int) -> list[Finding]:
    """Send out pioneers inside the window and on both sides of it."""
    low, high = window_edges()
    findings = []
    for degree in (0.5, 2.0, 3.0, 9.0):
        shares = [cascade(degree, seed) for seed in range(replicates)]
        swept = [share for share in shares if share > SWEPT]
        inside = low < degree < high
        chance = chance_of_a_cascade(degree) if inside else 0.0
        findings.append(
            share_of(f"pioneers who set off a cascade at degree {degree:g}", chance, len(swept), replicates)
        )
        if inside:
            findings.append(mean_of(f"share that such a cascade takes, {degree:g}", size_of_a_cascade(degree), swept))
    return findings
