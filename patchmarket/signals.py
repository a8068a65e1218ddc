"""Signals that end the program: Ctrl-C, SIGTERM and a closed terminal, all treated alike."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

FIRST_CODE = 128  # plus a signal's number: the exit code of what it ended
ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]  # Windows has two
_received: list[int] = []


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """Let every signal that ends a program raise KeyboardInterrupt, so that no worker is left behind."""

    def end(number: int, _frame: object) -> None:
        _received.append(number)
        raise KeyboardInterrupt

    _received.clear()
    before = {number: signal.signal(number, end) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code() -> int:
    """Return the exit code of a command that was stopped."""
    return FIRST_CODE + (_received[-1] if _received else signal.SIGINT)


def check() -> None:
    """Raise KeyboardInterrupt if a signal came: Python drops one that is raised while it frees an object."""
    if _received:
        raise KeyboardInterrupt
