"""Runs on any executor of the `concurrent.futures` kind: a process pool, joblib's loky, MPI's, Dask's."""

from collections import Counter
from concurrent.futures import CancelledError
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from batch.executor import MOST_DEATHS, ExecutorError, FinishedRun
from batch.store import Failure
from batch.worker import DONE, execute, pickled_job, reason_of, run_pickled, warm_up

if TYPE_CHECKING:
    from batch.study import Run, Study


class FuturesExecutor:
    """Submits runs to a `concurrent.futures` executor and collects their results in any order.

    Such an executor cannot stop a run that has started, so there is no time or memory limit here.

    Parameters
    ----------
    study
        The study that the runs belong to.
    executor
        Anything with `submit(function, *arguments)` that returns a future with `add_done_callback`. If it has a method
        `lost()`, that returns why no future will end any more, or None.
    size
        The most runs submitted at once.
    execute, initialize
        The function of the study and a run that does the run, and one that a worker calls before its first run.
    """

    def __init__(
        self, study: "Study", executor: Any, size: int, execute: Any = execute, initialize: Any = warm_up
    ) -> None:
        self._executor, self._size = executor, size
        self._lost = getattr(executor, "lost", lambda: None)
        self._job = pickled_job(study, execute, initialize)
        self._futures: dict[str, tuple[Run, Any]] = {}
        self._finished: SimpleQueue[tuple[Run, Any]] = SimpleQueue()
        self._deaths: Counter[str] = Counter()

    @property
    def free_slots(self) -> int:
        """How many more runs it accepts now."""
        return self._size - len(self._futures)

    @property
    def idle(self) -> bool:
        """Whether it has no runs left."""
        return not self._futures

    def submit(self, run: "Run") -> None:
        """Submit a run."""
        try:
            future = self._executor.submit(run_pickled, self._job, run)
        except RuntimeError as error:  # shut down, or its pool is broken
            raise ExecutorError(f"the executor accepts no more runs: {reason_of(error)}") from None
        self._futures[run.run_id] = run, future
        future.add_done_callback(lambda done: self._finished.put((run, done)))

    def collect(self, seconds: float) -> list[FinishedRun]:
        """Wait up to so many seconds for runs to finish, and return those that have."""
        finished: list[FinishedRun] = []
        try:
            while True:
                run, future = self._finished.get(timeout=0 if finished else seconds)
                if self._futures.pop(run.run_id, None) is not None:  # otherwise it was cancelled
                    finished += self._result(run, future)
        except Empty:
            reason = self._lost() if self._futures and not finished else None
            if reason:
                raise ExecutorError(reason) from None
            return finished

    def cancel_pending(self) -> None:
        """Cancel the runs that have not started."""
        if self._lost():
            self._futures.clear()
        for run_id, (_, future) in list(self._futures.items()):
            if future.cancel():
                self._futures.pop(run_id, None)

    def close(self) -> None:
        """Cancel what can be cancelled; the executor itself belongs to the caller."""
        self.cancel_pending()

    def _result(self, run: "Run", future: Any) -> list[FinishedRun]:
        error = CancelledError("it was cancelled") if future.cancelled() else future.exception()
        if error is None:
            kind, content = future.result()
            return [FinishedRun(run, content if kind == DONE else Failure(*content))]
        self._deaths[run.run_id] += 1  # not the run's own error: its worker died, or its result was lost
        if self._deaths[run.run_id] < MOST_DEATHS:
            self.submit(run)
            return []
        return [FinishedRun(run, Failure(f"worker died: {reason_of(error)}, {MOST_DEATHS} times"))]
