"""Fleet: the state of every server of every provider, as a page shows it."""

from typing import TYPE_CHECKING, Any

BLINK = 1 / 6  # minutes; what is shorter than ten seconds is not shown as an outage

if TYPE_CHECKING:
    from agents.provider import Provider
    from model.market import Market


def fleet(market: "Market", since: int) -> list[dict[str, Any]]:
    """Return each provider's servers: those down on the last day or one from `since` on, and what the others are.

    A server is `exposed` while a flaw is known that has not been fixed on it; a running campaign has fixed those that
    it has been to. Else it is `live-patched` where a live patch has been applied since its last boot, or `up`.
    """
    since = max(min(since, market.day - 1), 0)
    down: dict[str, list[int]] = {provider.name: [] for provider in market.providers}
    if market.record.column("servers_down")[since:].any():
        outages = market.record.outages
        recent = outages[(outages["day"] >= since) & (outages["minutes"] >= BLINK)]
        for name, server in zip(recent["provider"], recent["server"].tolist(), strict=True):
            down[name].append(server)
    return [_state(market, provider, sorted(set(down[provider.name]))) for provider in market.providers]


def _state(market: "Market", provider: "Provider", down: list[int]) -> dict[str, Any]:
    """Return one provider's servers: their number, those down, and the states of the others, which lie in two runs."""
    maintenance = provider.maintenance
    patched = market.record.column("patches")[maintenance.boot_day :, provider.index].any()
    rest = "live-patched" if patched else "up"
    done = 0  # servers from the first on that the running campaign has fixed
    if maintenance.open_flaws:
        exposed = True
        if maintenance.running and not maintenance.waiting:
            done = maintenance.running.due(market.day - 1).stop
    else:
        exposed = False
    return {
        "servers": max(provider.servers, *(server + 1 for server in down), 0),  # one given up today was down before
        "down": down,
        "done": done,
        "rest": "exposed" if exposed else rest,
        "fixed": rest,
        "flaws": maintenance.open_flaws,
    }
