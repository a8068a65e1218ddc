"""Does a posterior hold what was planted as often as it says? Small markets whose unknowns are known."""

import math

import numpy as np

from answers.posterior import HELD_OUT, Posterior
from answers.summaries import summaries
from answers.unknowns import settings_of, unknowns_of
from answers.validation.validate_measure import Finding
from model.market import Market
from model.scenario import Scenario

SIMULATIONS = 240
EDGES = np.arange(0, 134, 7)
OUTAGES = {25: 6.0, 60: 30.0, 95: 6.0}  # day: minutes
LEVELS = (0.5, 0.8, 0.95)


def of_planted_unknowns(truths: int) -> list[Finding]:
    """Return how many of the planted unknowns the intervals hold."""
    days = int(EDGES[-1])
    events = [
        {"day": day, "outage": {"provider": "Reboot & Co", "minutes": minutes}} for day, minutes in OUTAGES.items()
    ]
    market = {"users.count": 600, "days": days, "flaws.per_year": 0.0, "events": events}
    changing = {"open_market.arrivals_per_day": 0.5, "open_market.departures_per_year": 0.3, "open_market.direct": 0.5}
    scenario = Scenario.preset("thought-experiment", **market, **changing)
    unknowns = unknowns_of(scenario)
    units = np.random.default_rng(1).random((SIMULATIONS + truths, len(unknowns)))
    seen = []
    for number, row in enumerate(units):
        values = [unknown.value(u) for unknown, u in zip(unknowns, row, strict=True)]
        record = Market(scenario.replace(**settings_of(unknowns, values)), rng=number).run().record
        users = np.concatenate([record.users_at_start[:1], record.column("users")[:, 0]])
        gone = np.cumsum(np.concatenate([[0], (record.column("left") + record.column("departed"))[:, 0]]))
        seen.append((users[EDGES[:-1]], np.diff(gone[EDGES])))
    minutes = np.zeros(days)
    minutes[list(OUTAGES)] = list(OUTAGES.values())
    customers, cancelled = (np.array([run[k] for run in seen], float) for k in (0, 1))
    told = summaries(EDGES, minutes, customers, cancelled)
    found = Posterior(units[:SIMULATIONS], told[:SIMULATIONS]).given(told[SIMULATIONS:])
    planted, held = units[SIMULATIONS:], int(HELD_OUT * SIMULATIONS)
    findings = []
    for level in LEVELS:
        intervals = np.array([one.interval(level) for one in found])
        inside = float(((intervals[:, 0] <= planted) & (planted <= intervals[:, 1])).mean())
        error = math.sqrt(level * (1 - level) * (1 / truths + 1 / held))  # as of one unknown: they hang together
        findings.append(Finding(f"share of planted unknowns in their {level:.0%} intervals", level, inside, error))
    return findings
