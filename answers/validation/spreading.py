"""Spreading: how far talk, adverts and example carry."""

import math
from typing import Any

import numpy as np

from answers.validation.hosts import two_hosts
from answers.validation.validate_measure import Finding, share_of
from model.network import from_edges

NO_WAY_BACK: dict[str, Any] = {  # a provider on whose platform nobody can run: who has left it does not return
    "name": "A",
    "share": 0.0,
    "policy": {"kind": "fast-restart", "reach": 0.0001},
}


def by_talk(_: int) -> list[Finding]:
    """Every fifth user is at B and hears the four at A around it, who talk with probability 0.05 a day."""
    n, r, k = 100_000, 0.05, 4
    talkers = np.setdiff1d(np.arange(n), np.arange(0, n, k + 1))
    graph = from_edges(n, np.array([talkers, talkers - talkers % (k + 1)], np.int32))
    own = np.zeros(n, int)
    own[:: k + 1] = 1
    market = two_hosts(
        {
            "users.count": n,
            "days": 5,
            "flaws.per_year": 0.0,
            "word_of_mouth.talk_per_day": r,
        },
        arrays={"graph": graph, "provider": own},
    )
    listeners = n // (k + 1)
    findings = []
    for day in range(1, 6):
        market.step()
        unaware = np.isnan(market.users.belief[:: k + 1, 0]).sum()
        findings.append(share_of(f"share still unaware after {day} days", (1 - r) ** (k * day), unaware, listeners))
    return findings


def by_adverts(_: int) -> list[Finding]:
    """Adverts reach each user of another provider with probability 0.02 a day."""
    p = 0.02
    market = two_hosts(
        {
            "users.count": 40_000,
            "days": 60,
            "users.advertising_per_day": p,
            "flaws.per_year": 0.0,
        },
    )
    at_a = market.users.provider == 0
    findings = []
    for day in (20, 40, 60):
        market.run(day - market.day)
        aware = (~np.isnan(market.users.belief[at_a, 1])).sum()
        findings.append(share_of(f"share aware after {day} days", 1 - (1 - p) ** day, aware, int(at_a.sum())))
    return findings


def riots(_: int) -> list[Finding]:
    """Start riots of a hundred people: with thresholds 0, 1, ..., 99; then with a second 2 in place of the 1."""
    return [
        Finding("who join with thresholds 0..99", 100, riot(list(range(100)))),
        Finding("who join with a 2 instead of the 1", 1, riot([0, 2, *range(2, 100)])),
    ]


def riot(thresholds: list[int]) -> int:
    """Return how many join: provider B is the riot, which pays half a minute for joining, and one for each rioter."""
    people = len(thresholds)
    market = two_hosts(
        {
            "users.count": people,
            "days": 2 * people,
            "network.kind": "complete",
            "flaws.per_year": 0.0,
            "users.peer_weight": people - 1.0,
            "users.advertising_per_day": 1.0,
            "providers": [NO_WAY_BACK, {"name": "B", "share": 1.0, "price": 4.0}],
        },
        arrays={
            "tolerance": np.asarray(thresholds, float),
            "provider": np.zeros(people, int),
            "downtime_value": np.full(people, 2.0),  # a dollar a month less is worth half a minute
        },
    ).run()
    return int(market.fleets.size[1])


def averaging(_: int) -> list[Finding]:
    """Two hundred users of one provider with beliefs from 0 to 60 minutes a month talk for 600 days."""
    n = 200
    market = two_hosts(
        {
            "users.count": n,
            "users.memory_days": math.inf,
            "network.kind": "watts-strogatz",
            "word_of_mouth.talk_per_day": 0.5,
            "flaws.per_year": 0.0,
            "days": 600,
        },
        rng=5,
        arrays={"provider": np.zeros(n, int)},
    )
    start = np.random.default_rng(5).uniform(0, 60, n)
    market.users.belief[:, 0] = start
    outside = 0
    for _day in range(600):
        market.step()
        held = market.users.belief[:, 0]
        outside += int(((held < start.min() - 1e-9) | (held > start.max() + 1e-9)).sum())
    return [
        Finding("beliefs that leave the range they began in", 0, outside),
        Finding("range left, as a share of the first", 1e-3, float(np.ptp(held) / np.ptp(start)), bound="at most"),
    ]
