"""A visitor's session: a thread that steps the visitor's markets. No other thread touches them.

Commands arrive through a queue and are carried out between days. Changes are sent only after the page has drawn the
previous ones, so a slow page skips days but does not lag behind.
"""

import contextlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from browser.charts import legend, summary_of
from browser.details import details_of
from browser.differences import differences
from browser.market_view import MarketView, Message
from model.errors import ScenarioError
from model.market import Market
from model.scenario import Scenario

FRAMES_PER_SECOND = 30
DRAW_TIMEOUT = 2.0  # seconds after which changes are sent even if the page has not confirmed the previous ones
ANSWER_TIMEOUT = 60.0  # seconds that a visitor's request waits for the session's thread
SUMMARY_INTERVAL = 0.3  # least seconds between two summaries
SUMMARY_SHARE = 0.1  # of the time that may be spent on summaries
T = TypeVar("T")
Show = Callable[[str, dict[str, Any], list[bytes]], None]
"""Shows a message on a part of the page: the part's name, JSON content, and arrays as bytes."""

log = logging.getLogger("patchmarket.browser")


class Session:
    """The markets of one visitor.

    Every public method except `ask` and `join` returns at once.

    Parameters
    ----------
    show
        Called from the session's thread with each message.

    Attributes
    ----------
    day : int
        Days that have passed, as of the last message; the thread may be ahead.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self.day = 0
        self._views: list[MarketView] = []
        self._watched: tuple[int, str, int] | None = None  # market, kind and index
        self._playing, self._seconds_per_day = False, 0.1
        self._next_day_at = self._shown_at = self._summary_at = 0.0  # times of time.monotonic()
        self._summary_seconds = 0.0
        self._drawing = False  # the page has not confirmed the last message
        self._unsent = False  # there are changes that have not been sent
        self._commands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="market", daemon=True)
        self._thread.start()

    # --- commands

    def start(self, scenarios: Sequence[Scenario], seed: int) -> None:
        """Start a market, or several to be compared, all with the same seed."""
        self._commands.put(lambda: self._start(scenarios, seed))

    def play(self, days_per_second: float) -> None:
        """Play at this speed, which may be infinite. After the last day, play from the beginning."""
        self._commands.put(lambda: self._play(days_per_second))

    def step(self) -> None:
        """Run one day and pause."""
        self._commands.put(self._step)

    def finish(self) -> None:
        """Run all remaining days at full speed."""
        self._commands.put(lambda: self._play(math.inf))

    def run_to(self, day: int) -> None:
        """Run up to a day at full speed, without showing the days before, and pause."""
        self._commands.put(lambda: self._run_to(day))

    def pause(self) -> None:
        """Pause."""
        self._commands.put(self._pause)

    def ask(self, function: Callable[[list[MarketView]], T]) -> T:
        """Return what a function of the markets returns, or raise what it raises; it runs in the session's thread."""
        answer: Future[T] = Future()

        def reply() -> None:
            try:
                answer.set_result(function(self._views))
            except Exception as error:
                answer.set_exception(error)

        self._commands.put(reply)
        return answer.result(ANSWER_TIMEOUT)

    def change_provider(self, market: int, provider: int, key: str, value: Any) -> None:
        """Give a provider of a running market another price or policy. Call this within `ask`."""
        view = self._views[market]
        setattr(view.market.providers[provider], key, value)
        view.events.note_changes_by_hand()
        for part in ("events", "timeline"):
            self._show_complete(part)

    def look_at(self, day: int) -> None:
        """Pause, and show a day that has passed; what runs next continues from the last day."""
        self._commands.put(lambda: self._look_at(day))

    def watch(self, market: int, kind: str | None, index: int) -> None:
        """Show what happens to a `user` or a `provider`, or to nobody in particular if the kind is None."""
        self._commands.put(lambda: self._watch(market, kind, index))

    def show_part(self, part: str) -> None:
        """Show a part of the page in full."""
        self._commands.put(lambda: self._show_complete(part))

    def confirm_drawn(self) -> None:
        """Confirm that the page has drawn the last message."""
        self._commands.put(self._confirm_drawn)

    def inspect(self, function: Callable[[list[MarketView]], None]) -> None:
        """Call a function with the markets, in the session's thread."""
        self._commands.put(lambda: function(self._views))

    def close(self) -> None:
        """End the thread after the commands given so far, and release the markets."""
        self._commands.put(None)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended, at most `timeout` seconds."""
        self._thread.join(timeout)

    # --- the thread

    def _run(self) -> None:
        while True:
            try:
                command = self._commands.get(timeout=self._seconds_to_wait())
            except queue.Empty:
                command = self._tick
            if command is None:
                break
            try:
                command()
            except ScenarioError as error:
                self._show_error(str(error))
            except Exception:
                log.exception("a visitor's market failed")
                self._show_error("The market stopped on an error; see the server's log. Reset starts it again.")
        self._views = []

    def _seconds_to_wait(self) -> float | None:
        """Return the seconds until the next day or the next attempt to send; None if only a command can come."""
        if self._playing:
            return max(self._next_day_at - time.monotonic(), 0.0)
        return DRAW_TIMEOUT if self._unsent else None

    def _tick(self) -> None:
        """Run a day if playing, and show changes if it is time to."""
        if self._playing:
            self._next_day_at = max(self._next_day_at + self._seconds_per_day, time.monotonic())
            self._run_day()
            self._playing = not self._ended()
        self._show_changes()

    def _run_day(self) -> None:
        """Run one day of every market that has days left."""
        for view in self._views:
            if view.market.day < view.market.settings.days:
                view.step()

    def _ended(self) -> bool:
        return all(view.market.day >= view.market.settings.days for view in self._views)

    def _start(self, scenarios: Sequence[Scenario], seed: int) -> None:
        self._playing = False
        self._watched = None
        self._views = []  # release the old markets before the new ones are built
        self._views = [MarketView(Market(scenario, rng=seed)) for scenario in scenarios]
        self._show_complete(None)

    def _play(self, days_per_second: float) -> None:
        if not self._views:
            return
        if self._ended():
            seed = self._views[0].market.seed
            self._start([view.market.settings_as_run() for view in self._views], seed)
        self._seconds_per_day = 1 / days_per_second
        self._playing, self._next_day_at = True, time.monotonic()

    def _step(self) -> None:
        self._playing = False
        self._run_day()
        self._show_changes()

    def _watch(self, market: int, kind: str | None, index: int) -> None:
        self._watched = None if kind is None else (market, kind, index)
        self._show_watched()

    def _look_at(self, day: int) -> None:
        self._playing = False
        if not self._views:
            return
        messages = [view.at(day) for view in self._views]
        for name in ("network", "servers"):
            for number, message in enumerate(messages):
                if name in message:
                    self._show(f"{name}-{number}", *message[name])
        tables = [view.table_at(day) for view in self._views]
        self._show("summary", {"past": day, "tables": tables}, [])
        for part in ("charts", "timeline"):
            self._show(part, {"looking_at": day}, [])
        self._show("toolbar", self._progress() | {"looking_at": day}, [])

    def _run_to(self, day: int) -> None:
        self._playing = False
        while not self._ended() and any(view.market.day < day for view in self._views):
            self._run_day()
        self._show_changes()

    def _pause(self) -> None:
        self._playing = False
        self._show_changes()

    # --- messages to the page

    def _confirm_drawn(self) -> None:
        self._drawing = False
        if self._unsent:
            self._show_changes()

    def _show_changes(self) -> None:
        """Show the changes, unless the page is still drawing the previous ones."""
        now = time.monotonic()
        busy = self._drawing and now < self._shown_at + DRAW_TIMEOUT
        early = self._playing and now < self._shown_at + 1 / FRAMES_PER_SECOND
        self._unsent = True
        if busy or early or not self._views:
            return
        self._unsent, self._drawing, self._shown_at = False, True, now
        self._send([view.changes(playing=self._playing) for view in self._views])
        interval = max(SUMMARY_INTERVAL, self._summary_seconds / SUMMARY_SHARE)
        if not self._playing or now > self._summary_at + interval:
            self._show_summaries()
            self._show_watched()
        self._show("toolbar", self._progress(), [])

    def _show_complete(self, part: str | None) -> None:
        """Show a part in full, or all parts if None."""
        if not self._views:
            return
        self._send([view.complete() for view in self._views], part)
        self._show_summaries()
        self._show("toolbar", self._progress(), [])

    def _send(self, messages: list[dict[str, Message]], only: str | None = None) -> None:
        """Send each market's network and servers to parts of their own; charts and events show all markets."""
        for name in ("network", "servers"):
            for number, message in enumerate(messages):
                part = f"{name}-{number}"
                if only in (None, part):
                    self._show(part, *message[name])
        for name in ("charts", "events", "timeline"):
            if only in (None, name):
                self._show(name, {"runs": [message[name][0] for message in messages]}, [])

    def _show_summaries(self) -> None:
        started = time.monotonic()
        content = {
            "summaries": [summary_of(view.market) for view in self._views],
            "providers": [legend(view.market) for view in self._views],
            "differences": differences(*[view.market.settings for view in self._views]),
            "day": self._views[0].market.day,
        }
        self._summary_at = time.monotonic()
        self._summary_seconds = self._summary_at - started
        for part in ("charts", "summary"):
            self._show(part, content, [])

    def _show_watched(self) -> None:
        if self._watched:
            market, kind, index = self._watched
            self._show(f"network-{market}", {"details": details_of(self._views[market].market, kind, index)}, [])

    def _show_error(self, text: str) -> None:
        self._playing = False
        self._show("toolbar", self._progress() | {"error": text}, [])

    def _progress(self) -> dict[str, Any]:
        days = max((view.market.settings.days for view in self._views), default=0)
        self.day = max((view.market.day for view in self._views), default=0)
        return {"day": self.day, "days": days, "playing": self._playing, "looking_at": None}


def suppress_errors(show: Show) -> Show:
    """Return `show` without its errors: the page may have been closed."""

    def try_to_show(part: str, content: dict[str, Any], arrays: list[bytes]) -> None:
        with contextlib.suppress(Exception):
            show(part, content, arrays)

    return try_to_show
