"""The data behind the page's charts and table: users and profit by day, the answer, and where users went."""

from typing import TYPE_CHECKING, Any

import numpy as np

from agents.experience import DAYS_PER_MONTH
from model.figures import SMOOTHING_DAYS, colours, start_to_end, trailing_mean
from model.histories import history_start
from model.schema import History
from model.summary import CLOSING_DAYS, summarise, users_by_morning

BARS = 10  # of a histogram
TOTALS = ("downtime_minutes", "exposed_server_days", "exploitable_server_days", "breaches")

if TYPE_CHECKING:
    from model.market import Market


def legend(market: "Market") -> list[dict[str, str]]:
    """Return the providers' names and colours."""
    names = market.record.names
    return [{"name": name, "colour": colour} for name, colour in zip(names, colours(len(names)), strict=True)]


def history(market: "Market", since: int) -> dict[str, Any]:
    """Return users and profit per original server (30-day mean) by provider, for each day from `since` on."""
    record = market.record
    first = max(since - SMOOTHING_DAYS, 0)
    profit = record.column("profit")[first:] * DAYS_PER_MONTH
    smooth = [
        [round(value) for value in trailing_mean(profit[:, p.index], SMOOTHING_DAYS) / p.original_servers]
        if p.original_servers
        else []
        for p in market.providers
    ]
    return {
        "from": since,
        "users": record.column("users")[since:].astype(int).T.tolist(),
        "profit": [values[since - first :] for values in smooth],
    }


def first_date(market: "Market") -> str | None:
    """Return the date of day 0 where the flaws have dates."""
    source = market.settings.flaws
    return str(history_start(source)) if isinstance(source, History) else None


def summary_of(market: "Market") -> dict[str, Any]:
    """Return the answer, a table with a row for each provider, and the flows of users. Slower than `history`."""
    summary = summarise(market)
    answer = summary["answer"] if market.day else f"{market.settings.description or market.settings.name}."
    policies = [provider.policy.kind for provider in market.providers]
    return {
        "answer": answer,
        "table": table(market, market.day, policies),
        "flows": start_to_end(market).tolist(),
        "why": who_leaves(market, summary["moves"]["by_trigger"]),
    }


def who_leaves(market: "Market", triggers: dict[str, int]) -> dict[str, Any]:
    """Return the moves by trigger, and how users who moved differ from those who never did, in percent of each."""
    users, (_, user, *_) = market.users, market.record.move_columns
    left = np.zeros(len(users.provider), bool)
    left[user] = True
    present = users.provider >= 0
    found: dict[str, Any] = {"triggers": triggers}
    for key, values in (("tolerance", users.tolerance), ("downtime", users.downtime)):
        top = float(np.quantile(values[present], 0.98, method="lower")) if present.any() else 0.0
        edges = np.arange(BARS + 1) * round_width(top / BARS)
        found[key] = {"labels": [f"{edge:,.0f}" for edge in edges[:-1]]}
        for who, rows in (("stay", present & ~left), ("left", present & left)):
            counts, _ = np.histogram(np.minimum(values[rows], edges[-1]), edges)
            found[key][who] = [round(100 * float(count) / max(int(rows.sum()), 1), 1) for count in counts]
    return found


def round_width(least: float) -> float:
    """Return the width of a histogram's bars: 1, 2 or 5 times a power of ten, from 1 on.

    >>> round_width(0.0), round_width(3.1), round_width(12.0)
    (1.0, 5.0, 20.0)
    """
    if not 1 < least < np.inf:
        return 1.0
    power = 10.0 ** np.floor(np.log10(least))
    return next(float(step * power) for step in (1, 2, 5, 10) if step * power >= least)


def table(market: "Market", day: int, policies: list[str]) -> list[dict[str, str]]:
    """Return a row for each provider on the evening of a day, as the page and `patchmarket run` write it."""
    record, every = market.record, range(len(market.providers))
    sums = {name: [record.column(name)[:day, j].sum() for j in every] for name in TOTALS}
    user_days = [users_by_morning(record)[:day, j].sum() for j in every]
    users = record.column("users")[day - 1] if day else record.users_at_start
    closing = record.column("profit")[max(day - CLOSING_DAYS, 0) : day]
    rows = []
    for j, provider in enumerate(market.providers):
        price = record.column("price")[day - 1, j] if 0 < day < market.day else provider.price
        known = day and provider.original_servers
        profit = closing[:, j].mean() * DAYS_PER_MONTH / provider.original_servers if known else None
        downtime = sums["downtime_minutes"][j] / user_days[j] * 365 if user_days[j] else None
        rows.append(
            {
                "policy": policies[j],
                "price": f"{price:.2f}",
                "users": f"{int(users[j]):,}",
                "share": f"{users[j] / max(users.sum(), 1):.1%}",
                "profit": number(profit),
                "downtime": number(downtime, 1),
                "exposed": f"{number(sums['exposed_server_days'][j])} ({number(sums['exploitable_server_days'][j])})",
                "breaches": number(sums["breaches"][j]),
            }
        )
    return rows


def number(value: float | None, digits: int = 0) -> str:
    """Return a number as the tables of the command line write it.

    >>> number(4054.5), number(None)
    ('4,054', '–')
    """
    return "–" if value is None else f"{value:,.{digits}f}"
