"""Watch: what a page shows of one market, whole or only what is new since the last look."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from agents.experience import DAYS_PER_MONTH
from browser.feed import Feed
from browser.fleet import BLINK, fleet
from model.figures import SMOOTHING_DAYS, colours, start_to_end, trailing_mean
from model.layout import lay_out
from model.summary import summarise

if TYPE_CHECKING:
    from model.market import Market

DRAWN = 20_000  # users; of more, a sample is drawn
LINKED = 2_000  # users; of more, links are not drawn: they would cover everything
NOWHERE = 255  # what stands for the provider of a user who is not in the market
Message = tuple[dict[str, Any], list[bytes]]  # plain values, and arrays as bytes


class Watch:
    """Looks at a market for one page.

    Every message may be sent again or arrive late without harm: it says what is, not what is to be added.
    """

    def __init__(self, market: "Market") -> None:
        self.market = market
        users = len(market.users.provider)
        self.rows = np.arange(min(users, DRAWN)) * users // min(users, DRAWN)
        self.feed = Feed(market)
        self.marks: list[dict[str, Any]] = []  # changes by hand: day, provider, text
        self._day = 0  # of the last look
        self._provider, self._morning = self._columns()

    def step(self) -> None:
        """Let a day pass."""
        self.feed.before()
        self._morning = self.market.users.downtime[self.rows]
        self.market.step()
        self.feed.after()

    def changes(self, *, playing: bool = False) -> dict[str, Message]:
        """Return what is new since the last look, by part of the page.

        While playing, a server that was down on any of the days since is shown so, or one would miss it; else only one
        that is down today.
        """
        market, since = self.market, self._day
        provider, downtime = self._columns()
        moved = np.flatnonzero(provider != self._provider)
        hit = (downtime >= self._morning + BLINK) & (market.day > since)  # on the last day
        network = {"day": market.day, "days": market.day - since}
        arrays = [
            moved.astype(np.uint16).tobytes(),
            provider[moved].tobytes(),
            np.packbits(hit, bitorder="little").tobytes() if hit.any() else b"",
        ]
        self._provider, self._day = provider, market.day
        return {
            "network": (network, arrays),
            "fleet": ({"fleets": fleet(market, since if playing else market.day), "day": market.day}, []),
            "charts": (self._history(since), []),
            "feed": ({"events": self.feed.since(since)}, []),
        }

    def whole(self) -> dict[str, Message]:
        """Return everything, for a page that knows nothing yet."""
        market, settings = self.market, self.market.settings
        provider, _ = self._columns()
        places = lay_out(market.network, settings.network.kind)[self.rows]
        network = {
            "whole": True,
            "day": market.day,
            "kind": settings.network.kind,
            "users": settings.users.count,
            "drawn": len(self.rows),
            "providers": self.legend,
        }
        arrays = [(places * 65535).astype(np.uint16).tobytes(), provider.tobytes(), self._links().tobytes()]
        start = market.record.users_at_start.tolist()
        charts = self._history(0) | {"whole": True, "days": settings.days, "start": start, "providers": self.legend}
        return {
            "network": (network, arrays),
            "fleet": ({"fleets": fleet(market, market.day), "day": market.day, "providers": self.legend}, []),
            "charts": (charts, []),
            "feed": ({"whole": True, "events": self.feed.since(0)}, []),
        }

    def digest(self) -> dict[str, Any]:
        """Return what takes longer to find out: the answer, the table of providers, who went where."""
        market = self.market
        summary = summarise(market)
        present = max(sum(p["users_end"] for p in summary["providers"]), 1)
        table = [
            {
                "policy": told["policy"],
                "price": provider.price,
                "users": told["users_end"],
                "share": told["users_end"] / present,
                "profit": told["profit_per_original_server"],
                "downtime": told["downtime_minutes_per_user_year"],
            }
            for provider, told in zip(market.providers, summary["providers"], strict=True)
        ]
        answer = summary["answer"] if market.day else f"{market.settings.description or market.settings.name}."
        return {"answer": answer, "table": table, "flows": start_to_end(market).tolist()}

    def _columns(self) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """Return the provider and the downtime so far of each user who is drawn."""
        users = self.market.users
        provider = users.provider[self.rows]
        return np.where(provider < 0, NOWHERE, provider).astype(np.uint8), users.downtime[self.rows]

    def _history(self, since: int) -> dict[str, Any]:
        """Return users and profit per original server (30-day mean) of each day from `since` on."""
        record = self.market.record
        first = max(since - SMOOTHING_DAYS, 0)
        profit = record.column("profit")[first:] * DAYS_PER_MONTH
        smooth = [
            [round(value) for value in trailing_mean(profit[:, p.index], SMOOTHING_DAYS) / p.original_servers]
            if p.original_servers
            else []
            for p in self.market.providers
        ]
        return {
            "from": since,
            "users": record.column("users")[since:].astype(int).T.tolist(),
            "profit": [values[since - first :] for values in smooth],
            "marks": self.marks,
        }

    @property
    def legend(self) -> list[dict[str, str]]:
        """Return the providers' names and colours."""
        names = self.market.record.names
        return [{"name": n, "colour": c} for n, c in zip(names, colours(len(names)), strict=True)]

    def _links(self) -> NDArray[np.uint16]:
        """Return who hears whom, two numbers a link, where they can be drawn."""
        links = self.market.network.links
        users = len(self.market.network)
        if users > LINKED:
            return np.empty(0, np.uint16)
        talker = np.repeat(np.arange(users), np.diff(links.indptr))
        once = (talker < links.indices) | self.market.network.directed
        return np.stack([talker[once], links.indices[once]], axis=1).astype(np.uint16)
