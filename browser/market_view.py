"""What the page shows of one market, either complete or only the changes since the last update."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from browser.charts import first_date, history, legend, table
from browser.event_log import EventLog
from browser.servers import SHORTEST_OUTAGE, server_states
from model.layout import network_layout

if TYPE_CHECKING:
    from model.market import Market

MAX_USERS_DRAWN = 20_000  # of more users, a sample is drawn
MAX_USERS_LINKED = 2_000  # with more users, links would cover everything and are not drawn
NO_PROVIDER = 255  # provider of a user who is not in the market
Message = tuple[dict[str, Any], list[bytes]]  # JSON content, and arrays as bytes


class Past(NamedTuple):
    """A day that has passed, as far as the page can go back to it."""

    moved: NDArray[np.uint16]  # who moved, among the users who are drawn
    to: NDArray[np.uint8]  # their new providers
    hit: bytes  # who had an outage, a bit for each user who is drawn; empty if nobody had
    fleets: list[dict[str, Any]]


class MarketView:
    """One market as a page sees it.

    Messages describe the current state, so they may arrive twice or late without harm.

    Parameters
    ----------
    market
        The market to show.

    """

    def __init__(self, market: "Market") -> None:
        self.market = market
        users = len(market.users.provider)
        self.sample = np.arange(min(users, MAX_USERS_DRAWN)) * users // min(users, MAX_USERS_DRAWN)
        self.events = EventLog(market)
        self._updated = 0  # day of the last update
        self._provider, self._downtime_before = self._sampled_users()  # as the page shows them
        self._first = self._last = self._provider  # on day 0, and today
        self._past: list[Past] = []  # by day

    def step(self) -> None:
        """Run the market for a day."""
        self._downtime_before = self.market.users.downtime[self.sample]
        self.market.step()
        self.events.end_day()
        provider, downtime = self._sampled_users()
        moved = np.flatnonzero(provider != self._last)
        hit = downtime >= self._downtime_before + SHORTEST_OUTAGE
        fleets = server_states(self.market, self.market.day)
        if self._past and self._past[-1].fleets == fleets:
            fleets = self._past[-1].fleets
        bits = np.packbits(hit, bitorder="little").tobytes() if hit.any() else b""
        self._past.append(Past(moved.astype(np.uint16), provider[moved], bits, fleets))
        self._last = provider

    def at(self, day: int) -> dict[str, Message]:
        """Return the changes that take the page to a day that has passed; those of that day are marked."""
        day = min(max(day, 0), self.market.day)
        provider = self._first.copy()
        for past in self._past[:day]:
            provider[past.moved] = past.to
        today = self._past[day - 1] if day else Past(np.empty(0, np.uint16), np.empty(0, np.uint8), b"", [])
        different = np.flatnonzero(provider != self._provider)
        arrays = [different.astype(np.uint16).tobytes(), provider[different].tobytes(), today.hit]
        arrays.append(today.moved.tobytes())
        self._provider = provider
        messages = {"network": ({"day": day, "past": True}, arrays)}
        return messages | ({"servers": ({"fleets": today.fleets, "day": day}, [])} if day else {})

    def table_at(self, day: int) -> list[dict[str, str]]:
        """Return the table of providers on a day that has passed."""
        day = min(max(day, 0), self.market.day)
        fleets = self._past[max(day - 1, 0)].fleets if self._past else server_states(self.market, 0)
        return table(self.market, day, [fleet["policy"] for fleet in fleets])

    def changes(self, *, playing: bool = False) -> dict[str, Message]:
        """Return the changes since the last update, by part of the page.

        While playing, a server is shown as down if it was down on any day since the last update, so that no outage is
        missed; otherwise only if it is down today.
        """
        market, since = self.market, self._updated
        provider = self._last
        moved = np.flatnonzero(provider != self._provider)
        hit = self._past[-1].hit if market.day > since else b""  # on the last day
        network = {"day": market.day, "days": market.day - since}
        arrays = [
            moved.astype(np.uint16).tobytes(),
            provider[moved].tobytes(),
            hit,
        ]
        self._provider, self._updated = provider, market.day
        states = server_states(market, since if playing else market.day)
        return {
            "network": (network, arrays),
            "servers": ({"fleets": states, "day": market.day}, []),
            "charts": (history(market, since), []),
            "events": ({"events": self.events.since(since)}, []),
            "timeline": ({"day": market.day, "marks": self.events.since(since)}, []),
        }

    def complete(self) -> dict[str, Message]:
        """Return everything, for a page that has been shown nothing yet."""
        market, settings, providers = self.market, self.market.settings, legend(self.market)
        self._provider = provider = self._last
        positions = network_layout(market.network, settings.network.kind)[self.sample]
        network = {
            "complete": True,
            "day": market.day,
            "kind": settings.network.kind,
            "start": first_date(market),
            "users": settings.users.count,
            "drawn": len(self.sample),
            "providers": providers,
        }
        arrays = [(positions * 65535).astype(np.uint16).tobytes(), provider.tobytes(), self._links().tobytes()]
        arrays.append(self._first.tobytes())
        charts = {
            "complete": True,
            "days": settings.days,
            "start": first_date(market),
            "users_at_start": market.record.users_at_start.tolist(),
            "providers": providers,
        }
        timeline = {"complete": True, "day": market.day, "days": settings.days, "start": first_date(market)}
        servers = {"fleets": server_states(market, market.day), "day": market.day, "providers": providers}
        return {
            "network": (network, arrays),
            "servers": (servers, []),
            "charts": (history(market, 0) | charts, []),
            "events": ({"complete": True, "events": self.events.since(0)}, []),
            "timeline": (timeline | {"marks": self.events.since(0)}, []),
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
