"""Provider: sells a service, runs a fleet, and patches it by its policy. An ordinary Mesa agent."""

from typing import TYPE_CHECKING

import mesa
import numpy as np

from agents.chance import bernoulli_indices
from agents.maintenance import Maintenance
from agents.member import Member
from agents.policies import POLICIES, Flaw, Outage, Policy
from agents.strategies import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable

BUILT_IN = frozenset(POLICIES.values())


class Provider(Member):
    """One provider, as a Mesa agent.

    Attributes
    ----------
    index : int
        Its number in the market, the column of `users.belief`.
    name : str
        Its unique name.
    policy : Policy
        What it does about flaws; may be changed at any time, which is news to the users who know it.
    price : float
        Dollars a month; changing it is news likewise.
    users, servers : int
        Its size today.
    maintenance : Maintenance
        Its open flaws and campaigns.
    """

    def __init__(
        self,
        model: mesa.Model,
        index: int,
        *,
        name: str,
        policy: Policy,
        price: float,
        capacity: int,
        server_cost: float,
        claimed_downtime: float,
        failures_per_day: float,
        failure_minutes: float,
        strategy: Strategy,
        review_days: int,
        lead_days: int,
        sla: tuple[tuple[float, float], ...],
        sla_counts_maintenance: bool,
        recovery_credit: float,
        stream: "Callable[[str], np.random.Generator]",
    ) -> None:
        super().__init__(model, index + 1)
        self.index = index
        self.name = name
        self.capacity = capacity  # users on a full server
        self.server_cost = server_cost  # dollars a server and month
        self.claimed_downtime = claimed_downtime  # minutes a month
        self.failures_per_day = failures_per_day  # chance that a server fails
        self.failure_minutes = failure_minutes
        self.strategy = strategy
        self.review_days = review_days
        self.lead_days = lead_days  # between deciding on a policy and having it
        self.sla = sla  # (availability of a month, share of the fee credited below it)
        self.sla_counts_maintenance = sla_counts_maintenance
        self.recovery_credit = recovery_credit  # dollars to a user who complains; 0 = nothing is done
        self.original_servers = 0  # in use on day 0; the market seats the users after founding the providers
        self.maintenance = Maintenance()
        self.announced_news = False  # its users, and those who know it, have something to consider
        self.patches = 0  # applied live today
        self.breached = 0  # times today
        self.credited = 0.0  # dollars given back to users today
        self.planned: tuple[int, Policy] | None = None  # the policy decided on, and the day from which it holds
        self.tried: tuple[str, ...] = ()  # strategies that have responded
        self._policy = policy
        self._price = price
        self.streams = {use: stream(use) for use in ("patching", "breaches", "failures")}

    @property
    def policy(self) -> Policy:
        """What it does about flaws."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self._policy = policy
        policy.take_over(self.maintenance, self.model.day)
        self.announced_news = True

    @property
    def price(self) -> float:
        """What a user pays, dollars a month."""
        return self._price

    @price.setter
    def price(self, price: float) -> None:
        self._price = price
        self.announced_news = True

    @property
    def users(self) -> int:
        """Users today."""
        return int(self.model.fleets.users[self.index])

    @property
    def instances(self) -> int:
        """Services sold today: users with a redundancy of their own buy two."""
        return int(self.model.fleets.size[self.index])

    @property
    def servers(self) -> int:
        """Servers in use today."""
        return -(-self.instances // self.capacity)

    def patch(self, day: int, flaws: list[Flaw]) -> list[Outage]:
        """Do the day's work on the fleet; return today's outages, planned and unplanned."""
        servers, maintenance, policy = self.servers, self.maintenance, self._policy
        self.credited = 0.0
        outages: list[Outage] = []
        self.patches, due = policy.work(maintenance, day, flaws, servers)
        for _ in range(self.patches):
            outages += policy.patch_live(servers, self.streams["patching"])
        if due:
            outages += policy.maintain(due, self.streams["patching"])
        self.breached = policy.breaches(policy.exposed(maintenance), self.streams["breaches"]) if servers else 0
        if self.breached:
            minutes = self.breached * policy.breach_terms()[0]
            outages.append(Outage("breach", np.arange(servers), minutes))
        if self.failures_per_day:
            failed = bernoulli_indices(self.streams["failures"], servers, self.failures_per_day)
            if len(failed):
                outages.append(Outage("failure", failed, self.failure_minutes))
        return outages

    def next_day(self, day: int) -> int:
        """Return the first day after `day` on which `patch` has anything to do, unless a flaw comes."""
        if self.failures_per_day or type(self._policy) not in BUILT_IN:
            return day + 1
        next_day = self._policy.next_day(self.maintenance, day)
        return min(next_day, self.planned[0]) if self.planned else next_day

    @property
    def acted(self) -> bool:
        """Whether today's books differ from those of a day with nothing to do."""
        return bool(self.patches or self.breached or self.credited)

    def rest(self) -> None:
        """Let a day pass on which there is nothing to do."""
        self.patches = self.breached = 0
        self.credited = 0.0

    def __repr__(self) -> str:
        return f"<Provider {self.name!r}: {self.users} users, {self._policy.kind}>"
