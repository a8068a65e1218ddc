"""Session: one visitor's markets, stepped by a thread of their own, which is the only one that touches them.

Orders come in through a queue and are carried out between days, so nothing is ever read in mid-day. What is new is
shown when the page has drawn what it was shown before: a slow page misses days of play, and is never behind.
"""

import contextlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from browser.watch import Message, Watch
from model.errors import ScenarioError
from model.market import Market
from model.scenario import Scenario

FRAMES_PER_SECOND = 30
PATIENCE = 2.0  # seconds after which a page that has not said that it has drawn is shown more all the same
DIGEST_SECONDS = 0.3  # between two digests, at the least
DIGEST_PART = 0.1  # of the time that digests may take
Show = Callable[[str, dict[str, Any], list[bytes]], None]
"""Shows a message on a part of the page: its name, plain values, and arrays as bytes."""

log = logging.getLogger("patchmarket.browser")


class Session:
    """The markets of one visitor.

    Parameters
    ----------
    show
        Called from the session's thread with each message.

    Attributes
    ----------
    day : int
        Days that have passed, as far as is known; the thread may be ahead.

    Every public method returns at once. `close` ends the thread, and lets go of the markets.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self.day = 0
        self._watches: list[Watch] = []
        self._playing, self._pause = False, 0.1  # seconds between two days
        self._due = self._shown_at = self._digest_at = 0.0  # moments of time.monotonic()
        self._digest_takes = 0.0
        self._awaiting, self._stale = False, False
        self._orders: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="market", daemon=True)
        self._thread.start()

    # --- what a visitor can ask for

    def found(self, scenarios: Sequence[Scenario], seed: int) -> None:
        """Begin anew with one market, or several to be compared, all on the same seed."""
        self._orders.put(lambda: self._found(scenarios, seed))

    def play(self, days_per_second: float) -> None:
        """Let days pass at this speed, which may be infinite; after the last one, from the beginning."""
        self._orders.put(lambda: self._play(days_per_second))

    def step(self) -> None:
        """Let one day pass, and stop."""
        self._orders.put(self._step)

    def finish(self) -> None:
        """Let all days pass as fast as they can."""
        self._orders.put(lambda: self._play(math.inf))

    def pause(self) -> None:
        """Stop."""
        self._orders.put(self._stop)

    def alter(self, market: int, provider: int, settings: Any) -> None:
        """Give a provider the price and the policy of these settings, in mid-run."""
        self._orders.put(lambda: self._alter(market, provider, settings))

    def introduce(self, part: str) -> None:
        """Show a part of the page all there is to show on it."""
        self._orders.put(lambda: self._introduce(part))

    def drawn(self) -> None:
        """Say that the page has drawn what it was shown."""
        self._orders.put(self._drawn)

    def ask(self, question: Callable[[list[Watch]], None]) -> None:
        """Let the session's thread look at the markets."""
        self._orders.put(lambda: question(self._watches))

    def close(self) -> None:
        """End; what has been ordered before is still done."""
        self._orders.put(None)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended."""
        self._thread.join(timeout)

    # --- the thread

    def _work(self) -> None:
        while True:
            try:
                order = self._orders.get(timeout=self._wait())
            except queue.Empty:
                order = self._day
            if order is None:
                break
            try:
                order()
            except ScenarioError as error:
                self._fail(str(error))
            except Exception:
                log.exception("a visitor's market failed")
                self._fail("The market stopped on an error; the log of the server says which. Reset starts it again.")
        self._watches = []

    def _wait(self) -> float | None:
        """Return the seconds until there is something to do of one's own accord."""
        if self._playing:
            return max(self._due - time.monotonic(), 0.0)
        return PATIENCE if self._stale else None

    def _day(self) -> None:
        """Let a day pass if playing, and show what is new if it is time to."""
        if self._playing:
            self._due = max(self._due + self._pause, time.monotonic())
            self._advance()
            self._playing = not self._ended()
        self._tell()

    def _advance(self) -> None:
        """Let a day pass in every market that has one left."""
        for watch in self._watches:
            if watch.market.day < watch.market.settings.days:
                watch.step()

    def _day_reached(self) -> int:
        return max((watch.market.day for watch in self._watches), default=0)

    def _ended(self) -> bool:
        return all(watch.market.day >= watch.market.settings.days for watch in self._watches)

    def _found(self, scenarios: Sequence[Scenario], seed: int) -> None:
        self._playing = False
        self._watches = []  # the old markets go before the new ones come
        self._watches = [Watch(Market(scenario, rng=seed)) for scenario in scenarios]
        self._introduce(None)

    def _play(self, days_per_second: float) -> None:
        if not self._watches:
            return
        if self._ended():
            first = self._watches[0].market
            self._found([watch.market.settings for watch in self._watches], first.seed)
        self._pause = 1 / days_per_second
        self._playing, self._due = True, time.monotonic()

    def _step(self) -> None:
        self._playing = False
        self._advance()
        self._tell()

    def _stop(self) -> None:
        self._playing = False
        self._tell()

    def _alter(self, number: int, j: int, settings: Any) -> None:
        watch = self._watches[number]
        provider, changes = watch.market.providers[j], []
        if provider.price != settings.price:
            changes.append(f"price ${provider.price:g} to ${settings.price:g}")
            provider.price = settings.price
        if provider.policy != settings.policy:
            old, new = provider.policy, settings.policy
            changes.append(f"{old.kind} to {new.kind}" if old.kind != new.kind else _difference(old, new))
            provider.policy = settings.policy
        if changes:
            text = f"{provider.name}: {', '.join(changes)}"
            watch.marks = [*watch.marks, {"day": watch.market.day, "provider": j, "text": text}]
            watch.feed.note(watch.market.day, f"by hand: {text}")
            self._introduce("feed")
            self._introduce("charts")

    def _fail(self, text: str) -> None:
        self._playing = False
        self._show("bar", self._bar() | {"error": text}, [])

    # --- showing

    def _drawn(self) -> None:
        self._awaiting = False
        if self._stale:
            self._tell()

    def _tell(self) -> None:
        """Show what is new, unless the page has not drawn yet what it was shown."""
        now = time.monotonic()
        busy = self._awaiting and now < self._shown_at + PATIENCE
        early = self._playing and now < self._shown_at + 1 / FRAMES_PER_SECOND
        self._stale = True
        if busy or early or not self._watches:
            return
        self._stale, self._awaiting, self._shown_at = False, True, now
        self._send([watch.changes(playing=self._playing) for watch in self._watches])
        if not self._playing or now > self._digest_at + max(DIGEST_SECONDS, self._digest_takes / DIGEST_PART):
            self._digest()
        self._show("bar", self._bar(), [])

    def _introduce(self, part: str | None) -> None:
        """Show a part, or all of them, everything."""
        if not self._watches:
            return
        self._send([watch.whole() for watch in self._watches], part)
        self._digest()
        self._show("bar", self._bar(), [])

    def _send(self, found: list[dict[str, Message]], only: str | None = None) -> None:
        """Show each market's network and fleet on parts of their own, and the rest together."""
        for name in ("network", "fleet"):
            for number, messages in enumerate(found):
                part = f"{name}-{number}"
                if only in (None, part):
                    self._show(part, *messages[name])
        for name in ("charts", "feed"):
            if only in (None, name):
                self._show(name, {"runs": [messages[name][0] for messages in found]}, [])

    def _digest(self) -> None:
        began = time.monotonic()
        found = [watch.digest() for watch in self._watches]
        self._digest_at = time.monotonic()
        self._digest_takes = self._digest_at - began
        for part in ("charts", "story"):
            self._show(part, {"digest": found, "providers": [watch.legend for watch in self._watches]}, [])

    def _bar(self) -> dict[str, Any]:
        days = max((watch.market.settings.days for watch in self._watches), default=0)
        self.day = self._day_reached()
        return {"day": self.day, "days": days, "playing": self._playing}


def _difference(old: Any, new: Any) -> str:
    """Say in what two policies of one kind differ."""
    before, after = old.model_dump(), new.model_dump()
    return ", ".join(f"{key} {before[key]} to {after[key]}" for key in before if before[key] != after[key])


def quietly(show: Show) -> Show:
    """Return `show` for pages that may have gone: what cannot be shown any more is nobody's loss."""

    def try_to(part: str, content: dict[str, Any], arrays: list[bytes]) -> None:
        with contextlib.suppress(Exception):
            show(part, content, arrays)

    return try_to
