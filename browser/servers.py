"""The state of every provider's servers, as the page shows it."""

from typing import TYPE_CHECKING, Any

SHORTEST_OUTAGE = 1 / 6  # minutes; shorter outages are not shown

if TYPE_CHECKING:
    from agents.provider import Provider
    from model.market import Market


def server_states(market: "Market", since: int) -> list[dict[str, Any]]:
    """Return the state of each provider's servers.

    A server is down if it had an outage of ten seconds or more on the last day or on any day from `since` on.
    Otherwise it is `exposed` while a known flaw is not fixed on it; a running campaign has fixed the servers that it
    has reached. Otherwise it is `live-patched` if a live patch was applied since its last boot, or `up`.
    """
    since = max(min(since, market.day - 1), 0)
    down: list[set[int]] = [set() for _ in market.providers]
    for day, provider, outage, _ in reversed(market.record.outage_list):
        if day < since:
            break
        if outage.minutes >= SHORTEST_OUTAGE:
            down[provider] |= {*outage.servers.tolist()}
    return [_provider_state(market, provider, sorted(down[provider.index])) for provider in market.providers]


def _provider_state(market: "Market", provider: "Provider", down: list[int]) -> dict[str, Any]:
    """Return one provider's servers: the list of those down; of the others the first `done` are `fixed`."""
    maintenance = provider.maintenance
    patched = market.record.column("patches")[maintenance.boot_day :, provider.index].any()
    fixed = "live-patched" if patched else "up"
    done = 0  # number of servers, from the first on, that the running campaign has fixed
    if maintenance.open_flaws and maintenance.running and not maintenance.waiting:
        done = maintenance.running.due(market.day - 1).stop
    return {
        "servers": max(provider.servers, *(server + 1 for server in down), 0),  # a server shut down today counts
        "down": down,
        "done": done,
        "rest": "exposed" if maintenance.open_flaws else fixed,
        "fixed": fixed,
        "flaws": maintenance.open_flaws,
        "policy": provider.policy.kind,
    }
