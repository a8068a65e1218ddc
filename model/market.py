"""The market: a day, repeated. `Market.step` is the whole day."""

from bisect import bisect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import mesa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.chance import Trials, bernoulli_indices
from agents.choice import Offers, Tastes, choose
from agents.day import Adverts, Crowd, Part, Society, live
from agents.experience import fading, suffer, weight_of_a_minute
from agents.fleets import Fleets, relocate
from agents.policies import Outage
from agents.user import User, window
from agents.users import OUTAGE, PEERS, PRICE, Ints, News, first_trigger, inform, rows_for
from agents.word_of_mouth import Mailbox, attention
from model import ledger
from model.collect import collector_of
from model.credits import next_payment, note_outages, pay_credits
from model.demography import attach, come_and_go, draw_demography
from model.errors import ScenarioError
from model.exit import Terms, free_to_leave, renew, speak_up
from model.flaws import draw_flaws
from model.founding import found_providers, found_users
from model.network import Graph, as_graph, graph_for
from model.record import NO_TURNOVER, Record, Turnover
from model.responses import next_review, review, take_effect
from model.scenario import Scenario
from model.streams import checked_seed, stream

MINUTES_PER_DAY = 1440.0
NOBODY, NOWHERE, NO_ADVERTS = np.empty(0, np.int32), np.empty(0, np.int16), Adverts.none()


class Market(mesa.Model):  # type: ignore[misc]  # Mesa ships no types
    """Users who choose between hosting providers, as a Mesa model. One step is one day.

    Parameters
    ----------
    scenario
        A `Scenario`, the name of a preset, a TOML file, or nested tables.
    rng
        Root seed, a whole number from 0. None takes one from the operating system; `seed` tells which.
    graph
        A networkx or igraph graph, an adjacency matrix (NumPy or scipy.sparse), a list of edges, or a `Graph` that was
        built from the scenario's network. Its nodes, in order, are the users, and `users.count` follows it. The
        settings then say `network.kind = "none"`: a scenario file cannot hold it.
    weights
        Whether a neighbour hears a user's talk only with a chance: the weight of their link by the largest weight.
    tolerance, downtime_value
        One value for each user, instead of the scenario's lognormal ones. Minutes a month; dollars a minute.
    provider
        The provider's number for each user, instead of the scenario's shares.
    threads
        How many look after the users. It changes no result; it pays from some hundred thousand users on.
    settings
        Any other setting by its dotted path, e.g. `**{"users.count": 1000}`.

    Attributes
    ----------
    settings : Scenario
        What the market was made from. (Mesa's own `scenario` is something else.)
    seed : int
        The root seed.
    day : int
        The number of days done.
    users : Users
        The users' columns.
    providers : list of Provider
        The providers, in the scenario's order.
    network : Graph
        Who hears whom, and what was dropped in reading it; `graph` is the same as a networkx graph, its nodes called
        as they were.
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
        weights: bool = False,
        tolerance: ArrayLike | None = None,
        downtime_value: ArrayLike | None = None,
        provider: Sequence[int] | NDArray[np.integer] | None = None,
        threads: int = 1,
        **settings: Any,
    ) -> None:
        self.seed = checked_seed(rng)
        super().__init__(rng=self.seed)
        self.given_graph: Graph | None = None  # one that no setting tells of
        if graph is not None and not isinstance(graph, Graph):
            graph = self.given_graph = as_graph(graph, weights)
            settings = {"network": {"kind": "none"}} | settings
        nodes = None if graph is None else len(graph)
        self.settings = given = Scenario.load(scenario, nodes=nodes, **settings)
        self.day = 0
        self.windows: dict[int, User] = {}

        self.flaws = draw_flaws(given.flaws, given.days, self.seed)
        self.people = draw_demography(given.open_market, given.users.count, given.days, self.seed)
        self.network = attach(graph_for(given, graph, self.seed), self.people, given.open_market.links, self.seed)
        self.providers = found_providers(self, given, self.seed)
        n, memory, redundancy = self.people.rows, given.users.memory_days, given.users.redundancy
        self.rows = rows_for(n, len(self.providers))
        self.users = found_users(self.rows, given, self.seed, tolerance, downtime_value, provider)
        self.fleets = Fleets.of(self.users, len(self.providers))
        for host in self.providers:
            host.original_servers = host.servers
        self.by_name = np.array(sorted(range(len(self.providers)), key=lambda j: self.providers[j].name))

        self.news = News.on(self.rows)
        self.fade = fading(memory, given.days)
        self.society = Society(
            self.users,
            self.network.links,
            self.network.hears,
            Mailbox.on(self.rows),
            self.fade,
            attention(given.word_of_mouth.listen, self.network.most_heard),
            given.word_of_mouth.negativity,
        )
        self.minute_weight = weight_of_a_minute(memory)
        complexity = redundancy.complexity if redundancy.available else np.inf
        self.tastes = Tastes(given.users.peer_weight, given.users.choice_noise, complexity)
        self.failover_minutes = redundancy.failover_seconds / 60
        self.terms = Terms(given.users.contract_days, given.users.count, self.people.arrives, self.seed)
        self._everybody = Part.whole(self.news)
        self._crowd = Crowd(self.news, threads) if threads > 1 else None
        self.talking = Trials(stream(self.seed, "talk"), n, given.days, given.word_of_mouth.talk_per_day)
        self.choosing, self.voicing, self.asking = (stream(self.seed, use) for use in ("choices", "voice", "asking"))
        self.complaining = [stream(self.seed, "complaints", p.name) for p in self.providers]
        self.advertising = [stream(self.seed, "adverts", p.name) for p in self.providers]
        self._flaw_days = sorted(self.flaws)
        node = None if self.network.names is None else self.network.node
        self.record = Record([p.name for p in self.providers], given.days, self.fleets.size.copy(), node)
        self.ask_for_offers()
        self._collector: Any = None

    def step(self) -> None:
        """Let one day pass, in the order that docs/odd.md gives."""
        self._pass(self.day + 1)

    def _pass(self, last: int) -> None:
        """Let days pass until one ends on which somebody has to act, or `last` has come.

        A day on which no provider does anything, and nobody wants to leave, is like the one before but for what
        users say; so what happens between two others is left to `live`.
        """
        day = self._dawn()
        arrived, departed = come_and_go(self, day)
        outages = [provider.patch(day, self.flaws.get(day, [])) for provider in self.providers]
        affected, downtime = self._suffer(day, outages)
        evening, leaving = self._live(day, self._undisturbed(day, last), affected)
        if evening > day:
            if any(outages) or any(provider.acted for provider in self.providers):
                self._settle(slice(day, day + 1), outages, downtime)
                outages, downtime = self._rest()
                day += 1
            self._settle(slice(day, evening), outages, downtime)
        movers, origin, target, complaints = self._choose(evening, leaving)
        pay_credits(self, evening)
        self._settle(slice(evening, evening + 1), outages, downtime, target, origin, complaints, arrived, departed)
        self._tell_peers(movers)
        self._dusk(evening)

    def run(self, days: int | None = None) -> Self:
        """Let `days` pass, or all that the scenario has left; return the market."""
        if days is not None and not isinstance(days, int | np.integer):
            raise ScenarioError.of("days", days, "must be a whole number")
        last = self.settings.days if days is None else min(self.day + days, self.settings.days)
        while self.day < last:
            if self._collector is None:
                self._pass(last)
                self.steps = self.day
            else:
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
                self.ask_for_offers()
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
            hit, downtime[j] = suffer(*place, self.users, *how, self._everybody.leaving)
            affected[j] = self._everybody.leaving[:hit].copy()
            inform(self.news, affected[j], OUTAGE)
            note_outages(self, provider, causes, affected[j])
        return affected, downtime

    def _undisturbed(self, day: int, last: int) -> int:
        """Return the day, after this one and up to `last`, whose morning asks for more than the users' own doings."""
        users = self.settings.users
        if users.advertising_per_day or users.contract_days or self.people.changing or self._crowd:
            return day + 1
        flaw = bisect(self._flaw_days, day)
        days = [last, *self._flaw_days[flaw : flaw + 1], next_review(self, day) + 1, next_payment(self, day) + 1]
        return min(*days, *(provider.next_day(day) for provider in self.providers))

    def _live(self, day: int, last: int, affected: list[Ints]) -> tuple[int, Ints]:
        """Let users talk, more of them after an outage, listen and consider, until some want to leave or `last` comes.

        Returns
        -------
        evening, leaving
            The day on whose evening it ends, and who wants to leave then.
        """
        complaint = self.settings.word_of_mouth.complaint
        complaining = [
            hit[bernoulli_indices(rng, len(hit), complaint)]
            for hit, rng in zip(affected, self.complaining, strict=True)
            if len(hit)
        ]
        said = np.concatenate([NOBODY, *complaining]), self.talking.before(last), self._adverts()
        world = self.society, self._offers, self.tastes
        if self._crowd:
            evening = day
            leaving, talked = self._crowd.live(day, *said, *world)
        else:
            evening, count, talked = live(day, last, *said, self._everybody, *world)
            leaving = self._everybody.leaving[:count]
        self.talking.use(talked)
        return evening, np.sort(leaving)

    def _adverts(self) -> Adverts:
        """Draw whom the providers reach today."""
        chance = self.settings.users.advertising_per_day
        if chance == 0:
            return NO_ADVERTS
        reached = [bernoulli_indices(rng, len(self.network), chance) for rng in self.advertising]
        sizes = [len(users) for users in reached]
        claims = [provider.claimed_downtime for provider in self.providers]
        return Adverts(np.concatenate(reached), np.repeat(np.arange(len(sizes)), sizes), np.repeat(claims, sizes))

    def _choose(self, day: int, wishing: Ints) -> tuple[Ints, NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]:
        """Let those who want to leave choose where to, and move those who may.

        Returns
        -------
        movers, origin, target, complaints
            Who moved, from where, to where; and the providers of those who complained instead.
        """
        count = len(wishing)
        if count == 0:
            return NOBODY, NOWHERE, NOWHERE, NOWHERE
        users, kinds, leaving = self.users, self.news.kinds, wishing
        origin, target, gain = users.provider[leaving], np.empty(count, np.int16), np.empty(count)
        draws, hears = self.choosing.random(count), self.network.hears
        choose(day, leaving, draws, users, self.fade, self._offers, self.tastes, hears, target, gain)
        buys = target == origin  # stays, and buys a second instance: neither contract nor voice keeps it from that
        relocate(day, leaving[buys], target[buys], users, self.fleets)
        leaving, origin, target, gain = (column[~buys] for column in (leaving, origin, target, gain))
        free = free_to_leave(self, day, leaving)
        leaving, origin, target, gain = (column[free] for column in (leaving, origin, target, gain))
        speaks = speak_up(self, day, leaving, self.voicing)
        complaints = origin[speaks]
        leaving, origin, target, gain = (column[~speaks] for column in (leaving, origin, target, gain))
        trigger, source = first_trigger(kinds[leaving]), users.source[leaving, target]
        self._relocate(day, leaving, target)
        self.record.moved(np.full(len(leaving), day, np.int32), leaving, origin, target, trigger, source, gain)
        kinds[wishing] = 0
        return leaving, origin, target, complaints

    def _relocate(self, day: int, movers: Ints, target: NDArray[np.int16]) -> None:
        """Seat movers with their new providers, to whom they owe nothing and who owe nothing to them."""
        relocate(day, movers, target, self.users, self.fleets)
        self.users.month_minutes[movers] = 0.0
        self.users.complained[movers] = self.users.bound[movers] = 0

    def ask_for_offers(self) -> None:
        """Take note of what the providers ask for, and who can run there."""
        self._offers = Offers(
            np.array([p.price for p in self.providers], float),
            np.array([p.policy.reachable for p in self.providers], float),
            self.by_name,
        )

    def _rest(self) -> tuple[list[list[Outage]], list[float]]:
        """Let the providers have a day with nothing to do; return its outages and downtime, none."""
        for provider in self.providers:
            provider.rest()
        return [[] for _ in self.providers], [0.0 for _ in self.providers]

    def _settle(
        self,
        days: slice,
        outages: list[list[Outage]],
        downtime: list[float],
        *turnover: NDArray[np.int16],  # in the order of Turnover: each event's provider; none: nothing happened
    ) -> None:
        """Close every provider's books and note its day, or several that are alike."""
        if days.start == days.stop:
            return
        counts = [np.bincount(events, minlength=len(self.providers)).tolist() for events in turnover]
        for provider, causes in zip(self.providers, outages, strict=True):
            j = provider.index
            happened = Turnover(*(count[j] for count in counts)) if counts else NO_TURNOVER
            down = sum(len(outage.servers) for outage in causes)
            self.record.close(days, provider, ledger.settle(provider), happened, downtime[j], down)

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
