"""The summary of a run: what `patchmarket run` prints, and its `--json` object."""

from typing import Any

import numpy as np

from agents.experience import DAYS_PER_MONTH
from agents.users import SOURCES, TRIGGERS
from model.conclusion import conclusion
from model.market_state import MarketState
from model.record import Record
from model.timeline import describe

CLOSING_DAYS = 30
SECURITY = (
    "exposed_server_days",
    "exploitable_server_days",
    "breaches",
    "breach_cost",
    "left_after_breach",
    "planned_downtime_minutes",
    "breach_downtime_minutes",
    "bad_update_downtime_minutes",
)
"""Daily columns of which a provider's summary has the sum."""
MINUTES_PER_DAY = 1440


def summarise(market: MarketState) -> dict[str, Any]:
    """Return the run so far as numbers and a concluding sentence.

    `profit_per_original_server` is dollars per month and server that the provider had at the start, over the
    last 30 days: the figure that the email compares. Revenue, costs and profit are dollars over the whole run;
    `network` (what was dropped of a given network, or is not used), `responses` and `events` are present only if there
    are any, `second_instances` (by provider) only where users can buy one;
    `flows[i][j]` counts moves from provider i to provider j. Rates without a denominator are None.
    """
    record = market.record
    _, _, _, _, trigger, source, _ = record.move_columns
    flows = record.flow_matrix
    providers = [_provider(market, j) for j in range(len(market.providers))]
    summary = {
        "scenario": market.settings.name,
        "seed": market.seed,
        "days": record.days,
        "users": market.settings.users.count,
        "providers": providers,
        "flows": flows.tolist(),
        "moves": {
            "total": int(flows.sum()),
            "by_trigger": _counts(trigger, TRIGGERS),
            "by_source": _counts(source - 1, SOURCES[1:]),
        },
    }
    if market.settings.users.redundancy.available:
        summary["second_instances"] = [p.instances - p.users for p in market.providers]
    if market.timeline.happened:
        summary["events"] = [{"day": event["day"], "text": describe(event)} for event in market.timeline.happened]
    if market.network.notes:
        summary["network"] = "; ".join(market.network.notes)
    if record.responses:
        summary["responses"] = [event._asdict() for event in record.responses]
    return summary | {"answer": conclusion(market, summary)}


def _provider(market: MarketState, j: int) -> dict[str, Any]:
    record, provider = market.record, market.providers[j]
    totals = {name: float(record.column(name)[:, j].sum()) for name in ("revenue", "costs", "profit")}
    minutes = float(record.column("downtime_minutes")[:, j].sum())
    user_days = float(users_by_morning(record)[:, j].sum())
    return {
        "name": provider.name,
        "policy": provider.policy.kind,
        "users_start": int(record.users_at_start[j]),
        "users_end": provider.users,
        "joined": int(record.column("joined")[:, j].sum()),
        "left": int(record.column("left")[:, j].sum()),
        "downtime_minutes_per_user_year": minutes / user_days * 365 if user_days else None,
        "availability": 1 - minutes / (user_days * MINUTES_PER_DAY) if user_days else None,
        **totals,
        "profit_per_original_server": closing_profit(market, j),
        **{name: float(record.column(name)[:, j].sum()) for name in SECURITY},
    }


def users_by_morning(record: Record) -> Any:
    """Return the users whom a day's outages can hit, after its arrivals and departures; shape (days, providers)."""
    evenings = np.vstack([record.users_at_start, record.column("users")])[: record.days]
    return evenings + record.column("arrived") - record.column("departed")


def closing_profit(market: MarketState, j: int) -> float | None:
    """Return a provider's profit per original server over the last 30 days, dollars a month."""
    record = market.record
    servers = market.providers[j].original_servers
    if not servers or not record.days:
        return None
    return float(record.column("profit")[-CLOSING_DAYS:, j].mean() * DAYS_PER_MONTH / servers)


def _counts(numbers: Any, names: tuple[str, ...]) -> dict[str, int]:
    counts = np.bincount(numbers, minlength=len(names))
    return {name: int(count) for name, count in zip(names, counts, strict=True)}
