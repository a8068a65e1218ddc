"""What the page shows of one market, either complete or only the changes since the last update."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from browser.charts import history, legend
from browser.event_log import EventLog
from browser.servers import SHORTEST_OUTAGE, server_states
from model.layout import network_layout

if TYPE_CHECKING:
    from model.market import Market

MAX_USERS_DRAWN = 20_000  # of more users, a sample is drawn
MAX_USERS_LINKED = 2_000  # with more users, links would cover everything and are not drawn
NO_PROVIDER = 255  # provider of a user who is not in the market
Message = tuple[dict[str, Any], list[bytes]]  # JSON content, and arrays as bytes


class MarketView:
    """One market as a page sees it.

    Messages describe the current state, so they may arrive twice or late without harm.

    Parameters
    ----------
    market
        The market to show.

    Attributes
    ----------
    marks : list of dict
        Changes that the visitor made during the run: day, provider, text.
    """

    def __init__(self, market: "Market") -> None:
        self.market = market
        users = len(market.users.provider)
        self.sample = np.arange(min(users, MAX_USERS_DRAWN)) * users // min(users, MAX_USERS_DRAWN)
        self.events = EventLog(market)
        self.marks: list[dict[str, Any]] = []
        self._updated = 0  # day of the last update
        self._provider, self._downtime_before = self._sampled_users()

    def step(self) -> None:
        """Run the market for a day."""
        self.events.start_day()
        self._downtime_before = self.market.users.downtime[self.sample]
        self.market.step()
        self.events.end_day()

    def changes(self, *, playing: bool = False) -> dict[str, Message]:
        """Return the changes since the last update, by part of the page.

        While playing, a server is shown as down if it was down on any day since the last update, so that no outage is
        missed; otherwise only if it is down today.
        """
        market, since = self.market, self._updated
        provider, downtime = self._sampled_users()
        moved = np.flatnonzero(provider != self._provider)
        hit = (downtime >= self._downtime_before + SHORTEST_OUTAGE) & (market.day > since)  # on the last day
        network = {"day": market.day, "days": market.day - since}
        arrays = [
            moved.astype(np.uint16).tobytes(),
            provider[moved].tobytes(),
            np.packbits(hit, bitorder="little").tobytes() if hit.any() else b"",
        ]
        self._provider, self._updated = provider, market.day
        states = server_states(market, since if playing else market.day)
        return {
            "network": (network, arrays),
            "servers": ({"fleets": states, "day": market.day}, []),
            "charts": (history(market, since) | {"marks": self.marks}, []),
            "events": ({"events": self.events.since(since)}, []),
        }

    def complete(self) -> dict[str, Message]:
        """Return everything, for a page that has been shown nothing yet."""
        market, settings, providers = self.market, self.market.settings, legend(self.market)
        provider, _ = self._sampled_users()
        positions = network_layout(market.network, settings.network.kind)[self.sample]
        network = {
            "complete": True,
            "day": market.day,
            "kind": settings.network.kind,
            "users": settings.users.count,
            "drawn": len(self.sample),
            "providers": providers,
        }
        arrays = [(positions * 65535).astype(np.uint16).tobytes(), provider.tobytes(), self._links().tobytes()]
        charts = {
            "complete": True,
            "marks": self.marks,
            "days": settings.days,
            "users_at_start": market.record.users_at_start.tolist(),
            "providers": providers,
        }
        servers = {"fleets": server_states(market, market.day), "day": market.day, "providers": providers}
        return {
            "network": (network, arrays),
            "servers": (servers, []),
            "charts": (history(market, 0) | charts, []),
            "events": ({"complete": True, "events": self.events.since(0)}, []),
        }

    def _sampled_users(self) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """Return the provider and the downtime so far of each user who is drawn."""
        users = self.market.users
        provider = users.provider[self.sample]
        return np.where(provider < 0, NO_PROVIDER, provider).astype(np.uint8), users.downtime[self.sample]

    def _links(self) -> NDArray[np.uint16]:
        """Return the links of the network as pairs of users; none if there are too many users to draw them."""
        links = self.market.network.links
        users = len(self.market.network)
        if users > MAX_USERS_LINKED:
            return np.empty(0, np.uint16)
        talker = np.repeat(np.arange(users), np.diff(links.indptr))
        once = (talker < links.indices) | self.market.network.directed
        return np.stack([talker[once], links.indices[once]], axis=1).astype(np.uint16)
