"""The market as Mesa sees it: agents, their views, moving them, the graph and the data collector."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.fleets import Fleets, depart, relocate
from agents.provider import Provider
from agents.user import User
from agents.users import Floats, Ints, Users
from model.data_collector import RecordCollector
from model.demography import Demography
from model.display import market_html, market_line
from model.errors import ScenarioError
from model.grid import UserNetwork
from model.network import Graph
from model.record import Record
from model.scenario import Scenario
from model.timeline import Timeline, settings_as_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class MesaFace(mesa.Model):  # type: ignore[misc]  # Mesa ships no types
    """Base of the market: what Mesa and its users expect of a model.

    Users live in columns. Their Mesa agents are views of single rows, created when they are first accessed.
    """

    day: int
    settings: Scenario
    users: Users
    providers: list[Provider]
    fleets: Fleets
    demography: Demography
    network: Graph
    record: Record
    timeline: Timeline
    decay: Floats  # see agents.experience.decay_factors

    def __init__(self, seed: int, scenario: Any) -> None:
        super().__init__(rng=seed)
        if scenario is not None:
            self.scenario = scenario
        self.seed = seed
        self.user_views: dict[int, User] = {}
        self.own_collector: Any = None  # the data collector set by the caller
        self.removed: list[int] = []  # providers of the users removed by hand since the last day
        self._record_collector: RecordCollector | None = None
        self._grid: UserNetwork | None = None

    @property
    def agents(self) -> Any:
        """All agents, providers and users, as a Mesa AgentSet; creates the views of all users."""
        self._create_user_views()
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """The agents by class; creates the views of all users."""
        self._create_user_views()
        return super().agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """The classes of agents: providers and users."""
        return [Provider, User]

    def user(self, row: int) -> User:
        """Return the Mesa agent of one user, always the same object."""
        if row not in self.user_views:
            self.user_views[row] = User(self, row)
        return self.user_views[row]

    def _create_user_views(self) -> None:
        """Create the missing views, and drop those of users who have left the market."""
        present = self.users.provider >= 0
        for row in [row for row in self.user_views if not present[row]]:
            mesa.Agent.remove(self.user_views.pop(row))
        if len(self.user_views) < present.sum():
            for row in np.flatnonzero(present).tolist():
                self.user(row)

    def remove_users(self, rows: Sequence[int] | NDArray[np.integer]) -> None:
        """Let users leave the market for good, today; they are departures of the next day in the record."""
        leaving = self.take_out(rows)
        if leaving:
            self.timeline.happened.append({"day": self.day, "remove": {"users": leaving}})

    def take_out(self, rows: Sequence[int] | NDArray[np.integer]) -> list[int]:
        """Remove those of the users who are in the market; return them."""
        leaving = np.unique(np.asarray(rows, np.int64))
        leaving = leaving[self.users.provider[leaving] >= 0]
        self.removed += self.users.provider[leaving].tolist()
        depart(leaving, self.users, self.fleets)
        for row in leaving.tolist():
            if row in self.user_views:
                mesa.Agent.remove(self.user_views.pop(row))
        return [int(row) for row in leaving]

    def remove_all_agents(self) -> None:
        """Let all users leave the market. The providers stay: a market is made of them."""
        self.remove_users(np.flatnonzero(self.users.provider >= 0))

    def move(self, rows: Sequence[int], name: str) -> None:
        """Move users to the provider of that name, outside the rules and without an entry in the record of moves.

        Raises
        ------
        ScenarioError
            If there is no such provider, or a user is not in the market.
        """
        index = next((p.index for p in self.providers if p.name == name), None)
        if index is None:
            raise ScenarioError.of("provider", name, f"must be one of {', '.join(p.name for p in self.providers)}")
        movers = np.asarray(rows, np.int32)
        if len(movers) and not 0 <= movers.min() <= movers.max() < len(self.users.provider):
            raise ScenarioError.of("users", list(rows), f"must be from 0 to {len(self.users.provider) - 1}")
        if (self.users.provider[movers] < 0).any():
            raise ScenarioError.of("provider", name, "cannot be given to users who are not in the market")
        moved = self.relocate(movers, index)
        if len(moved):
            self.timeline.happened.append({"day": self.day, "move": {"provider": name, "users": moved.tolist()}})

    def relocate(self, movers: Ints, index: int) -> Ints:
        """Move users to a provider between two days, each once; return those who were elsewhere."""
        yesterday = self.day - 1
        movers = np.array(list(dict.fromkeys(movers.tolist())), np.int32)
        movers = movers[self.users.provider[movers] != index]
        own = self.users.provider[movers]
        self.users.belief[movers, own] *= self.decay[yesterday - self.users.as_of[movers]]
        unaware = movers[np.isnan(self.users.belief[movers, index])]
        self.users.belief[unaware, index] = 0.0
        relocate(yesterday, movers, np.full(len(movers), index, np.int16), self.users, self.fleets)
        return movers

    def add_event(self, **event: Any) -> None:
        """Add an event in mid-run, with the keys of one in a scenario; without a day or date, on the next day.

        Raises
        ------
        ScenarioError
            If it is not valid, lies in the past, contradicts another event, or changes the arrivals.

        Examples
        --------
        >>> from model import Market
        >>> market = Market("quiet", rng=1, **{"users.count": 100}).run(10)
        >>> market.add_event(outage={"provider": "Live & Co", "minutes": 60.0})
        >>> market.run(1).timeline.happened[0]["day"]
        10
        """
        self.timeline.add(self, event)

    def checked_change(self, provider: Provider, name: str, value: Any) -> Any:
        """Return a value for a provider's setting, changed by hand, as the schema has it."""
        return self.timeline.checked(provider, name, value)

    def settings_as_run(self) -> Scenario:
        """Return the scenario that repeats this run with the same seed: what was changed by hand is in its events.

        Columns and a graph that were given to the market itself are to be given again.

        Raises
        ------
        ScenarioError
            If a policy or strategy of one's own was put in force, which a scenario cannot hold.
        """
        return settings_as_run(self, self.timeline)

    @property
    def graph(self) -> Any:
        """The network as a networkx graph."""
        return self.network.to_networkx()

    @property
    def grid(self) -> UserNetwork:
        """The network as a Mesa space with a cell for each user; made when first accessed, then kept up to date.

        Raises
        ------
        ScenarioError
            If there are more users than Mesa's components can draw.
        """
        if self._grid is None:
            self._grid = UserNetwork(self.network, self.settings.network.kind, self.random)
        self._grid.place(self.users.provider >= 0, self.user)
        return self._grid

    def cell_of(self, row: int) -> Any:
        """Return a user's cell in `grid`."""
        grid = self.grid if self._grid is None else self._grid
        return grid[row]

    @property
    def datacollector(self) -> Any:
        """A Mesa DataCollector: the one set by the caller, else one with users, shares, profits and moves by day."""
        if self.own_collector is not None:
            return self.own_collector
        if self._record_collector is None:
            self._record_collector = RecordCollector(self.record)
        self._record_collector.collect(self)
        return self._record_collector

    @datacollector.setter
    def datacollector(self, collector: Any) -> None:
        self.own_collector = collector

    # --- how it shows itself

    def __repr__(self) -> str:
        return market_line(self)

    def _repr_html_(self) -> str:
        return market_html(self)

    def plot(self) -> "Figure":
        """Draw shares and profits by day, as a matplotlib figure; `figure.savefig("run.png")` keeps it."""
        from model.figures import history_figure  # matplotlib takes a moment

        return history_figure(self)

    # --- time

    @property
    def _needs_every_day(self) -> bool:
        """Whether somebody has to see every day: a data collector, or an event scheduled with Mesa (from 3.5 on)."""
        events = getattr(self, "_event_list", ())  # one of them is Mesa's own next step
        return self.own_collector is not None or len(events) > 1

    def _set_time(self, day: int) -> None:
        """Tell Mesa how many days have passed where they were not stepped."""
        self.steps = day
        schedule = getattr(self, "_default_schedule", None)
        if schedule is not None:  # from 3.5 on, Mesa keeps a clock, and the time of the next step
            schedule.pause()
            self.time = float(day)
            schedule.resume()
