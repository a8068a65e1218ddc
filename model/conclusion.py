"""The conclusion of a run: one sentence, in dollars, on which policy pays."""

from typing import Any

from agents.experience import DAYS_PER_MONTH
from model.closed_forms import break_even_price, pays_for_rival_above
from model.market_state import MarketState

Provider = dict[str, Any]
FIRST_DAYS = 30


def conclusion(market: MarketState, summary: dict[str, Any]) -> str:
    """Return the concluding sentence of a run, given its summary from `model.summary.summarise`."""
    providers: list[Provider] = summary["providers"]
    if len(providers) == 1:
        only = providers[0]
        return f"{only['name']} is alone: it earns {_earns(only)}."
    if market.record.responses:
        return _after_responses(market, providers)
    if summary["moves"]["total"] == 0:
        return _no_moves(providers)
    changing = market.settings.open_market
    if changing.arrivals_per_day or changing.departures_per_year:
        return _ranking(summary)
    kinds = [p["policy"] == "live-patch" for p in providers]
    if len(providers) == 2 and sum(kinds) == 1:
        live = kinds.index(True)
        return _live_patching_pays(market, summary, live, 1 - live)
    return _ranking(summary)


def dollars(amount: float) -> str:
    """Format an amount of money.

    >>> dollars(5880.4), dollars(-12), dollars(0.5)
    ('$5,880', '-$12', '$0.50')
    """
    sign, size = "-" if amount < 0 else "", abs(amount)
    return f"{sign}${size:,.2f}" if 0 < size < 10 else f"{sign}${size:,.0f}"


def _earns(provider: Provider) -> str:
    profit = provider["profit_per_original_server"]
    return "nothing" if profit is None else f"{dollars(profit)} per original server and month"


def _no_moves(providers: list[Provider]) -> str:
    ranked = _ranked(providers)
    if not ranked:
        return "Nobody moved, and nobody earned anything."
    best, worst = ranked[0], ranked[-1]
    if best["profit_per_original_server"] == worst["profit_per_original_server"]:
        return f"Nobody moved, and every provider earns {_earns(best)}: here the policy makes no difference."
    return (
        f"Nobody moved, so what a policy costs decides: {best['name']} ({best['policy']}) earns {_earns(best)}, "
        f"{worst['name']} ({worst['policy']}) {_earns(worst)}."
    )


def _live_patching_pays(market: MarketState, summary: dict[str, Any], live: int, other: int) -> str:
    """Return the answer to the email's question: who moved, who earns more, and what patches may cost at most."""
    rival, host = summary["providers"][live], summary["providers"][other]
    if not host["users_start"] or not rival["users_start"]:
        return _ranking(summary)
    net = summary["flows"][other][live] - summary["flows"][live][other]
    moved = net / host["users_start"]
    loser, payer = market.providers[other], market.providers[live]
    users = min(loser.capacity, host["users_start"])
    margin = loser.price * users - loser.policy.servers_paid(1) * loser.server_cost  # a server, unpatched
    patches, servers = (market.record.column(name)[:, payer.index].sum() for name in ("patch_cost", "servers"))
    bill = float(patches / servers * DAYS_PER_MONTH)  # per server and month, as paid in the run
    head = (
        f"{moved:.1%} of {host['name']}'s users moved to {rival['name']}, which now earns {_earns(rival)}, "
        f"against {dollars(host['profit_per_original_server'])} for {host['name']}"
    )
    if moved <= 0:
        earned = f"{rival['name']} earns {_earns(rival)}, {host['name']} {_earns(host)}"
        return f"Live patching does not pay here: it has not won over any users on balance; {earned}."
    if margin <= bill:
        return f"Live patching does not pay here: {head}; a server's {dollars(margin)} do not pay {dollars(bill)}."
    if moved <= pays_for_rival_above(margin, bill):
        needed = pays_for_rival_above(margin, bill)
        return f"Live patching does not pay here: {head}; more than {needed:.2%} would have to move."
    most = break_even_price(margin, moved)
    return (
        f"Live patching pays: {head}. To keep those users, {host['name']} could spend up to "
        f"{dollars(most)} per server and month on live patches ({rival['name']} pays {dollars(bill)}), or would do as "
        f"well with a price cut of at most {dollars(most / users)} per user."
    )


def _after_responses(market: MarketState, providers: list[Provider]) -> str:
    """Return what providers earn after their responses, compared with the first month."""
    record = market.record
    first = record.column("profit")[:FIRST_DAYS].mean(axis=0) * DAYS_PER_MONTH
    parts = []
    for provider, told in zip(market.providers, providers, strict=True):
        if provider.original_servers:
            before = dollars(float(first[provider.index]) / provider.original_servers)
            parts.append(f"{told['name']} earns {_earns(told)}, after {before} in the first {FIRST_DAYS} days")
    count = len(record.responses)
    return f"After {count} response{'s' if count > 1 else ''}, {'; '.join(parts)}."


def _ranking(summary: dict[str, Any]) -> str:
    ranked = _ranked(summary["providers"])
    share = summary["moves"]["total"] / summary["users"]
    if not ranked:
        return f"Users moved {summary['moves']['total']:,} times; no provider had users at the start to compare."
    best, worst = ranked[0], ranked[-1]
    return (
        f"{best['name']} ({best['policy']}) does best with {_earns(best)}; {worst['name']} ({worst['policy']}) "
        f"does worst with {_earns(worst)}; there were {share:.2f} moves per user."
    )


def _ranked(providers: list[Provider]) -> list[Provider]:
    """Return the providers by closing profit, best first, without those that started without a server."""
    earning = [p for p in providers if p["profit_per_original_server"] is not None]
    return sorted(earning, key=lambda p: -p["profit_per_original_server"])
