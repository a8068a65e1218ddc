"""The market: a day, repeated. `Market.step` is the whole day."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.adverts import NO_ADVERTS, draw_adverts
from agents.bernoulli import BernoulliTrials, bernoulli_indices
from agents.choice import Offers, Preferences, choose
from agents.day import (
    Partition,
    Population,
    consider_leaving,
    talk_and_consider,
    talk_and_listen,
    talk_until_someone_leaves,
)
from agents.experience import apply_outages, belief_per_minute, decay_factors
from agents.fleets import Fleets, relocate
from agents.policies import Outage
from agents.threads import ThreadPool
from agents.users import (
    BREACH,
    NO_PROVIDERS,
    NO_USERS,
    OUTAGE,
    PEERS,
    PRICE,
    TRIGGERS,
    Ints,
    News,
    first_trigger,
    inform,
    rows_for,
)
from agents.word_of_mouth import Mailbox, message_weights
from model import ledger
from model.causes import breached_servers, minutes_by_cause, users_on
from model.complaints import complain
from model.contracts import Contracts
from model.credits import add_month_minutes, pay_credits
from model.demography import Entry, arrivals_and_departures, draw_demography, link_arrivals
from model.errors import ScenarioError
from model.flaws import draw_flaws
from model.initial_state import create_providers, create_users
from model.memory import check_memory
from model.mesa_face import MesaFace
from model.mesa_scenario import read_scenario
from model.network import Graph, as_graph, graph_for
from model.plugins import load_plugins
from model.quiet_days import run_quiet_days
from model.record import NO_DOWNTIME, NO_MOVES, Downtime, Moves, Record, Turnover
from model.responses import review, start_planned_policies
from model.scenario import Scenario
from model.streams import checked_seed, stream
from model.timeline import ARRIVALS, Timeline, check_users, most_messages
from model.user_rule import NO_CHOICES, ChoiceRule, ListenRule, choose_by, listen_by


class Market(MesaFace):
    """Users who choose between hosting providers, as a Mesa model. One step is one day.

    Parameters
    ----------
    scenario
        A `Scenario`, the name of a preset, a TOML file, or nested tables; or Mesa's own Scenario, of which a field
        `preset` is the scenario to start from and the others are settings by dotted path.
    rng, seed
        Root seed, a whole number from 0, under either of Mesa's names. None draws one from the operating system; see
        the attribute `seed`.
    graph
        A networkx or igraph graph, an adjacency matrix (NumPy or scipy.sparse), a list of edges, or a `Graph` that was
        built from the scenario's network. Its nodes, in order, are the users, and `users.count` follows it. The
        settings then say `network.kind = "none"`: a scenario file cannot hold it.
    weights
        Whether a neighbour hears a user's talk only with a chance: the weight of their link by the largest weight.
    tolerance, downtime_value
        One value for each user, in place of the scenario's lognormal distributions. Minutes a month; dollars a minute.
    provider
        The provider's index for each user, in place of the scenario's shares.
    threads
        Number of threads. Results do not depend on it; more than one pays from some hundred thousand users on.
    plugins
        Policies and strategies of one's own that the scenario may name: classes, or files that define some.
    listen
        How users with messages change their beliefs, in place of `agents.word_of_mouth.listen`: a function of
        `model.user_rule.Listening` that returns the new ones.
    choose
        How users with news choose, in place of `agents.choice`: a function of `model.user_rule.Considering` that
        returns for each user the provider that it wants to be with.
    kwargs
        Any setting by its dotted path, e.g. `**{"users.count": 1000}`. (Mesa's page wants this name.)

    Attributes
    ----------
    settings : Scenario
        The settings of the market. (Mesa's own `scenario` is something else.)
    seed : int
        The root seed.
    day : int
        Number of days done.
    users : Users
        The users' columns.
    providers : list of Provider
        The providers, in the scenario's order.
    network : Graph
        Who hears whom, and what was dropped in reading it; `graph` is the same as a networkx graph, its nodes called
        as they were.
    record : Record
        What happened so far, as tables.

    Raises
    ------
    ScenarioError
        If the input is not valid, with a line for each wrong field.

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
        rng: int | str | None = None,
        seed: int | str | None = None,
        graph: Any = None,
        weights: bool = False,
        tolerance: ArrayLike | None = None,
        downtime_value: ArrayLike | None = None,
        provider: Sequence[int] | NDArray[np.integer] | None = None,
        threads: int = 1,
        plugins: Iterable[Any] = (),
        listen: ListenRule | None = None,
        choose: ChoiceRule | None = None,
        **kwargs: Any,
    ) -> None:
        load_plugins(plugins)
        if (choose or listen) and threads > 1:
            raise ScenarioError.of("threads", threads, "must be 1 with a rule of one's own for users")
        self.listen_rule, self.choice_rule, self._choices = listen, choose, NO_CHOICES
        source, kwargs, rng, mesa_scenario = read_scenario(scenario, kwargs, rng)
        super().__init__(checked_seed(rng, seed), mesa_scenario)
        self.given_graph: Graph | None = None  # a networkx graph that was passed in, which no setting describes
        if graph is not None and not isinstance(graph, Graph):
            graph = self.given_graph = as_graph(graph, weights)
            kwargs = {"network": {"kind": "none"}} | kwargs
        nodes = None if graph is None else len(graph)
        self.settings = given = Scenario.load(source, nodes=nodes, **kwargs)
        check_memory(given)
        talk, seed, days = given.word_of_mouth, self.seed, given.days
        self.day = 0

        self.flaws = draw_flaws(given.flaws, days, seed, given.security)
        self.timeline = Timeline(given)
        new_rates = self.timeline.changes_of(ARRIVALS)
        self.demography = draw_demography(given.open_market, given.users.count, days, seed, new_rates)
        for number, event in enumerate(given.events):
            check_users(f"events.{number}.", event, self.demography.rows)
        initial_graph = graph_for(given, graph, seed)
        self.network = link_arrivals(initial_graph, self.demography, given.open_market.links, seed)
        self.providers = create_providers(self, given, seed)
        self.rows = rows_for(self.demography.rows, len(self.providers))
        self.users = create_users(self.rows, given, seed, tolerance, downtime_value, provider)
        self.fleets = Fleets.of(self.users, len(self.providers))
        for host in self.providers:
            host.original_servers = host.servers
        node = None if self.network.names is None else self.network.node
        self.record = Record([p.name for p in self.providers], days, self.fleets.size.copy(), node)
        self.contracts = Contracts(given.users.contract_days, given.users.count, self.demography.arrives, seed)
        self.entry = Entry(given.open_market.direct, self.record.users_at_start, stream(seed, "asking"))

        self.news = News.on(self.rows)
        self.decay = decay_factors(given.users.memory_days, days)
        heeds = message_weights(talk.listen, talk.negativity, most_messages(self.network))
        mailbox, links, hears = Mailbox.on(self.rows), self.network.links, self.network.hears
        self.population = Population(self.users, links, hears, mailbox, self.decay, heeds)
        redundancy = given.users.redundancy
        complexity = redundancy.complexity if redundancy.available else np.inf
        self.preferences = Preferences(given.users.peer_weight, given.users.choice_noise, complexity)
        self.belief_per_minute = belief_per_minute(given.users.memory_days)
        self.failover_minutes = redundancy.failover_seconds / 60
        self.update_offers()

        self.talk_trials = BernoulliTrials(stream(seed, "talk"), self.demography.rows, days, talk.talk_per_day)
        self.choice_rng, self.voice_rng = stream(seed, "choices"), stream(seed, "voice")
        self.complaint_rngs = [stream(seed, "complaints", p.name) for p in self.providers]
        self.advert_rngs = [stream(seed, "adverts", p.name) for p in self.providers]
        self._everyone = Partition.of_all(self.news)
        self._threads = ThreadPool(self.news, threads) if threads > 1 else None

    def step(self) -> None:
        """Simulate one day, in the order that docs/odd.md gives."""
        day = self._begin_day()
        arrived, departed = self._arrivals_and_departures(day)
        flaws = self.flaws.get(day, [])
        outages = [provider.patch(day, flaws) for provider in self.providers]
        self.timeline.add_outages(self.providers, outages)
        affected, downtime = self._apply_outages(day, outages)
        leaving = self._talk_and_consider(day, affected)
        moves = self._choose(day, leaving)
        self._settle(slice(day, day + 1), moves, outages, downtime, arrived, departed)
        self._end_day(day)

    def run(self, days: int | None = None) -> Self:
        """Simulate `days` days, or all that the scenario has left; return the market.

        Quiet days are passed in one call (see `model.quiet_days`), except where somebody needs every day: a subclass
        with a `step` of its own, or a data collector set by the caller. The results are the same.
        """
        if days is not None and not isinstance(days, int | np.integer):
            raise ScenarioError.of("days", days, "must be a whole number")
        end = self.settings.days if days is None else min(self.day + days, self.settings.days)
        if type(self).step is not Market.step or self._needs_every_day or self.choice_rule or self.listen_rule:
            while self.day < end:
                self.step()
            return self
        while self.day < end:
            run_quiet_days(self, end)
            if self.day < end:
                Market.step(self)  # not Mesa's, which would count it
        self._set_time(self.day)
        return self

    # --- the parts of a day

    def _begin_day(self) -> int:
        """Let events happen, put planned policies in force, announce prices and policies, renew contracts."""
        if self.day >= self.settings.days:
            raise ScenarioError.of("days", self.settings.days, "all days have passed; set more before the run")
        self.timeline.begin_day(self)
        start_planned_policies(self.day, self.providers)
        for provider in self.providers:
            if provider.has_news:
                provider.has_news = False
                self.update_offers()
                aware = ~np.isnan(self.users.belief[:, provider.index])
                inform(self.news, np.flatnonzero(aware), PRICE)
        self.contracts.renew(self.day, self.users, self.news)
        return self.day

    def _arrivals_and_departures(self, day: int) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Return the providers of today's arrivals, and of those who depart today or were removed by hand."""
        removed, self.removed = np.array(self.removed, np.int16), []
        present = (self.demography, self.population, self.fleets, self._offers, self.entry)
        arrived, departed = arrivals_and_departures(day, *present)
        return arrived, np.concatenate([removed, departed])

    def update_offers(self) -> None:
        """Read the providers' prices and the reach of their platforms."""
        providers = self.providers
        self._offers = Offers(
            np.array([p.price for p in providers], float),
            np.array([p.policy.reachable for p in providers], float),
            np.array(sorted(range(len(providers)), key=lambda j: providers[j].name)),
        )

    def _apply_outages(self, day: int, outages: list[list[Outage]]) -> tuple[list[Ints], list[Downtime]]:
        """Let users suffer the outages; return the users hit and the user-minutes, by provider."""
        affected, downtime = [NO_USERS] * len(self.providers), [NO_DOWNTIME] * len(self.providers)
        for provider, causes in zip(self.providers, outages, strict=True):
            if not causes:
                continue
            minutes, shares, felt = minutes_by_cause(causes, provider.servers, self.settings.users.planned_weight)
            for outage in causes:
                self.record.add_outage(day, provider, outage)
            j, roster, hit = provider.index, self.fleets.instances_of(provider.index), self._everyone.leaving
            fleet = (j, minutes, shares, felt, roster, len(roster), provider.capacity)
            rates = (self.decay, self.belief_per_minute, self.failover_minutes)
            count, total, by_cause = apply_outages(day, *fleet, self.users, *rates, hit)
            downtime[j] = Downtime(total, *by_cause.tolist())
            affected[j] = hit[:count].copy()
            inform(self.news, affected[j], OUTAGE)
            if provider.breaches:
                breached = users_on(breached_servers(causes), roster, provider.capacity, len(self.users.provider))
                inform(self.news, breached, BREACH)
                affected[j] = np.union1d(affected[j], breached)
            add_month_minutes(provider, causes, affected[j], self.users, self.failover_minutes)
        return affected, downtime

    def _talk_and_consider(self, day: int, affected: list[Ints]) -> Ints:
        """Let users talk, listen and consider; return those who want to leave, in ascending order."""
        world = self.timeline.world
        chance, advertising = world.word_of_mouth.complaint, world.users.advertising_per_day
        self.timeline.announce(self)
        complaining = [
            hit[bernoulli_indices(rng, len(hit), chance)]
            for hit, rng in zip(affected, self.complaint_rngs, strict=True)
            if len(hit)
        ]
        heard = (
            np.concatenate([NO_USERS, *complaining]),
            self.talk_trials.successes_before(day + 1),
            draw_adverts(advertising, len(self.network), self.providers, self.advert_rngs),
        )
        market = self.population, self._offers, self.preferences
        if self.choice_rule or self.listen_rule:
            informed, used = talk_and_listen(day, *heard, self._everyone, self.population, self._listening(day))
            self.talk_trials.discard(used)
            if self.choice_rule is None:
                return consider_leaving(day, informed, self._everyone, *market)
            self._choices = choose_by(self.choice_rule, self, day, informed, *market, self.news, self.choice_rng)
            return self._choices.user
        if self._threads:
            leaving, used = self._threads.talk_and_consider(day, *heard, *market)
        else:
            count, used = talk_and_consider(day, *heard, self._everyone, *market)
            leaving = self._everyone.leaving[:count]
        self.talk_trials.discard(used)
        return np.sort(leaving)

    def _listening(self, day: int) -> Callable[[], None] | None:
        """Return what reads today's messages by a rule of the user's own; None if there is none."""
        rule = self.listen_rule
        return None if rule is None else lambda: listen_by(rule, self, day, self.population, self.news)

    def _talk_until_someone_leaves(self, day: int, end: int) -> tuple[int, Ints]:
        """Do the same for quiet days from `day` up to `end`; return the last day done and who wants to leave on it."""
        trials, market = self.talk_trials.successes_before(end), (self.population, self._offers, self.preferences)
        last, count, used = talk_until_someone_leaves(day, end, trials, NO_ADVERTS, self._everyone, *market)
        self.talk_trials.discard(used)
        return last, np.sort(self._everyone.leaving[:count])

    def _choose(self, day: int, wishing: Ints) -> Moves:
        """Let users who want to leave choose a provider, and move those who may; users who hear them have news."""
        count = len(wishing)
        if count == 0:
            return NO_MOVES
        users, news, leaving = self.users, self.news, wishing
        origin, target, gain = users.provider[leaving], np.empty(count, np.int16), np.empty(count)
        if self.choice_rule:
            _, target, gain = self._choices
        else:
            draws, hears = self.choice_rng.random(count), self.network.hears
            choose(day, leaving, draws, users, self.decay, self._offers, self.preferences, hears, target, gain)
        buys = target == origin  # buys a second instance and stays, whatever the contract
        relocate(day, leaving[buys], target[buys], users, self.fleets)
        leaving, origin, target, gain = (column[~buys] for column in (leaving, origin, target, gain))
        free = self.contracts.may_leave(day, leaving, users, news)
        leaving, origin, target, gain = (column[free] for column in (leaving, origin, target, gain))
        stays = complain(day, leaving, self.settings.users.voice, users, self.providers, self.voice_rng)
        complaints = origin[stays]
        leaving, origin, target, gain = (column[~stays] for column in (leaving, origin, target, gain))
        trigger, source = first_trigger(news.kinds[leaving]), users.source[leaving, target]
        relocate(day, leaving, target, users, self.fleets)
        self.record.add_moves(np.full(len(leaving), day, np.int32), leaving, origin, target, trigger, source, gain)
        news.kinds[wishing] = 0
        if self.preferences.peer_weight > 0:
            links = self.network.links
            for i in leaving:
                inform(news, links.indices[links.indptr[i] : links.indptr[i + 1]], PEERS)
        return Moves(leaving, origin, target, complaints, origin[trigger == TRIGGERS.index("breach")])

    def _settle(
        self,
        days: slice,
        moves: Moves = NO_MOVES,
        outages: Sequence[Sequence[Outage]] = (),
        downtime: Sequence[Downtime] = (),
        arrived: NDArray[np.int16] = NO_PROVIDERS,
        departed: NDArray[np.int16] = NO_PROVIDERS,
    ) -> None:
        """Pay credits that are due, close every provider's books and record a day, or several equal ones."""
        pay_credits(days.stop - 1, self.users, self.providers)
        n = len(self.providers)
        events = (moves.target, moves.origin, moves.breached, moves.complaints, arrived, departed)  # as in Turnover
        counts = [np.bincount(by, minlength=n).tolist() if len(by) else [0] * n for by in events]
        for provider, turnover in zip(self.providers, zip(*counts, strict=True), strict=True):
            j = provider.index
            down = sum(len(outage.servers) for outage in outages[j]) if outages else 0
            minutes = downtime[j] if downtime else NO_DOWNTIME
            self.record.add_days(days, provider, ledger.settle(provider), Turnover(*turnover), minutes, down)
            provider.exploitable_so_far += provider.exploitable * (days.stop - days.start)

    def _end_day(self, day: int) -> None:
        """Count the day, hold the reviews that are due, and feed the caller's data collector."""
        self.day = self.record.days = day + 1
        review(day, self.providers, self.record)
        self.running = self.day < self.settings.days
        if self.own_collector is not None:
            self.own_collector.collect(self)
