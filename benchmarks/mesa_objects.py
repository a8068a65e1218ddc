"""The market in plain Mesa objects: every user is an object that steps every day. Slow, but easy to check.

This is the reference for `model.market`, written from the rules (docs/odd.md), not from that code. Both share only the
scenario, flaws, network and patch policies. All messages of a day are read together, so a day consists of two passes
over the users: `Customer.live` (forget, experience outages, talk; messages go to inboxes) and `Customer.reconsider`
(listen, see adverts, choose). Users move after all have chosen. Money is left out, because no rule here depends on it.
"""

from collections import Counter
from math import exp
from typing import Any

import mesa

from agents.policies import Flaw
from benchmarks.operators import Operator
from model.flaws import draw_flaws
from model.network import build_graph
from model.scenario import Scenario
from model.schema import ProviderSettings

DAYS_PER_MONTH = 365 / 12


class Host(mesa.Agent):
    """A provider: `guests[k]` sits on server `k // capacity`."""

    def __init__(self, model: "PlainMarket", given: ProviderSettings) -> None:
        super().__init__(model)
        self.name = given.name
        self.price = given.price  # dollars a month
        self.operator = Operator(given, model.rng)
        self.policy = given.policy
        self.claim = given.claimed_downtime  # minutes a month
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


class Customer(mesa.Agent):
    """A user: knows some hosts, hears others talk, and leaves when it can do better."""

    host: Host
    place: int

    def __init__(self, model: "PlainMarket", number: int, requirements: float) -> None:
        super().__init__(model)
        users = model.settings.users
        self.number = number
        self.tolerance = users.tolerance.median * exp(users.tolerance.sigma * self.random.gauss(0, 1))
        self.value = users.downtime_value.median * exp(users.downtime_value.sigma * self.random.gauss(0, 1))
        self.requirements = requirements  # can run at hosts whose reach is larger
        self.beliefs: dict[Host, float] = {}  # minutes of downtime a month, of the hosts it knows
        self.listeners: list[Customer] = []  # who hear this user
        self.heard: list[Customer] = []  # users whom this user hears
        self.inbox: list[tuple[Host, float]] = []  # today's messages
        self.minutes_today = 0.0
        self.downtime = 0.0  # minutes so far
        self.peers_moved = False  # a user whom it hears moved yesterday

    def live(self) -> None:
        """Fade the belief about the own host, add today's outage to it, and perhaps talk."""
        model, minutes = self.model, self.minutes_today
        belief = self.beliefs[self.host] * model.kept
        belief += minutes * DAYS_PER_MONTH * (1 - model.kept)
        self.beliefs[self.host] = belief
        self.downtime += minutes
        if self.random.random() < (model.talk_after_outage if minutes > 0 else model.talk):
            for listener in self.listeners:
                listener.inbox.append((self.host, belief))

    def reconsider(self) -> None:
        """Listen and see adverts; if there is any news, choose. This ends the user's day."""
        news = self.minutes_today > 0 or bool(self.inbox) or self.peers_moved
        if self.inbox:
            self.listen()
        advertising = self.model.settings.users.advertising_per_day
        for host in self.model.hosts if advertising > 0 else ():
            if host is not self.host and self.random.random() < advertising:
                self.beliefs.setdefault(host, host.claim)
                news = True
        if news:
            self.choose()
        self.minutes_today = 0.0
        self.inbox.clear()
        self.peers_moved = False

    def listen(self) -> None:
        """Move each belief towards the mean of the messages, further if there are more messages."""
        rules = self.model.settings.word_of_mouth
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
        """Decide to leave if some host gains more than the tolerance."""
        users, here = self.model.settings.users, self.host
        own = self.beliefs[here]
        gains = {
            host: own - belief + (here.price - host.price) / self.value
            for host, belief in self.beliefs.items()
            if host is not here and self.requirements < host.policy.reachable
        }
        if users.peer_weight > 0 and self.heard:
            peers = Counter(friend.host for friend in self.heard)
            gains = {h: gain + users.peer_weight * peers[h] / len(self.heard) for h, gain in gains.items()}
        good = [host for host, gain in gains.items() if gain > self.tolerance]
        if not good:
            return
        best = max(gains.values())
        if users.choice_noise > 0:
            weights = [exp((gains[host] - best) / users.choice_noise) for host in good]
            target = self.random.choices(good, weights)[0]
        else:
            target = self.random.choice([host for host in good if gains[host] == best])
        self.model.leaving.append((self, target))

    def move_to(self, target: Host) -> None:
        """Move; the old host's last guest takes the free place, so that its fleet stays compact."""
        last = self.host.guests.pop()
        if last is not self:
            self.host.guests[self.place] = last
            last.place = self.place
        target.admit(self)


class PlainMarket(mesa.Model):
    """The market in Mesa objects. One step is one day.

    Parameters
    ----------
    scenario
        The scenario.
    rng
        Root seed. With the same seed, `Market` has the same flaws and network but different users and talk.

    Attributes
    ----------
    hosts, customers : list
        The agents, in the scenario's order.
    moves : list of (day, user, from, to)
        Each move, with user and hosts given by their numbers.
    users_by_day : list of list of int
        Each host's users at the end of each day.
    """

    def __init__(self, scenario: Scenario, *, rng: int) -> None:
        super().__init__(rng=rng)
        self.settings = scenario
        self.day = 0
        self.flaws = draw_flaws(scenario.flaws, scenario.days, rng)
        self.kept = exp(-1 / scenario.users.memory_days)  # share of a belief that remains after a day
        words = scenario.word_of_mouth
        self.talk = words.talk_per_day
        self.talk_after_outage = 1 - (1 - words.talk_per_day) * (1 - words.complaint)
        self.hosts = [Host(self, given) for given in scenario.providers]
        self.customers = self.settle_customers()
        links: Any = build_graph(scenario.network, scenario.users.count, rng).links
        for i, customer in enumerate(self.customers):
            for other in links.indices[links.indptr[i] : links.indptr[i + 1]].tolist():
                customer.listeners.append(self.customers[other])
                self.customers[other].heard.append(customer)
        self.leaving: list[tuple[Customer, Host]] = []
        self.moves: list[tuple[int, int, int, int]] = []
        self.users_by_day: list[list[int]] = []

    def settle_customers(self) -> list[Customer]:
        """Create the customers and assign them by the hosts' shares, first to platforms with a small reach."""
        n = self.settings.users.count
        # Evenly spaced, so that exactly the share `reach` of users can run on a platform.
        requirements = self.random.sample([(k + 0.5) / n for k in range(n)], n)
        customers = [Customer(self, number, requirements[number]) for number in range(n)]
        unassigned = self.random.sample(customers, n)
        shares = dict(zip(self.hosts, self.settings.shares, strict=True))
        by_reach = sorted(self.hosts, key=lambda host: host.policy.reachable)
        for host in by_reach:
            able = [c for c in unassigned if c.requirements < host.policy.reachable]
            # The last host takes all that rounding has left over.
            for customer in able if host is by_reach[-1] else able[: round(shares[host] * n)]:
                host.admit(customer)
            unassigned = [c for c in unassigned if not hasattr(c, "host")]
        for customer in customers:
            for host in self.hosts:
                if host is customer.host:
                    customer.beliefs[host] = 0.0
                elif self.random.random() < self.settings.users.initial_awareness:
                    customer.beliefs[host] = host.claim
        return customers

    def step(self) -> None:
        """Run one day."""
        for host in self.hosts:
            host.patch(self.day, self.flaws.get(self.day, []))
        self.agents_by_type[Customer].do("live").do("reconsider")
        for customer, target in self.leaving:
            where = self.hosts.index(customer.host), self.hosts.index(target)
            self.moves.append((self.day, customer.number, *where))
            customer.move_to(target)
            for listener in customer.listeners:
                listener.peers_moved = self.settings.users.peer_weight > 0
        self.leaving = []
        self.users_by_day.append([len(host.guests) for host in self.hosts])
        self.day += 1

    def run(self) -> "PlainMarket":
        """Run all days."""
        while self.day < self.settings.days:
            self.step()
        return self
