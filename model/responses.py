"""Responses: on their review days providers look at the market, and may change policy or price."""

from typing import TYPE_CHECKING

from agents.experience import DAYS_PER_MONTH
from agents.maintenance import NEVER
from agents.provider import Provider
from agents.strategies import Hold, Response, Review, Standing
from model.record import ProviderResponse

if TYPE_CHECKING:
    from model.market import Market

ADOPTS = {
    "reboot": "rebooting",
    "live-patch": "live patching",
    "live-migrate": "live migration",
    "defer": "deferred reboots",
    "fast-restart": "fast restarts",
    "failover": "failover",
    "none": "not patching at all",
}


def take_effect(market: "Market", day: int) -> None:
    """Let the policies that were decided on `lead_days` ago replace the old ones."""
    for provider in market.providers:
        if provider.planned_policy is not None and day >= provider.planned_policy[0]:
            provider.policy = provider.planned_policy[1]
            provider.planned_policy = None


def next_review(market: "Market", day: int) -> int:
    """Return the first day from `day` on with a review; `NEVER` if nobody holds any."""
    reviewing = [p.review_days for p in market.providers if not isinstance(p.strategy, Hold)]
    return min((-(-(day + 1) // days) * days - 1 for days in reviewing), default=NEVER)


def review(market: "Market", day: int) -> None:
    """Hold the reviews that are due tonight; all look at the market before anybody acts."""
    due = [
        provider
        for provider in market.providers
        if not isinstance(provider.strategy, Hold) and (day + 1) % provider.review_days == 0
    ]
    found = [(provider, look(market, provider, day)) for provider in due]
    for provider, seen in found:
        response = provider.strategy.respond(seen)
        if response is not None and not (response.policy is not None and provider.planned_policy):
            respond(market, provider, seen, response, day)


def look(market: "Market", provider: Provider, day: int) -> Review:
    """Return what a provider sees: itself and the others since its last review."""
    record, since = market.record, max(day + 1 - provider.review_days, 0)
    before = record.column("users")[since - 1] if since else record.users_at_start
    users = before[provider.index]
    lost = (record.column("left") - record.column("joined"))[since:, provider.index].sum()
    standings = [standing(market, p, since) for p in market.providers]
    return Review(
        own=standings[provider.index],
        others=tuple(s for p, s in zip(market.providers, standings, strict=True) if p is not provider),
        lost=max(0.0, float(lost / users)) if users else 0.0,
        floor=cost_per_user(market, provider),
        tried=provider.tried,
    )


def cost_per_user(market: "Market", provider: Provider) -> float:
    """Return what a user costs at today's size, dollars a month: the floor of any price.

    Patches made in house count as often as they have been made so far. An empty provider reckons with a full server.
    """
    servers, instances, policy = provider.servers, provider.instances, provider.policy
    if instances == 0:
        servers, instances = 1, provider.capacity
    patches = market.record.column("patches")[:, provider.index].mean() * policy.cost_per_patch() * DAYS_PER_MONTH
    monthly = policy.servers_paid(servers) * provider.server_cost + policy.monthly_cost(servers) + patches
    return float(monthly / instances)


def standing(market: "Market", provider: Provider, since: int) -> Standing:
    """Return what everybody can see of a provider."""
    profit = market.record.column("profit")[since:, provider.index].mean()
    servers = provider.original_servers
    per_server = float(profit * DAYS_PER_MONTH / servers) if servers else float("-inf")
    return Standing(provider.name, provider.policy, provider.price, per_server)


def respond(market: "Market", provider: Provider, seen: Review, response: Response, day: int) -> None:
    """Carry out a response, and record it in words."""
    provider.tried += (response.by,)
    cost, text = 0.0, ""
    why = f"lost {seen.lost:.1%} since the last review"
    if response.price is not None:
        cost = (provider.price - response.price) * provider.instances
        text = f"lowers its price from ${provider.price:,.2f} to ${response.price:,.2f} ({why})"
        provider.price = response.price
    if response.policy is not None:
        start = day + 1 + provider.lead_days
        servers = provider.servers
        old, new = provider.policy, response.policy
        more = new.servers_paid(servers) - old.servers_paid(servers)
        cost = new.monthly_cost(servers) - old.monthly_cost(servers) + more * provider.server_cost
        text = f"adopts {ADOPTS.get(new.kind, new.kind)} from day {start} on ({why})"
        provider.planned_policy = (start, new)
    market.record.responses.append(ProviderResponse(day, provider.name, response.by, text, float(cost)))
