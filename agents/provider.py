"""Provider: sells a service, runs a fleet, and patches it by its policy. An ordinary Mesa agent."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import mesa
import numpy as np

from agents.bernoulli import bernoulli_indices
from agents.exposure import NEVER
from agents.maintenance import Maintenance
from agents.market_agent import MarketAgent
from agents.policies import POLICIES, Flaw, Outage, Policy
from agents.security import Security
from agents.strategies import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable

BUILT_IN = frozenset(POLICIES.values())
NEWS = ("price", "policy")  # settings that users care about
T = TypeVar("T")


class Offered(Generic[T]):
    """A setting of a provider that may change in mid-run.

    A change by hand is checked, holds at once, and counts as one of the next day: what was in force before it is kept
    in `Provider.changed` until then.
    """

    def __init__(self, meaning: str) -> None:
        self.__doc__ = meaning

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, provider: None, owner: type) -> "Offered[T]": ...
    @overload
    def __get__(self, provider: "Provider", owner: type) -> T: ...
    def __get__(self, provider: "Provider | None", owner: type) -> "Offered[T] | T":
        if provider is None:
            return self
        value: T = provider.__dict__[self.name]
        return value

    def __set__(self, provider: "Provider", value: T) -> None:
        value = provider.model.checked_change(provider, self.name, value)
        provider.changed.setdefault(self.name, provider.__dict__[self.name])
        provider.__dict__[self.name] = value


class Provider(MarketAgent):
    """One provider, as a Mesa agent.

    Attributes
    ----------
    index : int
        Its number in the market, the column of `users.belief`.
    name : str
        Its unique name.
    policy : Policy
        Its patch policy. Changing it is news to the users who know the provider.
    price : float
        Dollars a month. Changing it is news too.
    users, servers : int
        Its size today.
    maintenance : Maintenance
        Its open flaws and campaigns.
    """

    policy = Offered[Policy]("the patch policy; a new one is news to the users who know the provider")
    price = Offered[float]("what a user pays, dollars a month; a new one is news too")
    strategy = Offered[Strategy]("how it responds when users leave")
    server_cost = Offered[float]("dollars a server and month")
    claimed_downtime = Offered[float]("downtime that it advertises, minutes a month")
    recovery_credit = Offered[float]("dollars paid to a user who complains; 0 = no recovery")
    review_days = Offered[int]("days between reviews of the market")
    lead_days = Offered[int]("days between the decision for a policy and its start")

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
        security: Security,
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
        self.failures_per_day = failures_per_day  # chance that a server fails on a day
        self.failure_minutes = failure_minutes
        self.security = security
        self.sla = sla  # (availability of a month, share of the fee credited below it)
        self.sla_counts_maintenance = sla_counts_maintenance
        self.original_servers = 0  # in use on day 0; set by the market once users are assigned
        self.maintenance = Maintenance()
        self.has_news = False  # price or policy changed since this morning
        self.patches = 0  # live patches applied today
        self.breaches = 0  # breaches today
        self.exposed = 0  # pairs of a server and a flaw that it is open to today
        self.exploitable = 0  # those of them whose flaw attackers use
        self.exploitable_so_far = 0  # their sum over the days before today, in server-days
        self.credits = 0.0  # dollars credited to users today
        self.planned_policy: tuple[int, Policy] | None = None  # first day, and the policy from then on
        self.tried: tuple[str, ...] = ()  # kinds of strategy that have responded, oldest first
        self.changed: dict[str, Any] = {}  # by hand since the last day -> what was in force before
        self.__dict__.update(policy=policy, price=price, strategy=strategy, server_cost=server_cost)
        self.__dict__.update(claimed_downtime=claimed_downtime, recovery_credit=recovery_credit)
        self.__dict__.update(review_days=review_days, lead_days=lead_days)
        self.streams = {use: stream(use) for use in ("patching", "breaches", "failures")}
        self.next_breach = float(self.streams["breaches"].standard_exponential())  # accumulated hazard

    def change(self, name: str, value: Any) -> None:
        """Put a setting in force today, by the rules of the market."""
        self.__dict__[name] = value
        self.follow(name)

    def follow(self, name: str) -> None:
        """Draw the consequences of a setting that has just come in force."""
        if name == "policy":
            self.policy.take_over(self.maintenance, self.model.day)
        if name == "strategy":
            self.tried = ()
        self.has_news |= name in NEWS

    @property
    def users(self) -> int:
        """Number of users today."""
        return int(self.model.fleets.users[self.index])

    @property
    def instances(self) -> int:
        """Number of instances sold today; users with redundancy buy two."""
        return int(self.model.fleets.size[self.index])

    @property
    def servers(self) -> int:
        """Number of servers in use today."""
        return -(-self.instances // self.capacity)

    def patch(self, day: int, flaws: list[Flaw]) -> list[Outage]:
        """Do the day's maintenance; return today's outages, planned and unplanned."""
        servers, maintenance, policy = self.servers, self.maintenance, self.policy
        self.credits = 0.0
        outages: list[Outage] = []
        self.patches, due, bad_fixes = policy.patch(maintenance, day, flaws, servers)
        for _ in range(self.patches):
            outages += policy.patch_live(servers, self.streams["patching"])
        if due:
            outages += policy.maintain(due, self.streams["patching"])
        outages += [Outage("bad-update", where, self.security.bad_update_minutes) for where in bad_fixes]
        self.exposed, self.exploitable = maintenance.exposure(day)
        outages += self._breach(day, servers)
        if self.failures_per_day:
            failed = bernoulli_indices(self.streams["failures"], servers, self.failures_per_day)
            if len(failed):
                outages.append(Outage("failure", failed, self.failure_minutes))
        return outages

    def _breach(self, day: int, servers: int) -> list[Outage]:
        """Let attackers breach open servers, which are rebuilt on the newest kernel.

        Breaches are a Poisson process in the accumulated hazard, the attack rate times the exploitable server-days.
        """
        rng, hit = self.streams["breaches"], set()
        hazard = self.security.attack_rate * (self.exploitable_so_far + self.exploitable)
        while self.exploitable and hazard >= self.next_breach:
            self.next_breach += float(rng.standard_exponential())
            hit.add(self.maintenance.attacked_server(day, int(rng.integers(self.exploitable))))
        if hit and self.security.scope == "fleet":
            hit = set(range(servers))
            self.breaches = 1
        else:
            self.breaches = len(hit)
        for server in hit:
            self.maintenance.rebuild(server)
        return [Outage("breach", np.array(sorted(hit)), self.security.breach_minutes)] if hit else []

    def next_day(self, day: int) -> int:
        """Return the first day after `day` on which `patch` is needed if no further flaw appears.

        Call `idle` first on a day on which the fleet may have another size.
        """
        if self.failures_per_day or type(self.policy) not in BUILT_IN:
            return day + 1
        next_day = min(self.policy.next_day(self.maintenance, day), self._next_breach_day(day))
        return min(next_day, self.planned_policy[0]) if self.planned_policy else next_day

    def _next_breach_day(self, day: int) -> int:
        """Return the first day after `day` with a breach if the exposure stays as it is."""
        rate, exploitable = self.security.attack_rate, self.exploitable
        if not rate or not exploitable:
            return NEVER
        days = max(int((self.next_breach / rate - self.exploitable_so_far) / exploitable) - 1, 1)
        while rate * (self.exploitable_so_far + days * exploitable) < self.next_breach:
            days += 1
        return day + days

    def remove(self) -> None:
        """Refuse: a market is made of its providers."""
        raise TypeError(f"provider {self.name!r}: cannot be removed from a market; remove its users, or set its policy")

    def idle(self, day: int) -> None:
        """Begin a day without maintenance: what `patch` does when there is nothing to do."""
        self.patches = self.breaches = 0
        self.credits = 0.0
        self.maintenance.resize(self.servers)
        self.exposed, self.exploitable = self.maintenance.exposure(day)

    def __repr__(self) -> str:
        return f"<Provider {self.name!r}: {self.users} users, {self.policy.kind}>"


OFFERED = tuple(name for name, value in vars(Provider).items() if isinstance(value, Offered))
