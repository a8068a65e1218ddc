"""Responses: on their review days providers look at the market, and may change policy or price."""

from collections.abc import Sequence

from agents.experience import DAYS_PER_MONTH
from agents.exposure import NEVER
from agents.provider import Provider
from agents.strategies import Hold, Response, Review, Standing
from model.record import ProviderResponse, Record

POLICY_NAMES = {
    "reboot": "rebooting",
    "live-patch": "live patching",
    "live-migrate": "live migration",
    "defer": "deferred reboots",
    "fast-restart": "fast restarts",
    "failover": "failover",
    "none": "not patching at all",
}


def start_planned_policies(day: int, providers: Sequence[Provider]) -> None:
    """Put the policies in force whose lead time is over."""
    for provider in providers:
        if provider.planned_policy is not None and day >= provider.planned_policy[0]:
            provider.change("policy", provider.planned_policy[1])
            provider.planned_policy = None


def next_review(day: int, providers: Sequence[Provider]) -> int:
    """Return the first day from `day` on with a review; `NEVER` if there is none."""
    intervals = [p.review_days for p in providers if not isinstance(p.strategy, Hold)]
    return min((-(-(day + 1) // days) * days - 1 for days in intervals), default=NEVER)


def review(day: int, providers: Sequence[Provider], record: Record) -> None:
    """Hold the reviews that are due at the end of `day`; all look at the market before any responds."""
    due = [
        provider
        for provider in providers
        if not isinstance(provider.strategy, Hold) and (day + 1) % provider.review_days == 0
    ]
    reviews = [(provider, market_review(day, provider, providers, record)) for provider in due]
    for provider, found in reviews:
        response = provider.strategy.respond(found)
        if response is not None and not (response.policy is not None and provider.planned_policy):
            record.responses.append(carry_out(day, provider, found, response))


def market_review(day: int, provider: Provider, providers: Sequence[Provider], record: Record) -> Review:
    """Return what a provider sees of itself and the others since its last review."""
    since = max(day + 1 - provider.review_days, 0)
    before = record.column("users")[since - 1] if since else record.users_at_start
    users = before[provider.index]
    lost = (record.column("left") - record.column("joined"))[since:, provider.index].sum()
    standings = [standing(p, record, since) for p in providers]
    return Review(
        own=standings[provider.index],
        others=tuple(s for p, s in zip(providers, standings, strict=True) if p is not provider),
        lost=max(0.0, float(lost / users)) if users else 0.0,
        floor=cost_per_user(provider, record),
        tried=provider.tried,
    )


def cost_per_user(provider: Provider, record: Record) -> float:
    """Return the cost of a user at today's size, dollars a month: the floor of the price.

    The cost of patches made in house is that of the run so far. A provider without users counts a full server.
    """
    servers, instances, policy = provider.servers, provider.instances, provider.policy
    if instances == 0:
        servers, instances = 1, provider.capacity
    patches = record.column("patches")[:, provider.index].mean() * policy.cost_per_patch() * DAYS_PER_MONTH
    monthly = policy.servers_paid(servers) * provider.server_cost + policy.monthly_cost(servers) + patches
    return float(monthly / instances)


def standing(provider: Provider, record: Record, since: int) -> Standing:
    """Return what is public about a provider, with its profit from day `since` on."""
    profit = record.column("profit")[since:, provider.index].mean()
    servers = provider.original_servers
    per_server = float(profit * DAYS_PER_MONTH / servers) if servers else float("-inf")
    return Standing(provider.name, provider.policy, provider.price, per_server)


def carry_out(day: int, provider: Provider, found: Review, response: Response) -> ProviderResponse:
    """Change the provider's price, or plan its new policy; return the entry for the record."""
    provider.tried += (response.by,)
    cost, text = 0.0, ""
    why = f"lost {found.lost:.1%} since the last review"
    if response.price is not None:
        cost = (provider.price - response.price) * provider.instances
        text = f"lowers its price from ${provider.price:,.2f} to ${response.price:,.2f} ({why})"
        provider.change("price", response.price)
    if response.policy is not None:
        start = day + 1 + provider.lead_days
        servers = provider.servers
        old, new = provider.policy, response.policy
        more = new.servers_paid(servers) - old.servers_paid(servers)
        cost = new.monthly_cost(servers) - old.monthly_cost(servers) + more * provider.server_cost
        text = f"adopts {POLICY_NAMES.get(new.kind, new.kind)} from day {start} on ({why})"
        provider.planned_policy = (start, new)
    return ProviderResponse(day, provider.name, response.by, text, float(cost))
