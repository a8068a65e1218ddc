"""The data behind the page's charts and table: users and profit by day, the answer, and where users went."""

from typing import TYPE_CHECKING, Any

from agents.experience import DAYS_PER_MONTH
from model.figures import SMOOTHING_DAYS, colours, start_to_end, trailing_mean
from model.summary import summarise

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


def summary_of(market: "Market") -> dict[str, Any]:
    """Return the answer, a table with a row for each provider, and the flows of users. Slower than `history`."""
    summary = summarise(market)
    present = max(sum(row["users_end"] for row in summary["providers"]), 1)
    table = [
        {
            "policy": row["policy"],
            "price": provider.price,
            "users": row["users_end"],
            "share": row["users_end"] / present,
            "profit": row["profit_per_original_server"],
            "downtime": row["downtime_minutes_per_user_year"],
            "exposed": row["exposed_server_days"],
            "exploitable": row["exploitable_server_days"],
            "breaches": row["breaches"],
        }
        for provider, row in zip(market.providers, summary["providers"], strict=True)
    ]
    answer = summary["answer"] if market.day else f"{market.settings.description or market.settings.name}."
    return {"answer": answer, "table": table, "flows": start_to_end(market).tolist()}
