"""Ctrl-C: the first requests a stop, the second stops immediately."""

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self

GRACE_SECONDS = 10.0  # that running runs have to finish after a request
SIGNALS = (signal.SIGINT, signal.SIGTERM)  # batch schedulers of clusters send the second


class StopRequests:
    """While in this context, a first Ctrl-C is only recorded; a second raises KeyboardInterrupt as usual.

    Outside the main thread nothing changes, as Python handles signals in the main thread only.
    """

    def __init__(self) -> None:
        self._requested_at: float | None = None
        self._handlers: dict[signal.Signals, Any] = {}

    @property
    def requested(self) -> bool:
        """Whether a stop was requested."""
        return self._requested_at is not None

    @property
    def expired(self) -> bool:
        """Whether the time for running runs to finish is over."""
        return self._requested_at is not None and time.monotonic() - self._requested_at > GRACE_SECONDS

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._requested_at is not None:
            raise KeyboardInterrupt
        self._requested_at = time.monotonic()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._handlers = {name: signal.signal(name, self._handle) for name in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, handler in self._handlers.items():
            signal.signal(name, handler)
