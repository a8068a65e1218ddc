"""The record: everything that happened in a market, kept as arrays and available as pandas tables."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.policies import Outage
from agents.provider import Provider
from agents.users import NO_PROVIDERS, NO_USERS, SOURCES, TRIGGERS, Floats, Ints
from model.ledger import Books

if TYPE_CHECKING:
    import pandas as pd

DAILY = (
    "users",
    "joined",
    "left",
    "servers",
    "price",
    "revenue",
    "server_cost",
    "patch_cost",
    "breach_cost",
    "credit_cost",
    "costs",
    "profit",
    "downtime_minutes",  # user-minutes, of all causes
    "servers_down",
    "campaigns",  # started so far
    "patches",  # applied live today
    "breaches",
    "open_flaws",
    "instances",  # sold; users with redundancy buy two
    "complaints",  # users who complained today
    "arrived",  # new to the market today
    "departed",  # left the market for good today
    "left_after_breach",  # of those who left: a breach of their server made them consider it
    "planned_downtime_minutes",  # user-minutes, of announced maintenance
    "breach_downtime_minutes",
    "bad_update_downtime_minutes",
    "exposed_server_days",  # pairs of a server and a flaw that it is open to today
    "exploitable_server_days",  # those of them whose flaw attackers use
)
INDEX = {name: number for number, name in enumerate(DAILY)}
DOLLARS = {"price", "revenue", "server_cost", "patch_cost", "breach_cost", "credit_cost", "costs", "profit"}
MINUTES = {name for name in DAILY if name.endswith("downtime_minutes")}
COUNTS = set(DAILY) - DOLLARS - MINUTES


class ProviderResponse(NamedTuple):
    """What a provider decided on a review day."""

    day: int
    provider: str
    strategy: str
    text: str  # the decision and its reason
    cost: float  # dollars a month, at the size of that day


class Turnover(NamedTuple):
    """How many of a provider's users joined, left (of these after a breach), complained, arrived and departed."""

    joined: int
    left: int
    left_after_breach: int
    complaints: int
    arrived: int
    departed: int


class Downtime(NamedTuple):
    """User-minutes of a provider's day, in all and by the causes that are recorded apart."""

    total: float
    planned: float
    breach: float
    bad_update: float


class Moves(NamedTuple):
    """The moves of a day, the providers of users who complained instead, and the origins of moves after a breach."""

    users: Ints = NO_USERS
    origin: NDArray[np.int16] = NO_PROVIDERS
    target: NDArray[np.int16] = NO_PROVIDERS
    complaints: NDArray[np.int16] = NO_PROVIDERS
    breached: NDArray[np.int16] = NO_PROVIDERS


NO_MOVES = Moves()
NO_DOWNTIME = Downtime(0.0, 0.0, 0.0, 0.0)


class Record:
    """What happened in a market: days of providers, moves of users, outages and responses."""

    def __init__(
        self,
        names: list[str],
        days: int,
        users_at_start: NDArray[np.int64],
        node: Callable[[int], Any] | None = None,
    ) -> None:
        self.names = names
        self.node = node  # what a user is called in the graph, where users are not called by their numbers
        self.days = 0  # recorded so far
        self.users_at_start = users_at_start
        self.daily = np.zeros((days, len(names), len(DAILY)))
        self.responses: list[ProviderResponse] = []
        self._moves: list[tuple[Any, ...]] = []
        self.outage_list: list[tuple[int, int, Outage, NDArray[np.int64]]] = []

    def add_moves(
        self,
        day: Ints,
        users: Ints,
        origin: NDArray[np.int16],
        target: NDArray[np.int16],
        trigger: NDArray[np.uint8],
        source: NDArray[np.uint8],
        gain: Floats,
    ) -> None:
        """Add moves, given as columns."""
        self._moves.append((day, users, origin, target, trigger, source, gain))

    def add_outage(self, day: int, provider: Provider, outage: Outage) -> None:
        """Add an outage, with the number of instances on each server."""
        instances = np.minimum(provider.capacity, provider.instances - outage.servers * provider.capacity)
        self.outage_list.append((day, provider.index, outage, instances))

    def add_days(
        self,
        days: slice,
        provider: Provider,
        books: Books,
        turnover: Turnover,
        downtime: Downtime,
        servers_down: int,
    ) -> None:
        """Add a provider's day, or several equal ones."""
        maintenance = provider.maintenance
        self.daily[days, provider.index] = (
            provider.users,
            turnover.joined,
            turnover.left,
            provider.servers,
            provider.price,
            books.revenue,
            books.server_cost,
            books.patch_cost,
            books.breach_cost,
            books.credit_cost,
            books.costs,
            books.profit,
            downtime.total,
            servers_down,
            maintenance.campaigns,
            provider.patches,
            provider.breaches,
            maintenance.open_flaws,
            provider.instances,
            turnover.complaints,
            turnover.arrived,
            turnover.departed,
            turnover.left_after_breach,
            downtime.planned,
            downtime.breach,
            downtime.bad_update,
            provider.exposed,
            provider.exploitable,
        )

    def column(self, name: str) -> Floats:
        """Return one daily quantity for the days so far, shape (days, providers)."""
        return self.daily[: self.days, :, INDEX[name]]

    @property
    def move_columns(self) -> list[NDArray[Any]]:
        """The moves as arrays: day, user, origin, target, trigger, source, gain."""
        types = (np.int32, np.int32, np.int16, np.int16, np.uint8, np.uint8, np.float64)
        return [
            np.concatenate([np.empty(0, dtype), *parts])
            for dtype, parts in zip(types, zip(*self._moves, strict=True) if self._moves else [()] * 7, strict=True)
        ]

    @property
    def flow_matrix(self) -> NDArray[np.int64]:
        """Number of moves from each provider (row) to each other (column)."""
        _, _, origin, target, *_ = self.move_columns
        flows = np.zeros((len(self.names), len(self.names)), np.int64)
        np.add.at(flows, (origin, target), 1)
        return flows

    @property
    def providers(self) -> "pd.DataFrame":
        """One row for each day and provider; dollars, users, servers, user-minutes."""
        import pandas as pd

        rows = self.daily[: self.days].reshape(-1, len(DAILY))
        table = pd.DataFrame(rows, columns=list(DAILY)).astype(dict.fromkeys(COUNTS, np.int64))
        table.insert(0, "day", np.repeat(np.arange(self.days), len(self.names)))
        table.insert(1, "provider", self._named(np.tile(np.arange(len(self.names)), self.days)))
        return table

    @property
    def moves(self) -> "pd.DataFrame":
        """One row for each move: day, user, from, to, trigger, source, gain in minutes a month.

        Where the nodes of the graph have names, `node` is the user's: a number, or else text.
        """
        import pandas as pd

        day, user, origin, target, trigger, source, gain = self.move_columns
        nodes = [] if self.node is None else [self.node(row) for row in user.tolist()]
        plain = len({type(node) for node in nodes}) == 1 and isinstance(nodes[0], int | str)
        named = {} if self.node is None else {"node": nodes if plain else [str(node) for node in nodes]}
        return pd.DataFrame(
            {
                "day": day,
                "user": user,
                **named,
                "from": self._named(origin),
                "to": self._named(target),
                "trigger": pd.Categorical.from_codes(trigger, categories=list(TRIGGERS)),
                "source": pd.Categorical.from_codes(source, categories=list(SOURCES)),
                "gain": gain,
            }
        )

    @property
    def flows(self) -> "pd.DataFrame":
        """One row for each day and pair of providers between which users moved, with their number."""
        pairs = self.moves.groupby(["day", "from", "to"], observed=True, sort=True)
        return pairs.size().rename("users").reset_index()

    @property
    def outages(self) -> "pd.DataFrame":
        """One row for each outage of a server: day, provider, server, cause, minutes, instances on it."""
        import pandas as pd

        sizes = [len(outage.servers) for _, _, outage, _ in self.outage_list]
        return pd.DataFrame(
            {
                "day": np.repeat([day for day, *_ in self.outage_list], sizes).astype(np.int32),
                "provider": self._named(np.repeat([p for _, p, *_ in self.outage_list], sizes).astype(np.int16)),
                "server": np.concatenate([np.empty(0, np.int64), *(o.servers for _, _, o, _ in self.outage_list)]),
                "cause": pd.Categorical(
                    np.repeat(np.array([o.cause for _, _, o, _ in self.outage_list], dtype=object), sizes)
                ),
                "minutes": np.repeat([o.minutes for _, _, o, _ in self.outage_list], sizes).astype(float),
                "instances": np.concatenate(
                    [np.empty(0, np.int64), *(instances for *_, instances in self.outage_list)]
                ),
            }
        )

    def _named(self, numbers: NDArray[Any]) -> Any:
        import pandas as pd

        return pd.Categorical.from_codes(numbers, categories=self.names)
