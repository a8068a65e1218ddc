"""The market in plain AgentPy: an agent for every user, and a network of agents.

Written from the rules (docs/odd.md) in the style of AgentPy's examples: `setup`, `step`, calls to all agents of an
`AgentList`, `Network.neighbors`. It implements what the thought experiment needs: prices and patches, outages, talk and
moves; no adverts, peers, noise, contracts or platforms. Money is left out.
"""

from math import exp

import agentpy
import numpy as np

from agents.policies import Flaw
from benchmarks.operators import Operator
from model.flaws import draw_flaws
from model.network import build_graph
from model.schema import ProviderSettings

DAYS_PER_MONTH = 365 / 12


class Host(agentpy.Agent):
    """A provider: `guests[k]` sits on server `k // capacity`."""

    def setup(self, given: ProviderSettings) -> None:
        """Open with an empty fleet."""
        self.price = given.price  # dollars a month
        self.operator = Operator(given, self.model.nprandom)
        self.guests: list[Customer] = []

    def patch(self, day: int, flaws: list[Flaw]) -> None:
        """Do today's maintenance and apply its outages to the guests."""
        capacity = self.operator.capacity
        minutes = self.operator.patch(day, flaws, len(self.guests))
        for server, lost in enumerate(minutes.tolist()):
            for guest in self.guests[server * capacity : (server + 1) * capacity] if lost > 0 else ():
                guest.minutes_today = lost

    def admit(self, guest: "Customer") -> None:
        """Give a guest the next free place."""
        guest.host = self
        guest.place = len(self.guests)
        self.guests.append(guest)


class Customer(agentpy.Agent):
    """A user: hears others talk, and leaves when it can do better."""

    def setup(self) -> None:
        """Draw the user's dispositions."""
        users, random = self.p.scenario.users, self.model.random
        self.tolerance = users.tolerance.median * exp(users.tolerance.sigma * random.gauss(0, 1))
        self.value = users.downtime_value.median * exp(users.downtime_value.sigma * random.gauss(0, 1))
        self.beliefs: dict[Host, float] = {}  # minutes of downtime a month, of the hosts it knows
        self.inbox: list[tuple[Host, float]] = []  # today's messages
        self.minutes_today = 0.0
        self.downtime = 0.0  # minutes so far

    def live(self) -> None:
        """Fade the belief about the own host, add today's outage to it, and perhaps talk."""
        model, minutes = self.model, self.minutes_today
        belief = self.beliefs[self.host] * model.kept + minutes * DAYS_PER_MONTH * (1 - model.kept)
        self.beliefs[self.host] = belief
        self.downtime += minutes
        if model.random.random() < (model.talk_after_outage if minutes > 0 else model.talk):
            for listener in model.network.neighbors(self):
                listener.inbox.append((self.host, belief))

    def reconsider(self) -> None:
        """Listen; if there is any news, choose. This ends the user's day."""
        if self.inbox or self.minutes_today > 0:
            self.listen()
            self.choose()
            self.inbox.clear()
            self.minutes_today = 0.0

    def listen(self) -> None:
        """Move each belief towards the mean of the messages, further if there are more messages."""
        rules = self.p.scenario.word_of_mouth
        for host in dict.fromkeys(host for host, _ in self.inbox):
            said = [belief for about, belief in self.inbox if about is host]
            mean = sum(said) / len(said)
            if host not in self.beliefs:
                self.beliefs[host] = mean
                continue
            worse = mean > self.beliefs[host]
            one = min(1.0, rules.listen * rules.negativity) if worse else rules.listen
            weight = 1 - (1 - one) ** len(said)
            self.beliefs[host] += weight * (mean - self.beliefs[host])

    def choose(self) -> None:
        """Decide to leave if some host gains more than the tolerance; ties at random."""
        here = self.host
        gains = {
            host: self.beliefs[here] - belief + (here.price - host.price) / self.value
            for host, belief in self.beliefs.items()
            if host is not here
        }
        best = max(gains.values(), default=0.0)
        if gains and best > self.tolerance:
            target = self.model.random.choice([host for host, gain in gains.items() if gain == best])
            self.model.leaving.append((self, target))

    def move_to(self, target: Host) -> None:
        """Move; the old host's last guest takes the free place, so that its fleet stays compact."""
        last = self.host.guests.pop()
        if last is not self:
            self.host.guests[self.place] = last
            last.place = self.place
        target.admit(self)


class AgentPyMarket(agentpy.Model):
    """The market as an AgentPy model with the parameters `scenario`, `seed` and `steps` (days).

    Attributes
    ----------
    hosts, customers : AgentList
        Providers and users.
    network : Network
        The network of users.
    """

    def setup(self) -> None:
        """Create hosts, customers and network."""
        scenario, n = self.p.scenario, self.p.scenario.users.count
        words = scenario.word_of_mouth
        self.flaws = draw_flaws(scenario.flaws, scenario.days, self.p.seed)
        self.kept = exp(-1 / scenario.users.memory_days)  # share of a belief that remains after a day
        self.talk = words.talk_per_day
        self.talk_after_outage = 1 - (1 - words.talk_per_day) * (1 - words.complaint)
        self.hosts = [Host(self, given=given) for given in scenario.providers]
        self.customers = agentpy.AgentList(self, n, Customer)
        self.network = agentpy.Network(self, build_graph(scenario.network, n, self.p.seed).to_networkx())
        self.network.add_agents(self.customers, self.network.nodes)
        self.leaving: list[tuple[Customer, Host]] = []

        unassigned = self.random.sample(list(self.customers), n)
        bounds = [round(share * n) for share in np.cumsum([0, *scenario.shares])]
        for host, first, last in zip(self.hosts, bounds[:-1], bounds[1:], strict=True):
            for customer in unassigned[first:last]:
                host.admit(customer)
                customer.beliefs[host] = 0.0
        self.users_at_start = [len(host.guests) for host in self.hosts]

    def step(self) -> None:
        """Run one day; AgentPy counts days from 1."""
        day = self.t - 1
        for host in self.hosts:
            host.patch(day, self.flaws.get(day, []))
        self.customers.live()
        self.customers.reconsider()
        for customer, target in self.leaving:
            customer.move_to(target)
        self.leaving = []

    @property
    def lost(self) -> float:
        """Share of the first host's users lost so far."""
        return 1 - len(self.hosts[0].guests) / self.users_at_start[0]
