"""What the page says of a user or a provider that the visitor has chosen."""

from typing import TYPE_CHECKING, Any

import numpy as np

from agents.experience import DAYS_PER_MONTH
from agents.users import SOURCES, TRIGGERS
from browser.charts import number
from browser.servers import server_states

if TYPE_CHECKING:
    from model.market import Market

MAX_MOVES = 6  # the newest ones of a user


def details_of(market: "Market", kind: str, index: int) -> dict[str, Any]:
    """Return a title, and pairs of a label and a text, on a `user` (by row) or a `provider`."""
    title, rows = user_details(market, index) if kind == "user" else provider_details(market, index)
    return {"kind": kind, "index": index, "title": title, "rows": rows}


def user_details(market: "Market", row: int) -> tuple[str, list[tuple[str, str]]]:
    """Return what is known of a user: where it is, what it believes, whom it hears, and its moves."""
    users, names = market.users, market.record.names
    home = int(users.provider[row])
    rows = [("provider", names[home] if home >= 0 else "not in the market")]
    if home >= 0:
        rows.append(("server", f"{int(users.slot[row]) // market.providers[home].capacity + 1}"))
    rows.append(("downtime so far", f"{users.downtime[row]:,.1f} minutes"))
    rows.append(("tolerance", f"{users.tolerance[row]:,.1f} minutes a month more than elsewhere"))
    for j, name in enumerate(names):
        belief, source = users.belief[row, j], SOURCES[users.source[row, j]].replace("-", " ")
        known = "has not heard of it" if np.isnan(belief) else f"{belief:,.1f} minutes a month"
        known += "" if np.isnan(belief) or j == home else f", known from {source}"
        rows.append((f"believes of {name}", known))
    links = market.network.hears
    heard = users.provider[links.indices[links.indptr[row] : links.indptr[row + 1]]]
    told = [f"{int((heard == j).sum())} at {name}" for j, name in enumerate(names) if (heard == j).any()]
    rows.append(("hears from", f"{len(heard)} users" + (f": {', '.join(told)}" if told else "")))
    title = f"user {row:,}" if market.network.names is None else f"{market.network.node(row)}, user {row:,}"
    return title, rows + user_moves(market, row)


def user_moves(market: "Market", row: int) -> list[tuple[str, str]]:
    """Return a user's newest moves, and why."""
    day, user, origin, target, trigger, source, _ = market.record.move_columns
    names = market.record.names
    found = [
        (
            f"day {day[k]}",
            f"{names[origin[k]]} to {names[target[k]]}, after {TRIGGERS[trigger[k]]}; "
            f"known from {SOURCES[source[k]].replace('-', ' ')}",
        )
        for k in np.flatnonzero(user == row)[-MAX_MOVES:]
    ]
    return found or [("moves", "none")]


def provider_details(market: "Market", j: int) -> tuple[str, list[tuple[str, str]]]:
    """Return a provider's servers, the state of their patches, and its money."""
    provider, record = market.providers[j], market.record
    state = server_states(market, market.day)[j]
    sums = {name: record.column(name)[:, j].sum() for name in ("revenue", "costs", "profit")}
    today = record.column("profit")[-1, j] * DAYS_PER_MONTH if record.days else 0.0
    patched = {"up": "up to date", "live-patched": "live-patched", "exposed": "open to known flaws"}[state["rest"]]
    return provider.name, [
        ("policy", f"{provider.policy.kind}, ${provider.price:g} a month"),
        ("users", f"{provider.users:,}"),
        ("servers", f"{state['servers']:,}, {len(state['down']):,} down today"),
        ("kernels", f"{patched}; {state['flaws']} open flaws" if state["flaws"] else patched),
        ("campaigns so far", f"{provider.maintenance.campaigns:,}"),
        ("revenue so far", f"${number(sums['revenue'])}"),
        ("costs so far", f"${number(sums['costs'])}"),
        ("profit so far", f"${number(sums['profit'])}"),
        ("profit today", f"${number(today)} a month"),
    ]
