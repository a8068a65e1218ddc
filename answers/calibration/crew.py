"""The processes that run a calibration's markets."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, connection, get_context, parent_process
from typing import Any

from answers.calibration.measures import Seen, observe
from answers.calibration.targets import Target
from model.scenario import Scenario

Simulate = Callable[[Scenario, Sequence[int]], list[list[Seen]]]


@contextmanager
def crew(targets: Sequence[Target], workers: int) -> Iterator[Simulate]:
    """Give a function that runs a scenario once for each seed, on so many processes, and returns what each run gives.

    What it returns does not depend on the number of processes.
    """
    if workers == 1:
        yield lambda scenario, seeds: [observe(scenario, targets, seed) for seed in seeds]
        return
    others = active_children()
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=attend)

    def simulate(scenario: Scenario, seeds: Sequence[int]) -> list[list[Seen]]:
        jobs = [pool.submit(observe, scenario, targets, seed) for seed in seeds]
        return [job.result() for job in jobs]

    try:
        yield simulate
    except BaseException:  # nothing is kept of a trial that is cut short: there is no reason to wait for it
        for process in active_children():
            if process not in others:
                process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def attend() -> None:
    """Leave Ctrl-C to the parent, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent: Any = parent_process()
    threading.Thread(target=lambda: (connection.wait([parent.sentinel]), os._exit(1)), daemon=True).start()
