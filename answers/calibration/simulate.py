"""The runs of a trial, on the pool of worker processes that studies use too."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

import pandas as pd

from answers.calibration.measures import Seen, observe
from answers.calibration.targets import Target
from batch.codec import unpack_row
from batch.executor import ExecutorError
from batch.outcomes import Result
from batch.pool import ProcessPool
from batch.runner import TURN_SECONDS
from batch.stopping import StopRequests
from batch.store import Failure
from batch.study import Run
from model.scenario import Scenario

Simulate = Callable[[Scenario, Sequence[int]], list[list[Seen]]]


@contextmanager
def simulator(targets: Sequence[Target], workers: int) -> Iterator[Simulate]:
    """Give a function that runs a scenario once for each seed and returns what each run gives for each target.

    What it returns does not depend on the number of workers. In this context Ctrl-C takes effect between runs, never
    in the middle of writing a trial.

    Raises
    ------
    ExecutorError
        When a run fails.
    """
    with StopRequests() as stop, closing(ProcessPool(tuple(targets), workers, execute=execute)) as pool:

        def simulate(scenario: Scenario, seeds: Sequence[int]) -> list[list[Seen]]:
            for number, seed in enumerate(seeds):
                pool.submit(Run(f"{number}", 0, number, seed, {"scenario": scenario}))
            results: dict[int, list[Seen]] = {}
            while len(results) < len(seeds):
                if stop.requested:
                    raise KeyboardInterrupt
                for run, result in pool.collect(TURN_SECONDS):
                    if isinstance(result, Failure):
                        raise ExecutorError(f"a run failed: {result.reason}")
                    results[run.replicate] = [decoded(*pair) for pair in unpack_row(result)["seen"]]
            return [results[number] for number in range(len(seeds))]

        yield simulate


def execute(targets: Sequence[Target], run: Run) -> Result:
    """Run one market in a worker process, and return what it gives for each target."""
    seen = observe(run.settings["scenario"], targets, run.seed)
    plain = [(share, None if counts is None else counts.to_dict("list")) for share, counts in seen]
    return Result({"seen": plain}, None, None, None)


def decoded(share: float, counts: dict[str, list[int]] | None) -> Seen:
    """Return what `execute` has encoded."""
    return Seen(share, None if counts is None else pd.DataFrame(counts).astype("int64"))
