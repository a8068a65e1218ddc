"""Money: the email's arithmetic, and the break-even price where users come and go."""

import math

import numpy as np

from agents.experience import DAYS_PER_MONTH
from answers.validation.hosts import two_hosts
from answers.validation.validate_measure import Finding, mean_of
from model import closed_forms
from model.market import Market
from model.summary import summarise


def market_in_which_a_share_moves(share: float, per_host: int = 5000, patches: float = 100.0) -> Market:
    """Run two hosts of full servers; exactly that share of A's users tolerates nothing, and knows B."""
    tolerance = np.full(2 * per_host, math.inf)
    tolerance[: round(share * per_host)] = 0.0
    return two_hosts(
        {
            "users.count": 2 * per_host,
            "users.initial_awareness": 1.0,
            "flaws.per_year": 365.0,
            "days": 60,
            "providers.0.policy.notice_days": 0,
            "providers.0.policy.window_days": 1,
            "providers.1.policy.per_server_month": patches,
        },
        arrays={"provider": np.repeat([0, 1], per_host), "tolerance": tolerance},
    ).run()


def earned(share: float) -> tuple[float, float]:
    """Return what A and B earn per original server and month after that share of A's users has moved."""
    host, rival = summarise(market_in_which_a_share_moves(share))["providers"]
    return host["profit_per_original_server"], rival["profit_per_original_server"]


def the_emails_arithmetic(_: int) -> list[Finding]:
    """Let a fifth move; what both earn is linear in the share that moves, so two runs give every threshold."""
    (host_0, rival_0), (host, rival) = earned(0.0), earned(0.20)
    slope, rival_slope = (host - host_0) / 0.20, (rival - rival_0) / 0.20
    return [
        Finding("A's profit, dollars per original server and month", 4000.0, host),
        Finding("B's profit, dollars per original server and month", 5880.0, rival),
        Finding(
            "share above which patching pays for B, %",
            100 * closed_forms.pays_for_rival_above(5000, 100),
            100 * (host_0 - rival_0) / rival_slope,
        ),
        Finding(
            "share above which B out-earns A, %",
            100 * closed_forms.out_earns_above(5000, 100),
            100 * (host_0 - rival_0) / (rival_slope - slope),
        ),
        Finding(
            "share above which copying pays for A, %",
            100 * closed_forms.copying_pays_above(5000, 100),
            100 * (rival_0 - host_0) / slope,
        ),
        Finding("break-even price, dollars per server and month", 1000.0, host_0 - host),
    ]


def break_even_with_churn(replicates: int) -> list[Finding]:
    """Let a live-patching host pay the break-even price for each user, and lose fewer of them than a rebooting one.

    Each is alone in a market with as many newcomers; churn to rivals counts as leaving for good. Servers hold one
    user, so that the price is one per user.
    """
    margin, attrition, churn, extra, arrivals = 5.0, 0.25, 0.05, 0.20, 2.0
    price = closed_forms.break_even_with_churn(margin, attrition, churn, extra)
    loyal, all_leaving = attrition + churn, attrition + churn + extra
    patching = [_profit(arrivals, loyal, price, seed) for seed in range(replicates)]
    rebooting = [_profit(arrivals, all_leaving, 0.0, seed) for seed in range(replicates)]
    return [
        mean_of("profit with live patches at that price, $/month", _at_rest(arrivals, loyal) * 3.0, patching),
        mean_of("profit with reboots, $/month", _at_rest(arrivals, all_leaving) * margin, rebooting),
        mean_of(
            "break-even price, dollars per user and month",
            margin * (1 - _at_rest(arrivals, all_leaving) / _at_rest(arrivals, loyal)),
            [margin - r * (margin - price) / p for r, p in zip(rebooting, patching, strict=True)],
        ),
    ]


def _at_rest(arrivals: float, leaving: float) -> float:
    """Return the users of an evening (Little 1961): stays are of whole days, `1 - exp(-leaving / 365)` a day."""
    return arrivals / -math.expm1(-leaving / 365)


def _profit(arrivals: float, leaving: float, price: float, seed: int) -> float:
    """Return a month's profit of a host whose users come and go, dollars."""
    policy = {"kind": "live-patch", "per_server_month": price}
    market = two_hosts(
        {
            "users.count": round(_at_rest(arrivals, leaving)),
            "days": 730,
            "flaws.per_year": 0.0,
            "open_market.arrivals_per_day": arrivals,
            "open_market.departures_per_year": leaving,
            "open_market.links": 0,
            "providers": [{"name": "A", "server_capacity": 1, "policy": policy}],
        },
        rng=seed,
    ).run()
    return float(market.record.column("profit")[:, 0].mean() * DAYS_PER_MONTH)
