"""A pool of supervised worker processes: those that exceed a limit are killed, and those that die are replaced.

Each worker has a pipe of its own, so that one that dies in the middle of a message does not affect the others. The
supervisor waits for pipes and process sentinels together, and therefore never waits for a dead process.
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
from typing import TYPE_CHECKING, Any

from batch import worker as child
from batch.executor import MOST_DEATHS, ExecutorError, FinishedRun
from batch.machine import memory_of
from batch.store import Failure

if TYPE_CHECKING:
    from batch.study import Run

RUNS_QUEUED = 2  # runs that a worker holds: the current one and the next, so that it never waits for the supervisor
RUNS_PER_WORKER = 2_000  # after so many runs a fresh worker replaces one, which frees any memory it leaked
MOST_FAILED_STARTS = 10  # workers in a row that died before they were ready
START_SECONDS = 600.0  # compiling for the first time on a busy machine takes a minute
MEMORY_POLL_SECONDS = 0.2
FORK_SERVER_DIED = 255  # the exit code that multiprocessing reports when the fork server was killed


class Worker:
    """A worker process and its state."""

    def __init__(self, context: Any, job: bytes, memory: float | None) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=child.run_worker, args=(theirs, job, memory), daemon=True)
        with hidden_main():
            self.process.start()
        theirs.close()
        self.ready = self.retiring = False
        self.runs: deque[Run] = deque()
        self.sent = 0
        self.baseline = 0
        self.started = time.monotonic()  # when it, or the first of its runs, started
        self.kill_reason: Failure | None = None

    def send(self, run: "Run") -> None:
        """Send it a run."""
        if not self.runs:
            self.started = time.monotonic()
        self.runs.append(run)
        self.sent += 1
        self.pipe.send(run)

    def finish_run(self) -> "Run":
        """Remove and return the run that it has finished; its next one has started."""
        self.started = time.monotonic()
        return self.runs.popleft()

    def kill(self, reason: Failure | None = None) -> None:
        """Kill it."""
        self.kill_reason = reason
        self.process.kill()


class ProcessPool:
    """Supervised processes on this machine.

    Parameters
    ----------
    study
        What the runs have in common, usually their study; sent to each worker once.
    workers
        Number of processes.
    timeout, memory
        Seconds that a run may take, and MB that it may use above what an idle worker has. None: no limit.
    execute, initialize
        The function of `study` and a run that does the run, and one that a worker calls before its first run.
    """

    def __init__(
        self,
        study: Any,
        workers: int = 1,
        timeout: float | None = None,
        memory: float | None = None,
        execute: Any = child.execute,
        initialize: Callable[[], None] | None = child.warm_up,
    ) -> None:
        # A fork server that has loaded everything is safer than forking this process, and starts a worker in
        # milliseconds, where a fresh interpreter needs seconds.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            [execute.__module__, "batch.preload"] if initialize else [execute.__module__]
        )
        with ignored_interrupts():
            forkserver.ensure_running()
        self._job = child.pickled_job(study, execute, initialize)
        self._size, self._timeout, self._memory = workers, timeout, memory
        self._pending: deque[Run] = deque()
        self._deaths: Counter[str] = Counter()
        self._failed_starts = 0
        self._memory_polled = 0.0
        self._workers: list[Worker] = []

    @property
    def free_slots(self) -> int:
        """How many more runs it accepts now."""
        return RUNS_QUEUED * self._size - len(self._pending) - sum(len(worker.runs) for worker in self._workers)

    @property
    def idle(self) -> bool:
        """Whether it has no runs left."""
        return not self._pending and not any(worker.runs for worker in self._workers)

    def submit(self, run: "Run") -> None:
        """Queue a run."""
        self._pending.append(run)

    def collect(self, seconds: float) -> list[FinishedRun]:
        """Wait up to so many seconds for runs to finish, and return those that have."""
        self._start_workers()
        self._assign_runs()
        ready = wait(self._wait_handles(), self._wait_seconds(seconds))
        finished: list[FinishedRun] = []
        for worker in list(self._workers):
            if worker.pipe in ready or worker.process.sentinel in ready:
                finished += self._receive(worker, dead=worker.process.sentinel in ready)
        self._enforce_limits()
        return finished

    def cancel_pending(self) -> None:
        """Cancel the runs that have not started: those not sent, and the second one that each worker holds."""
        self._pending.clear()
        for worker in self._workers:
            while len(worker.runs) > 1:
                worker.runs.pop()

    def close(self) -> None:
        """Kill the workers, whatever they are doing."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.process.join(timeout=5.0)
            worker.pipe.close()
        self._workers = []

    # --- one turn of the supervisor

    def _start_workers(self) -> None:
        """Replace the workers that have exited or are retiring."""
        wanted = self._size - sum(not worker.retiring for worker in self._workers)
        try:
            for _ in range(wanted):
                self._workers.append(Worker(self._context, self._job, self._memory))
        except (OSError, EOFError) as error:  # the fork server was killed; the next turn starts another
            self._start_failed(child.reason_of(error))

    def _assign_runs(self) -> None:
        """Send the pending runs to the workers that have the fewest."""
        for held in range(RUNS_QUEUED):
            for worker in self._workers:
                if self._pending and worker.ready and not worker.retiring and len(worker.runs) == held:
                    self._send(worker, self._pending.popleft())

    def _send(self, worker: Worker, run: "Run") -> None:
        try:
            worker.send(run)
            if worker.sent == RUNS_PER_WORKER:
                worker.retiring = True
                worker.pipe.send(None)
        except OSError:  # it has just died, as its sentinel will show
            pass

    def _wait_handles(self) -> list[Connection | int]:
        return [handle for worker in self._workers for handle in (worker.pipe, worker.process.sentinel)]

    def _wait_seconds(self, seconds: float) -> float:
        """Return how long to wait before a limit has to be checked."""
        if self._memory is not None:
            seconds = min(seconds, MEMORY_POLL_SECONDS)
        if self._timeout is not None:
            starts = [worker.started for worker in self._workers if worker.runs]
            seconds = min([seconds, *(start + self._timeout - time.monotonic() for start in starts)])
        return max(seconds, 0.0)

    def _receive(self, worker: Worker, *, dead: bool) -> list[FinishedRun]:
        """Read a worker's messages; remove it if it is dead."""
        finished: list[FinishedRun] = []
        try:
            while worker.pipe.poll():
                kind, content = worker.pipe.recv()
                if kind == child.READY:
                    worker.ready, worker.baseline, self._failed_starts = True, content, 0
                elif kind == child.RETIRING:
                    worker.retiring = True
                    self._pending.extendleft(reversed(worker.runs))
                    worker.runs.clear()
                elif kind == child.START_FAILED:
                    raise ExecutorError(f"a worker cannot start: {content}")
                elif not worker.runs:
                    continue  # a run that was cancelled
                elif kind == child.DONE:
                    finished.append(FinishedRun(worker.finish_run(), content))
                else:
                    finished.append(FinishedRun(worker.finish_run(), Failure(*content)))
        except (EOFError, OSError):
            dead = True
        return finished + self._on_exit(worker) if dead else finished

    def _on_exit(self, worker: Worker) -> list[FinishedRun]:
        """Remove a dead worker; return its run as failed if the run is to blame."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(timeout=5.0)
        code = worker.process.exitcode
        if not worker.ready:
            self._start_failed(_exit_text(code))
        if not worker.runs:
            return []
        run, *others = worker.runs
        self._pending.extendleft(reversed(others))
        if worker.kill_reason is not None:
            return [FinishedRun(run, worker.kill_reason)]
        if code is not None and 0 <= code < FORK_SERVER_DIED:
            return [FinishedRun(run, Failure(f"worker died: {_exit_text(code)}"))]
        self._deaths[run.run_id] += 1  # it may have been killed from outside: the run is tried again
        if self._deaths[run.run_id] < MOST_DEATHS:
            self._pending.appendleft(run)
            return []
        return [FinishedRun(run, Failure(f"worker died: {_exit_text(code)}, {MOST_DEATHS} times"))]

    def _start_failed(self, reason: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= MOST_FAILED_STARTS:
            raise ExecutorError(f"workers die before they are ready ({reason}), {MOST_FAILED_STARTS} in a row")

    def _enforce_limits(self) -> None:
        """Kill the workers whose run exceeds its time or memory."""
        now = time.monotonic()
        for worker in self._workers:
            if not worker.ready and now - worker.started > START_SECONDS:
                worker.kill()
        busy = [worker for worker in self._workers if worker.runs and worker.kill_reason is None]
        if self._timeout is not None:
            for worker in busy:
                if now - worker.started > self._timeout and not worker.pipe.poll():
                    worker.kill(Failure(f"timeout: more than {self._timeout:g} s"))
        if self._memory is not None and now - self._memory_polled > MEMORY_POLL_SECONDS:
            self._memory_polled = now
            for worker in busy:
                if memory_of(worker.process.pid) - worker.baseline > self._memory * 2**20:
                    worker.kill(Failure(f"memory: more than {self._memory:g} MB"))


@contextmanager
def ignored_interrupts() -> Iterator[None]:
    """Start processes that ignore Ctrl-C, as do their children: the supervisor handles it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def hidden_main() -> Iterator[None]:
    """Start processes that do not import the caller's script again, as workers need nothing of it.

    Scripts without an `if __name__ == "__main__"` guard, notebooks and prompts can therefore run studies.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _exit_text(code: int | None) -> str:
    """Return how a process ended.

    >>> _exit_text(-9), _exit_text(3)
    ('signal 9 (SIGKILL)', 'exit code 3')
    """
    if code is not None and code < 0:
        return f"signal {-code} ({signal.Signals(-code).name})"
    return f"exit code {code}"
