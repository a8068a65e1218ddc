"""The market: a day, repeated. `Market.step` is the whole day."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import mesa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.chance import bernoulli_indices
from agents.choice import Offers, Tastes, choose, leavers
from agents.experience import fading, suffer, weight_of_a_minute
from agents.fleets import Fleets, relocate
from agents.policies import Outage
from agents.user import User, window
from agents.users import ADVERT, ADVERTISED, OUTAGE, PEERS, PRICE, Ints, News, first_trigger, forget, inform
from agents.word_of_mouth import Mailbox, attention, listen, talk
from model import ledger
from model.collect import collector_of
from model.credits import note_outages, pay_credits
from model.demography import attach, come_and_go, draw_demography
from model.errors import ScenarioError
from model.exit import Terms, free_to_leave, renew, speak_up
from model.flaws import draw_flaws
from model.founding import found_providers, found_users
from model.network import Graph, build_graph, from_networkx
from model.record import Record, Turnover
from model.responses import review, take_effect
from model.scenario import Scenario
from model.streams import fresh_seed, stream

MINUTES_PER_DAY = 1440.0
NOBODY, NOWHERE = np.empty(0, np.int32), np.empty(0, np.int16)


class Market(mesa.Model):  # type: ignore[misc]  # Mesa ships no types
    """Users who choose between hosting providers, as a Mesa model. One step is one day.

    Parameters
    ----------
    scenario
        A `Scenario`, the name of a preset, a TOML file, or nested tables.
    rng
        Root seed, a whole number from 0. None takes one from the operating system; `seed` tells which.
    graph
        A networkx graph (its nodes are the users, in order), or a `Graph` that was built from the scenario's network.
        In place of a networkx graph the settings then say `network.kind = "none"`: a file cannot hold it.
    tolerance, downtime_value
        One value for each user, instead of the scenario's lognormal ones. Minutes a month; dollars a minute.
    provider
        The provider's number for each user, instead of the scenario's shares.
    settings
        Any other setting by its dotted path, e.g. `**{"users.count": 1000}`.

    Attributes
    ----------
    settings : Scenario
        What the market was made from. (Mesa's own `scenario` is something else.)
    seed, day : int
        The root seed; the number of days done.
    users : Users
        The users' columns.
    providers : list of Provider
        The providers, in the scenario's order.
    network : Graph
        Who hears whom; `graph` is the same as a networkx graph.
    record : Record
        What happened, as tables.

    Raises
    ------
    ScenarioError
        When the input cannot be run: a line for each wrong field.

    Examples
    --------
    >>> market = Market("thought-experiment", rng=1, **{"users.count": 1000, "days": 30}).run()
    >>> int(market.fleets.size.sum())
    1000
    """

    def __init__(
        self,
        scenario: Scenario | str | Path | Mapping[str, Any] = "thought-experiment",
        *,
        rng: int | None = None,
        graph: Any = None,
        tolerance: ArrayLike | None = None,
        downtime_value: ArrayLike | None = None,
        provider: Sequence[int] | NDArray[np.integer] | None = None,
        **settings: Any,
    ) -> None:
        self.seed = checked_seed(rng)
        super().__init__(rng=self.seed)
        if graph is not None and not isinstance(graph, Graph):
            settings = {"network": {"kind": "none"}} | settings
        self.settings = given = Scenario.load(scenario, **settings)
        self.day = 0
        self.windows: dict[int, User] = {}

        self.flaws = draw_flaws(given.flaws, given.days, self.seed)
        self.people = draw_demography(given.open_market, given.users.count, given.days, self.seed)
        self.network = attach(self._network(graph), self.people, given.open_market.links, self.seed)
        self.providers = found_providers(self, given, self.seed)
        self.users = found_users(given, self.seed, tolerance, downtime_value, provider, self.people.rows)
        self.fleets = Fleets.of(self.users, len(self.providers))
        for host in self.providers:
            host.original_servers = host.servers
        self.by_name = np.array(sorted(range(len(self.providers)), key=lambda j: self.providers[j].name))

        n, memory, redundancy = self.people.rows, given.users.memory_days, given.users.redundancy
        self.fade = fading(memory, given.days)
        self.minute_weight = weight_of_a_minute(memory)
        self.attention = attention(given.word_of_mouth.listen, self.network.most_heard)
        complexity = redundancy.complexity if redundancy.available else np.inf
        self.tastes = Tastes(given.users.peer_weight, given.users.choice_noise, complexity)
        self.failover_minutes = redundancy.failover_seconds / 60
        self.terms = Terms(given.users.contract_days, given.users.count, self.people.arrives, self.seed)
        self.mailbox = Mailbox.for_users(n, len(self.providers))
        self.news = News.for_users(n)
        self._scratch = np.empty(n, np.int32)
        self._talking, self._choosing = (stream(self.seed, use) for use in ("talk", "choices"))
        self._voicing, self.asking = (stream(self.seed, use) for use in ("voice", "asking"))
        self._complaining = [stream(self.seed, "complaints", p.name) for p in self.providers]
        self._advertising = [stream(self.seed, "adverts", p.name) for p in self.providers]
        self.record = Record([p.name for p in self.providers], given.days, self.fleets.size.copy())
        self._collector: Any = None

    def step(self) -> None:
        """Let one day pass, in the order that docs/odd.md gives."""
        day = self._dawn()
        arrived, departed = come_and_go(self, day)
        flaws = self.flaws.get(day, [])
        outages = [provider.patch(day, flaws) for provider in self.providers]
        affected, downtime = self._suffer(day, outages)
        self._talk(day, affected)
        self._hear_adverts()
        movers, origin, target, complaints = self._choose(day)
        pay_credits(self, day)
        self._settle(day, outages, downtime, (target, origin, complaints, arrived, departed))
        self._tell_peers(movers)
        self._dusk(day)

    def run(self, days: int | None = None) -> Self:
        """Let `days` pass, or all that the scenario has left; return the market."""
        if days is not None and not isinstance(days, int | np.integer):
            raise ScenarioError.of("days", days, "must be a whole number")
        last = self.settings.days if days is None else min(self.day + days, self.settings.days)
        while self.day < last:
            self.step()
        return self

    @property
    def graph(self) -> Any:
        """Who hears whom, as a networkx graph."""
        return self.network.to_networkx()

    # --- the day, step by step

    def _dawn(self) -> int:
        if self.day >= self.settings.days:
            raise ScenarioError.of(
                "days", self.settings.days, "all have passed; a longer run must be asked for at the start"
            )
        take_effect(self, self.day)
        for provider in self.providers:
            if provider.announced_news:
                provider.announced_news = False
                knowing = ~np.isnan(self.users.belief[:, provider.index])
                inform(self.news, np.flatnonzero(knowing), PRICE)
        renew(self, self.day)
        return self.day

    def _suffer(self, day: int, outages: list[list[Outage]]) -> tuple[list[Ints], list[float]]:
        """Bring the outages to the users; return who suffered and how many user-minutes, by provider."""
        affected, downtime = [NOBODY] * len(self.providers), [0.0] * len(self.providers)
        for provider, causes in zip(self.providers, outages, strict=True):
            if not causes:
                continue
            minutes = np.zeros(provider.servers)
            for outage in causes:
                minutes[outage.servers] = np.minimum(minutes[outage.servers] + outage.minutes, MINUTES_PER_DAY)
                self.record.went_down(day, provider, outage)
            j, capacity = provider.index, provider.capacity
            roster = self.fleets.instances_of(j)
            place = (day, j, minutes, roster, len(roster), capacity)
            how = (self.fade, self.minute_weight, self.failover_minutes)
            hit, downtime[j] = suffer(*place, self.users, *how, self._scratch)
            affected[j] = self._scratch[:hit].copy()
            inform(self.news, affected[j], OUTAGE)
            note_outages(self, provider, causes, affected[j])
        return affected, downtime

    def _talk(self, day: int, affected: list[Ints]) -> None:
        """Let some users talk, more of them after an outage, and all who hear them change their minds."""
        rules = self.settings.word_of_mouth
        talkers: list[NDArray[Any]] = [bernoulli_indices(self._talking, len(self.network), rules.talk_per_day)]
        for hit, rng in zip(affected, self._complaining, strict=True):
            if len(hit):
                talkers.append(hit[bernoulli_indices(rng, len(hit), rules.complaint)])
        for group in talkers:
            if len(group):
                talk(day, group, self.network.links, self.users, self.fade, self.mailbox)
        if self.mailbox.used[0]:
            listen(day, self.mailbox, self.users, self.fade, self.attention, rules.negativity, self.news)

    def _hear_adverts(self) -> None:
        """Let providers reach some of the others' users; who had never heard of one believes its claim."""
        chance = self.settings.users.advertising_per_day
        if chance == 0:
            return
        for provider, rng in zip(self.providers, self._advertising, strict=True):
            j = provider.index
            reached = bernoulli_indices(rng, len(self.network), chance)
            elsewhere = self.users.provider[reached]
            reached = reached[(elsewhere != j) & (elsewhere >= 0)]
            unaware = reached[np.isnan(self.users.belief[reached, j])]
            self.users.belief[unaware, j] = provider.claimed_downtime
            self.users.source[unaware, j] = ADVERT
            inform(self.news, reached, ADVERTISED)

    def _choose(self, day: int) -> tuple[Ints, NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]:
        """Let the users with news choose, and move those who leave.

        Returns
        -------
        movers, origin, target, complaints
            Who moved, from where, to where; and the providers of those who complained instead.
        """
        users, context = self.users, (self.users, self.fade, self._offers(), self.tastes, self.network.hears)
        count = leavers(day, self.news.informed(), *context, self._scratch)
        leaving = np.sort(self._scratch[:count])
        origin, target, gain = users.provider[leaving], np.empty(count, np.int16), np.empty(count)
        complaints = NOWHERE
        if count:
            choose(day, leaving, self._choosing.random(count), *context, target, gain)
            buys = target == origin  # stays, and buys a second instance: neither contract nor voice keeps it from that
            relocate(day, leaving[buys], target[buys], users, self.fleets)
            leaving, origin, target, gain = (column[~buys] for column in (leaving, origin, target, gain))
            free = free_to_leave(self, day, leaving)
            leaving, origin, target, gain = (column[free] for column in (leaving, origin, target, gain))
            speaks = speak_up(self, day, leaving, self._voicing)
            complaints = origin[speaks]
            leaving, origin, target, gain = (column[~speaks] for column in (leaving, origin, target, gain))
            trigger, source = first_trigger(self.news.kinds[leaving]), users.source[leaving, target]
            self._relocate(day, leaving, target)
            self.record.moved(day, leaving, origin, target, trigger, source, gain)
        forget(self.news)
        return leaving, origin, target, complaints

    def _relocate(self, day: int, movers: Ints, target: NDArray[np.int16]) -> None:
        """Seat movers with their new providers, to whom they owe nothing and who owe nothing to them."""
        relocate(day, movers, target, self.users, self.fleets)
        self.users.month_minutes[movers] = 0.0
        self.users.complained[movers] = self.users.bound[movers] = 0

    def _offers(self) -> Offers:
        return Offers(
            np.array([p.price for p in self.providers], float),
            np.array([p.policy.reachable for p in self.providers], float),
            self.by_name,
        )

    def _settle(
        self,
        day: int,
        outages: list[list[Outage]],
        downtime: list[float],
        turnover: tuple[NDArray[np.int16], ...],  # in the order of Turnover: each event's provider
    ) -> None:
        """Close every provider's books and note its day."""
        counts = [np.bincount(events, minlength=len(self.providers)).tolist() for events in turnover]
        for provider, causes, *of_the_day in zip(self.providers, outages, *counts, strict=True):
            j = provider.index
            down = sum(len(outage.servers) for outage in causes)
            self.record.close(day, provider, ledger.settle(provider), Turnover(*of_the_day), downtime[j], down)

    def _tell_peers(self, movers: Ints) -> None:
        """Tomorrow, those who hear a mover consider it, if they care where their neighbours are."""
        if self.tastes.peer_weight > 0:
            links = self.network.links
            for i in movers:
                inform(self.news, links.indices[links.indptr[i] : links.indptr[i + 1]], PEERS)

    def _dusk(self, day: int) -> None:
        self.day = self.record.days = day + 1
        review(self, day)
        self.running = self.day < self.settings.days
        if self._collector is not None:
            self._collector.collect(self)

    # --- the Mesa face

    @property
    def agents(self) -> Any:
        """All agents, providers and users, as Mesa's AgentSet; asking makes the users' views."""
        self._open_windows()
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """The agents by class; asking makes the users' views."""
        self._open_windows()
        return super().agents_by_type

    def user(self, row: int) -> User:
        """Return the Mesa agent for one user."""
        found: User = window(self, row)
        return found

    def _open_windows(self) -> None:
        present = self.users.provider >= 0
        for row in [row for row in self.windows if not present[row]]:
            self.windows.pop(row).remove()
        if len(self.windows) < present.sum():
            for row in np.flatnonzero(present).tolist():
                window(self, row)

    def move(self, rows: Sequence[int], name: str) -> None:
        """Move users to a provider by hand, outside the rules and the record of moves."""
        index = next((p.index for p in self.providers if p.name == name), None)
        if index is None:
            raise ScenarioError.of("provider", name, f"must be one of {', '.join(p.name for p in self.providers)}")
        users, today = np.asarray(rows, np.int32), self.day - 1
        if (self.users.provider[users] < 0).any():
            raise ScenarioError.of("provider", name, "cannot be given to users who are not in the market")
        users = users[self.users.provider[users] != index]
        own = self.users.provider[users]
        self.users.belief[users, own] *= self.fade[today - self.users.as_of[users]]
        unaware = users[np.isnan(self.users.belief[users, index])]
        self.users.belief[unaware, index] = 0.0
        self._relocate(today, users, np.full(len(users), index, np.int16))

    @property
    def datacollector(self) -> Any:
        """A Mesa DataCollector: the one set by the caller, else one with shares, profits and moves by day."""
        return collector_of(self.record) if self._collector is None else self._collector

    @datacollector.setter
    def datacollector(self, collector: Any) -> None:
        self._collector = collector

    def _network(self, graph: Any) -> Graph:
        users = self.settings.users.count
        if graph is None:
            return build_graph(self.settings.network, users, self.seed)
        network = graph if isinstance(graph, Graph) else from_networkx(graph)
        if len(network) != users:
            raise ScenarioError.of(
                "users.count", users, f"must be {len(network)}, the nodes of the graph that is given"
            )
        return network


def checked_seed(rng: Any) -> int:
    """Return the root seed; no seed means a fresh one, never a fixed one."""
    if rng is None:
        return fresh_seed()
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise ScenarioError.of("rng", rng, "must be a whole number from 0, or None")
    return int(rng)
