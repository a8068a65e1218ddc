"""Provider: sells a service, runs a fleet, and patches it by its policy. An ordinary Mesa agent."""

from typing import TYPE_CHECKING

import mesa
import numpy as np

from agents.chance import bernoulli_indices
from agents.maintenance import Maintenance
from agents.member import Member
from agents.policies import Flaw, Outage, Policy

if TYPE_CHECKING:
    from collections.abc import Callable


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
        self.maintenance = Maintenance()
        self.announced_news = False  # its users, and those who know it, have something to consider
        self.patches = 0  # applied live today
        self.breached = 0  # times today
        self._policy = policy
        self._price = price
        self._patching, self._breaching, self._failing = (stream(use) for use in ("patching", "breaches", "failures"))

    @property
    def policy(self) -> Policy:
        """What it does about flaws."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self._policy = policy
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
        return int(self.model.fleets.size[self.index])

    @property
    def servers(self) -> int:
        """Servers in use today."""
        return -(-self.users // self.capacity)

    def patch(self, day: int, flaws: list[Flaw]) -> list[Outage]:
        """Do the day's work on the fleet; return today's outages, planned and unplanned."""
        servers, maintenance, policy = self.servers, self.maintenance, self._policy
        outages: list[Outage] = []
        self.patches, due = policy.work(maintenance, day, flaws, servers)
        for _ in range(self.patches):
            outages += policy.patch_live(servers, self._patching)
        if due:
            outages += policy.maintain(due, self._patching)
        self.breached = policy.breaches(maintenance.open_flaws, self._breaching) if servers else 0
        if self.breached:
            outages.append(Outage("breach", np.arange(servers), self.breached * policy.breach_terms()[0]))
        if self.failures_per_day:
            failed = bernoulli_indices(self._failing, servers, self.failures_per_day)
            if len(failed):
                outages.append(Outage("failure", failed, self.failure_minutes))
        return outages

    def __repr__(self) -> str:
        return f"<Provider {self.name!r}: {self.users} users, {self._policy.kind}>"
