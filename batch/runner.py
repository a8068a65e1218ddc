"""The runner: a study is a market, repeated. `run_study` is the whole study as one loop."""

import math
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from batch.executor import Executor
from batch.futures import FuturesExecutor
from batch.machine import cores
from batch.plan import Plan, Shard
from batch.pool import ProcessPool
from batch.progress import Counts, Display, in_notebook
from batch.stopping import StopRequests
from batch.store import Failure, Store

if TYPE_CHECKING:
    from batch.study import Study

TURN_SECONDS = 0.5  # the longest that the loop waits for results


class StudyOutcome(NamedTuple):
    """How many runs were done now; how many in the folder have failed; how many needed no run now."""

    done: int
    failed: int
    skipped: int


class Stopped(KeyboardInterrupt):
    """Raised after Ctrl-C, when the folder is consistent; `outcome` says what was done."""

    def __init__(self, outcome: StudyOutcome) -> None:
        super().__init__("stopped")
        self.outcome = outcome


def run_study(
    study: "Study",
    out: str | Path,
    executor: Any = None,
    *,
    workers: int = 1,
    shard: Shard | str | None = None,
    timeout: float | None = None,
    memory: float | None = None,
    retry_failed: bool = False,
    progress: Callable[[Counts], object] | None = None,
) -> StudyOutcome:
    """Do the runs of a study that are not done yet, and store their results in a folder.

    Parameters
    ----------
    study
        The study.
    out
        The folder. One that holds a part of the same study is completed; anything else in it is refused.
    executor
        What does the runs: None for supervised processes on this machine, a `batch.executor.Executor`, or any
        executor with the `submit` of `concurrent.futures`, to which limits do not apply.
    workers
        Number of processes; with a `concurrent.futures` executor, how many runs it does at once.
    shard
        Do only a share of the runs, e.g. "1/4".
    timeout, memory
        Seconds a run may take and MB it may use. None: the limits of the study.
    retry_failed
        Try the runs that failed before again.
    progress
        Called with `Counts` after each turn. None shows a progress line in a notebook, and nothing elsewhere.

    Raises
    ------
    ScenarioError
        When the folder cannot be used.
    Stopped
        After Ctrl-C, when running runs have finished or been cancelled.
    """
    shard = Shard.read(shard) if isinstance(shard, str) else shard or Shard()
    reporting = Display() if progress is None and in_notebook() else nullcontext(progress)
    part = f"{shard.number}/{shard.of}"
    with Store(Path(out), study, shard=part) as store, StopRequests() as stop, reporting as show:
        plan = Plan(study, shard, settled(study, store, retry_failed=retry_failed))
        done = failed = 0
        with closing(executor_for(study, executor, workers, timeout, memory)) as runner:
            while not stop.expired:
                while not stop.requested and runner.free_slots > 0 and (run := plan.next()):
                    store.start(run)
                    runner.submit(run)
                if stop.requested:
                    runner.cancel_pending()
                if runner.idle:
                    break
                for run, result in runner.collect(TURN_SECONDS):
                    if isinstance(result, Failure):
                        store.fail(run, result)
                        plan.finished(run, None)
                        failed += 1
                    else:
                        plan.finished(run, store.add(result))
                        done += 1
                store.flush_due()
                if show is not None:
                    show(Counts(done, failed, plan.skipped, plan.most, stop.requested))
        store.finish(stopped=stop.requested)
        outcome = StudyOutcome(done, len(store.failed), plan.skipped)
    if stop.requested:
        raise Stopped(outcome)
    return outcome


def settled(study: "Study", store: Store, *, retry_failed: bool) -> dict[str, float]:
    """Return the runs that are not to be done again, with the outcome that decides whether their point needs more."""
    known = dict.fromkeys(store.done, math.nan)
    if not retry_failed:
        known |= dict.fromkeys(store.failed, math.nan)
    if study.replicates.adaptive:
        known |= store.values(study.replicates.outcome)
    return known


def executor_for(study: "Study", executor: Any, workers: int, timeout: float | None, memory: float | None) -> Executor:
    """Return what does the runs."""
    if executor is None:
        limits = study.limits
        return ProcessPool(study, workers, timeout or limits.timeout_seconds, memory or limits.memory_mb)
    if isinstance(executor, Executor):
        return executor
    return FuturesExecutor(study, executor, 2 * max(workers, cores()))
