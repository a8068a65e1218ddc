"""Progress of a study on standard error: a line that is updated on a terminal or in a notebook, else one a minute."""

import sys
import time
from types import TracebackType
from typing import Any, NamedTuple, Self

MINUTE = 60.0
REFRESH_SECONDS = 0.2  # between two updates of the line


class Counts(NamedTuple):
    """The progress of a study; `most` is an upper bound when replicates are adaptive."""

    done: int  # in this session
    failed: int
    skipped: int
    most: int
    stopping: bool  # after Ctrl-C: running runs have some seconds to finish


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    return "ipykernel" in sys.modules


class Display:
    """Shows the latest `Counts` while in this context."""

    def __init__(self) -> None:
        self._start = self._shown = time.monotonic()
        self._stop_shown = False
        self._live: Any = None
        if sys.stderr.isatty() or in_notebook():
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False)
            self._live = self._console.status("starting")

    def __call__(self, counts: Counts) -> None:
        """Report progress when it is time for a line."""
        moment = time.monotonic()
        if counts.stopping and not self._stop_shown:
            self._stop_shown = True
            self._print("stopping: running runs have ten seconds to finish; press Ctrl-C again to stop immediately")
        if moment - self._shown >= (REFRESH_SECONDS if self._live else MINUTE):
            self._shown = moment
            line = progress_text(counts, moment - self._start)
            if self._live:
                self._live.update(line)
            else:
                self._print(line)

    def _print(self, line: str) -> None:
        """Print a permanent line, above the one that is updated."""
        if self._live:
            self._console.print(line)
        else:
            sys.stderr.write(f"{line}\n")

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()


def progress_text(counts: Counts, seconds: float) -> str:
    """Report progress after so many seconds.

    >>> progress_text(Counts(done=90, failed=10, skipped=100, most=400, stopping=False), 50.0)
    '200 of 400 runs, 50 %, 10 failed, 2.0 a second, 1:40 left'
    """
    now = counts.done + counts.failed
    whole = now + counts.skipped
    parts = [f"{whole:,} of {counts.most:,} runs", f"{100 * whole // max(counts.most, 1)} %"]
    if counts.failed:
        parts.append(f"{counts.failed:,} failed")
    if now and seconds > 0:
        parts += [f"{now / seconds:.1f} a second", f"{clock((counts.most - whole) * seconds / now)} left"]
    return ", ".join(parts)


def clock(seconds: float) -> str:
    """Format a duration.

    >>> clock(2.34), clock(100), clock(3700), clock(200_000)
    ('2.3 s', '1:40', '1:01:40', '2 d 7 h')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole >= 48 * 3600:
        return f"{whole // 86400} d {whole % 86400 // 3600} h"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
