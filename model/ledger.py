"""The ledger: a provider's revenue and costs of one day. Dollars; a month is 365/12 days."""

from typing import NamedTuple

from agents.experience import DAYS_PER_MONTH
from agents.provider import Provider


class Books(NamedTuple):
    """One provider's day in dollars."""

    revenue: float  # what its users paid
    server_cost: float  # servers in use, spare ones and replicas
    patch_cost: float  # vendors' bills and engineers
    breach_cost: float
    credit_cost: float  # credited to users, by agreement or for complaints

    @property
    def costs(self) -> float:
        """Everything paid."""
        return self.server_cost + self.patch_cost + self.breach_cost + self.credit_cost

    @property
    def profit(self) -> float:
        """Revenue less costs."""
        return self.revenue - self.costs


def settle(provider: Provider) -> Books:
    """Close a provider's books for today."""
    servers, policy = provider.servers, provider.policy
    return Books(
        revenue=provider.instances * provider.price / DAYS_PER_MONTH,
        server_cost=policy.servers_paid(servers) * provider.server_cost / DAYS_PER_MONTH,
        patch_cost=policy.monthly_cost(servers) / DAYS_PER_MONTH + provider.patches * policy.cost_per_patch(),
        breach_cost=provider.breaches * provider.security.breach_cost,
        credit_cost=provider.credits,
    )
