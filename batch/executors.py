"""A crew behind any executor of the `concurrent.futures` kind: joblib's loky, MPI's, Dask's, a plain pool."""

from collections import Counter
from concurrent.futures import CancelledError
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from batch.store import Failure
from batch.worker import DONE, attempt_job, execute, job_of, reason_of, warm_up
from batch.workers import DEATHS, CrewError, Outcome

if TYPE_CHECKING:
    from batch.study import Run, Study


class Executor:
    """A crew that submits runs to an executor and takes what comes back, in any order.

    Only the executor can stop a run of its own, so there is no timeout and no memory limit here.

    Parameters
    ----------
    study
        What the runs belong to.
    executor
        Anything with `submit(function, *arguments)` that returns a future with `add_done_callback`.
    size
        How many runs it may hold at once.
    do, prepare
        What is done with the study and a run, and what before the first.
    """

    def __init__(self, study: "Study", executor: Any, size: int, do: Any = execute, prepare: Any = warm_up) -> None:
        self._executor, self._size = executor, size
        self._job = job_of(study, do, prepare)
        self._futures: dict[str, tuple[Run, Any]] = {}
        self._finished: SimpleQueue[tuple[Run, Any]] = SimpleQueue()
        self._deaths: Counter[str] = Counter()

    @property
    def room(self) -> int:
        """How many more runs it would take now."""
        return self._size - len(self._futures)

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do."""
        return not self._futures

    def hand_out(self, run: "Run") -> None:
        """Give it a run."""
        try:
            future = self._executor.submit(attempt_job, self._job, run)
        except RuntimeError as error:  # shut down, or its pool is broken
            raise CrewError(f"the executor takes no more runs: {reason_of(error)}") from None
        self._futures[run.run_id] = run, future
        future.add_done_callback(lambda done: self._finished.put((run, done)))

    def collect(self, seconds: float) -> list[Outcome]:
        """Wait for at most so long; return what was finished."""
        outcomes: list[Outcome] = []
        try:
            while True:
                run, future = self._finished.get(timeout=0 if outcomes else seconds)
                if self._futures.pop(run.run_id, None) is not None:  # else we took it back
                    outcomes += self._outcome(run, future)
        except Empty:
            return outcomes

    def drop_waiting(self) -> None:
        """Take back the runs that have not begun."""
        for run_id, (_, future) in list(self._futures.items()):
            if future.cancel():
                self._futures.pop(run_id, None)

    def close(self) -> None:
        """Take back what can be; the executor is its owner's."""
        self.drop_waiting()

    def _outcome(self, run: "Run", future: Any) -> list[Outcome]:
        error = CancelledError("it was cancelled") if future.cancelled() else future.exception()
        if error is None:
            kind, what = future.result()
            return [Outcome(run, what if kind == DONE else Failure(*what))]
        self._deaths[run.run_id] += 1  # not the run's own error: its worker died, or its answer was lost
        if self._deaths[run.run_id] < DEATHS:
            self.hand_out(run)
            return []
        return [Outcome(run, Failure(f"worker died: {reason_of(error)}, {DEATHS} times"))]
