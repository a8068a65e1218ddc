"""How a market shows itself: a line in Python, a small table and chart in a notebook."""

from html import escape

from model.html import html_figure, html_table
from model.market_state import MarketState
from model.summary import summarise


def market_line(market: MarketState) -> str:
    """Return a market in one line."""
    settings = market.settings
    users = int((market.users.provider >= 0).sum())
    return f"<Market {settings.name!r}: day {market.day:,} of {settings.days:,}, {users:,} users, seed {market.seed}>"


def market_html(market: MarketState) -> str:
    """Return a market's table, its conclusion and, from the second day on, its chart, as HTML."""
    summary = summarise(market)
    head = ("provider", "policy", "users at the start", "users now", "joined", "left", "profit, $")
    rows = [
        (p["name"], p["policy"], p["users_start"], p["users_end"], p["joined"], p["left"], round(p["profit"]))
        for p in summary["providers"]
    ]
    parts = [f"<p><code>{escape(market_line(market))}</code></p>", html_table(head, rows)]
    if market.day > 1:
        from model.figures import history_figure  # matplotlib takes a moment

        parts += [f"<p>{escape(summary['answer'])}</p>", html_figure(history_figure(market))]
    return "".join(parts)
