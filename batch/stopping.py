"""Ctrl-C: the first asks to stop, the second stops."""

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self

GRACE_SECONDS = 10.0  # what running runs are given to finish
SIGNALS = (signal.SIGINT, signal.SIGTERM)  # the second is how a cluster's scheduler asks


class StopRequests:
    """While in this context, a first Ctrl-C is only noted; a second raises KeyboardInterrupt, as always.

    Outside the main thread nothing is changed: only that one hears signals.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._before: dict[signal.Signals, Any] = {}

    @property
    def asked(self) -> bool:
        """Whether somebody wants it to stop."""
        return self._since is not None

    @property
    def over(self) -> bool:
        """Whether what is running has had its time to finish."""
        return self._since is not None and time.monotonic() - self._since > GRACE_SECONDS

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self._since is not None:
            raise KeyboardInterrupt
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {name: signal.signal(name, self._note) for name in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)
