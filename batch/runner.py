"""The runner: a study is a market, repeated. `run_study` is the whole study as one loop."""

import math
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from batch.executors import Executor
from batch.plan import Plan, Shard
from batch.stopping import StopRequests
from batch.store import Failure, Store
from batch.workers import Crew, Processes

if TYPE_CHECKING:
    from batch.study import Study

TURN_SECONDS = 0.5  # the longest that the loop waits before it looks around


class StudyOutcome(NamedTuple):
    """How many runs were done now; how many of the folder's have failed; how many were settled before."""

    done: int
    failed: int
    skipped: int


class Counts(NamedTuple):
    """How far a study is; `most` is an upper bound where the study decides as it goes."""

    done: int  # in this session
    failed: int
    skipped: int
    most: int
    stopping: bool  # somebody pressed Ctrl-C; what is running is given a moment


class Stopped(KeyboardInterrupt):
    """Somebody pressed Ctrl-C, and all is whole; `outcome` says how far it came."""

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
    """Do the runs of a study that are not done yet, and keep what they give in a folder.

    Parameters
    ----------
    study
        What to do.
    out
        The folder. One that holds a part of the same study is completed; anything else in it is refused.
    executor
        Who does the runs: None for supervised processes on this machine; a crew (see `batch.workers.Crew`); or
        anything with the `submit` of `concurrent.futures`, to which limits do not apply.
    workers
        How many processes; of an executor, how many runs it can do at once.
    shard
        Do only a share of the runs, e.g. "1/4".
    timeout, memory
        Seconds a run may take and MB it may use. None: what the study says.
    retry_failed
        Do the runs that failed before once more.
    progress
        Called with `Counts` whenever something may have changed.

    Raises
    ------
    ScenarioError
        When the folder cannot be used.
    Stopped
        After Ctrl-C, when what was running has finished or has been dropped.
    """
    shard = Shard.read(shard) if isinstance(shard, str) else shard or Shard()
    with Store(Path(out), study, shard=f"{shard.number}/{shard.of}") as store, StopRequests() as stop:
        plan = Plan(study, shard, settled(study, store, retry_failed=retry_failed))
        done = failed = 0
        with closing(crew_for(study, executor, workers, timeout, memory)) as crew:
            while not stop.over:
                while not stop.asked and crew.room > 0 and (run := plan.next()):
                    store.start(run)
                    crew.hand_out(run)
                if stop.asked:
                    crew.drop_waiting()
                if crew.idle:
                    break
                for run, result in crew.collect(TURN_SECONDS):
                    if isinstance(result, Failure):
                        store.fail(run, result)
                        plan.finished(run, None)
                        failed += 1
                    else:
                        plan.finished(run, store.keep(result))
                        done += 1
                store.tend()
                if progress is not None:
                    progress(Counts(done, failed, plan.skipped, plan.most, stop.asked))
        store.finish(stopped=stop.asked)
        outcome = StudyOutcome(done, len(store.failed), plan.skipped)
    if stop.asked:
        raise Stopped(outcome)
    return outcome


def settled(study: "Study", store: Store, *, retry_failed: bool) -> dict[str, float]:
    """Return the runs that are not to be done again, with the outcome that decides about more of their point."""
    known = dict.fromkeys(store.done, math.nan)
    if not retry_failed:
        known |= dict.fromkeys(store.failed, math.nan)
    if study.replicates.adaptive:
        known |= store.values(study.replicates.outcome)
    return known


def crew_for(study: "Study", executor: Any, workers: int, timeout: float | None, memory: float | None) -> Crew:
    """Return who does the runs."""
    if executor is None:
        limits = study.limits
        return Processes(study, workers, timeout or limits.timeout_seconds, memory or limits.memory_mb)
    if hasattr(executor, "hand_out"):
        crew: Crew = executor
        return crew
    return Executor(study, executor, 2 * max(workers, os.cpu_count() or 1))
