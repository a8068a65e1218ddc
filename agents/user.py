"""The user as a Mesa agent: a view of one row of the market's columns."""

from typing import Any, overload

import mesa
import numpy as np

from agents.market_agent import MarketAgent
from agents.users import SOURCES


class Column:
    """An attribute of a user stored in a column of `model.users`; reads and writes go through to it."""

    def __init__(self, meaning: str) -> None:
        self.__doc__ = meaning

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, user: None, owner: type) -> "Column": ...
    @overload
    def __get__(self, user: "User", owner: type) -> float: ...
    def __get__(self, user: "User | None", owner: type) -> "Column | float":
        if user is None:
            return self
        column = getattr(user.model.users, self.name)
        value: float = column[user.row].item()
        return value

    def __set__(self, user: "User", value: float) -> None:
        getattr(user.model.users, self.name)[user.row] = value


class User(MarketAgent):
    """One user, created when first accessed; two markets never share one."""

    tolerance = Column("extra minutes a month, compared with elsewhere, that the user accepts")
    value = Column("worth of a minute of downtime to the user, dollars")
    requirements = Column("in [0, 1): the user can run on a platform iff this is below its reach")
    downtime = Column("minutes of downtime so far")

    def __init__(self, model: mesa.Model, row: int) -> None:
        super().__init__(model, len(model.providers) + row + 1)
        self.row = row

    @property
    def provider(self) -> str | None:
        """Name of the user's provider, None outside the market. Setting it moves the user there today."""
        index = int(self.model.users.provider[self.row])
        return None if index < 0 else str(self.model.providers[index].name)

    @provider.setter
    def provider(self, name: str) -> None:
        self.model.move([self.row], name)

    @property
    def server(self) -> int:
        """Index of the user's server in the provider's fleet."""
        users = self.model.users
        return int(users.slot[self.row] // self.model.providers[users.provider[self.row]].capacity)

    @property
    def belief(self) -> float:
        """Believed downtime of the own provider today, minutes a month."""
        return self.beliefs[str(self.provider)]

    @property
    def beliefs(self) -> dict[str, float]:
        """Believed downtime of each provider the user knows, minutes a month, by name."""
        model, row = self.model, self.row
        held = model.users.belief[row].copy()
        held[model.users.provider[row]] *= model.decay[max(model.day - 1 - model.users.as_of[row], 0)]
        return {p.name: float(b) for p, b in zip(model.providers, held, strict=True) if not np.isnan(b)}

    @property
    def sources(self) -> dict[str, str]:
        """How the user came to know each provider it knows, by name."""
        known = self.model.users.source[self.row]
        return {p.name: SOURCES[s] for p, s in zip(self.model.providers, known, strict=True) if s}

    @property
    def node(self) -> Any:
        """What the user is called in `model.graph`."""
        return self.model.network.node(self.row)

    @property
    def cell(self) -> Any:
        """The user's cell in the market's Mesa space, `model.grid`."""
        return self.model.cell_of(self.row)

    def remove(self) -> None:
        """Leave the market for good, today."""
        self.model.remove_users([self.row])

    @property
    def neighbours(self) -> "list[User]":
        """The users who hear this one."""
        links = self.model.network.links
        rows = links.indices[links.indptr[self.row] : links.indptr[self.row + 1]]
        found: list[User] = [self.model.user(int(row)) for row in rows]
        return found

    def __repr__(self) -> str:
        return f"<User {self.row} at {self.provider!r}>"
