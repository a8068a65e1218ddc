"""Supervised worker processes: which run each has is known, the hung are killed, the dead are replaced.

Each worker has a pipe of its own, so that one that dies in the middle of a word harms nobody else. The supervisor
waits for pipes and for deaths at once, and so never for the dead.
"""

import multiprocessing
import signal
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from batch import worker as child
from batch.store import Failure

if TYPE_CHECKING:
    from batch.study import Run, Study

AHEAD = 2  # runs that a worker holds: the one it does and the next, so that it never waits for us
RECYCLE = 2_000  # runs after which a worker is replaced by a fresh one: whatever it leaked goes with it
DEATHS = 3  # a run whose worker was killed so often is to blame itself
FALSE_STARTS = 10  # workers in a row that died before they were ready
START_SECONDS = 600.0  # compiling for the first time on a busy machine takes a minute
WATCH_SECONDS = 0.2  # how often memory is looked at
FARM_DIED = 255  # what multiprocessing reports when the process that forks the workers was killed


class CrewError(RuntimeError):
    """There is nobody who could do the runs."""


class Outcome(NamedTuple):
    """What came of a run."""

    run: "Run"
    result: bytes | Failure  # packed, see batch.wire


class Crew(Protocol):
    """Whoever does the runs: processes here, or any executor."""

    @property
    def room(self) -> int:
        """How many more runs it would take now."""

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do."""

    def hand_out(self, run: "Run") -> None:
        """Give it a run."""

    def collect(self, seconds: float) -> list[Outcome]:
        """Wait for at most so long; return what was finished."""

    def drop_waiting(self) -> None:
        """Take back the runs that have not begun."""

    def close(self) -> None:
        """Stop at once, whatever it does."""


class Worker:
    """One process and what the supervisor knows about it."""

    def __init__(self, context: Any, job: bytes, memory: float | None) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=child.work, args=(theirs, job, memory), daemon=True)
        with main_hidden():
            self.process.start()
        theirs.close()
        self.ready = self.leaving = False
        self.runs: deque[Run] = deque()
        self.taken = 0
        self.baseline = 0
        self.since = time.monotonic()  # when it, or the first of its runs, began
        self.killed_for: Failure | None = None

    def give(self, run: "Run") -> None:
        """Send it one more run."""
        if not self.runs:
            self.since = time.monotonic()
        self.runs.append(run)
        self.taken += 1
        self.pipe.send(run)

    def finished(self) -> "Run":
        """Return the run that it has just finished; the next has begun."""
        self.since = time.monotonic()
        return self.runs.popleft()

    def kill(self, why: Failure | None = None) -> None:
        """End it now."""
        self.killed_for = why
        self.process.kill()


class Processes:
    """A crew of supervised processes on this machine.

    Parameters
    ----------
    study
        What the runs belong to.
    workers
        How many processes.
    timeout, memory
        Seconds that a run may take, and MB that it may use above what an idle worker has. None: no limit.
    do, prepare
        What a worker does with the study and a run; what it does before the first.
    """

    def __init__(
        self,
        study: "Study",
        workers: int = 1,
        timeout: float | None = None,
        memory: float | None = None,
        do: Any = child.execute,
        prepare: Callable[[], None] | None = child.warm_up,
    ) -> None:
        # A small process that has loaded everything and only forks is safer than forking this one, and starts
        # a worker in milliseconds, where a fresh interpreter needs seconds.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([do.__module__, "batch.preload"] if prepare else [do.__module__])
        with keyboard_ignored():
            forkserver.ensure_running()
        self._job = child.job_of(study, do, prepare)
        self._size, self._timeout, self._memory = workers, timeout, memory
        self._waiting: deque[Run] = deque()
        self._deaths: Counter[str] = Counter()
        self._false_starts = 0
        self._watched = 0.0
        self._workers: list[Worker] = []

    @property
    def room(self) -> int:
        """How many more runs it would take now."""
        return AHEAD * self._size - len(self._waiting) - sum(len(worker.runs) for worker in self._workers)

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do."""
        return not self._waiting and not any(worker.runs for worker in self._workers)

    def hand_out(self, run: "Run") -> None:
        """Give it a run."""
        self._waiting.append(run)

    def collect(self, seconds: float) -> list[Outcome]:
        """Wait for at most so long; return what was finished."""
        self._man()
        self._feed()
        ready = wait(self._signs(), self._patience(seconds))
        outcomes: list[Outcome] = []
        for worker in list(self._workers):
            if worker.pipe in ready or worker.process.sentinel in ready:
                outcomes += self._hear(worker, dead=worker.process.sentinel in ready)
        self._judge()
        return outcomes

    def drop_waiting(self) -> None:
        """Take back the runs that have not begun: those not sent, and the second that each worker holds."""
        self._waiting.clear()
        for worker in self._workers:
            while len(worker.runs) > 1:
                worker.runs.pop()

    def close(self) -> None:
        """Stop at once, whatever the workers do."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.process.join(timeout=5.0)
            worker.pipe.close()
        self._workers = []

    # --- the supervisor's round

    def _man(self) -> None:
        """Replace those who have left or are about to."""
        wanted = self._size - sum(not worker.leaving for worker in self._workers)
        try:
            for _ in range(wanted):
                self._workers.append(Worker(self._context, self._job, self._memory))
        except (OSError, EOFError) as error:  # the process that forks was killed; the next turn starts another
            self._start_failed(child.reason_of(error))

    def _feed(self) -> None:
        """Hand the waiting runs to whoever has fewest."""
        for held in range(AHEAD):
            for worker in self._workers:
                if self._waiting and worker.ready and not worker.leaving and len(worker.runs) == held:
                    self._send(worker, self._waiting.popleft())

    def _send(self, worker: Worker, run: "Run") -> None:
        try:
            worker.give(run)
            if worker.taken == RECYCLE:
                worker.leaving = True
                worker.pipe.send(None)
        except OSError:  # it has just died; its sentinel will say so
            pass

    def _signs(self) -> list[Connection | int]:
        return [sign for worker in self._workers for sign in (worker.pipe, worker.process.sentinel)]

    def _patience(self, seconds: float) -> float:
        """Return how long to wait before there is something else to look at."""
        if self._memory is not None:
            seconds = min(seconds, WATCH_SECONDS)
        if self._timeout is not None:
            begun = [worker.since for worker in self._workers if worker.runs]
            seconds = min([seconds, *(since + self._timeout - time.monotonic() for since in begun)])
        return max(seconds, 0.0)

    def _hear(self, worker: Worker, *, dead: bool) -> list[Outcome]:
        """Read all that a worker has said; bury it if it is dead."""
        outcomes: list[Outcome] = []
        try:
            while worker.pipe.poll():
                kind, what = worker.pipe.recv()
                if kind == child.READY:
                    worker.ready, worker.baseline, self._false_starts = True, what, 0
                elif kind == child.LEAVING:
                    worker.leaving = True
                    self._waiting.extendleft(reversed(worker.runs))
                    worker.runs.clear()
                elif kind == child.BROKEN:
                    raise CrewError(f"a worker cannot start: {what}")
                elif not worker.runs:
                    continue  # a run that was dropped
                elif kind == child.DONE:
                    outcomes.append(Outcome(worker.finished(), what))
                else:
                    outcomes.append(Outcome(worker.finished(), Failure(*what)))
        except (EOFError, OSError):
            dead = True
        return outcomes + self._bury(worker) if dead else outcomes

    def _bury(self, worker: Worker) -> list[Outcome]:
        """Find out why a worker died and whose fault that is."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(timeout=5.0)
        code = worker.process.exitcode
        if not worker.ready:
            self._start_failed(_how(code))
        if not worker.runs:
            return []
        run, *others = worker.runs
        self._waiting.extendleft(reversed(others))
        if worker.killed_for is not None:
            return [Outcome(run, worker.killed_for)]
        if code is not None and 0 <= code < FARM_DIED:
            return [Outcome(run, Failure(f"worker died: {_how(code)}"))]
        self._deaths[run.run_id] += 1  # anybody may have killed it: the run gets another chance
        if self._deaths[run.run_id] < DEATHS:
            self._waiting.appendleft(run)
            return []
        return [Outcome(run, Failure(f"worker died: {_how(code)}, {DEATHS} times"))]

    def _start_failed(self, how: str) -> None:
        self._false_starts += 1
        if self._false_starts >= FALSE_STARTS:
            raise CrewError(f"workers die before they are ready ({how}), {FALSE_STARTS} in a row")

    def _judge(self) -> None:
        """Kill those whose run takes too long or too much."""
        moment = time.monotonic()
        for worker in self._workers:
            if not worker.ready and moment - worker.since > START_SECONDS:
                worker.kill()
        busy = [worker for worker in self._workers if worker.runs and worker.killed_for is None]
        if self._timeout is not None:
            for worker in busy:
                if moment - worker.since > self._timeout and not worker.pipe.poll():
                    worker.kill(Failure(f"timeout: more than {self._timeout:g} s"))
        if self._memory is not None and moment - self._watched > WATCH_SECONDS:
            self._watched = moment
            for worker in busy:
                if child.memory_of(worker.process.pid) - worker.baseline > self._memory * 2**20:
                    worker.kill(Failure(f"memory: more than {self._memory:g} MB"))


@contextmanager
def keyboard_ignored() -> Iterator[None]:
    """Let what is started here, and all that it starts, never hear Ctrl-C: that is for the supervisor to answer."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def main_hidden() -> Iterator[None]:
    """Keep what is started here from running the caller's script again: a worker needs nothing of it.

    Otherwise a script without a guard, a notebook or a prompt could not sweep.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _how(code: int | None) -> str:
    """Say how a process ended.

    >>> _how(-9), _how(3)
    ('signal 9 (SIGKILL)', 'exit code 3')
    """
    if code is not None and code < 0:
        return f"signal {-code} ({signal.Signals(-code).name})"
    return f"exit code {code}"
