"""Runs for the claims' studies, none of which may fail."""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from answers.experiment import carry_out
from batch.study import Study

if TYPE_CHECKING:
    import pandas as pd


def ten_server_settings(users: int) -> dict[str, Any]:
    """Return settings for this number of users on ten servers per host, as in the thought experiment with 20,000.

    With fewer servers, an outage hits more neighbours on the same day and their messages arrive together. This
    affects how many users leave more than the number of users does.
    """
    capacity = -(-users // 20)
    return {"users.count": users} | {f"providers.{j}.server_capacity": capacity for j in (0, 1)}


def run_all(study: Study, workers: int) -> "pd.DataFrame":
    """Return a row for each run of a study, sorted by point and replicate.

    Raises
    ------
    RuntimeError
        If a run fails: a claim needs all of its runs.
    """
    runs = carry_out(study, workers=workers)
    if len(runs.failures):
        raise RuntimeError(
            f"{study.name}: {len(runs.failures)} runs failed; the first: {runs.failures['reason'].iloc[0]}"
        )
    return runs.table


def parallel_map(function: Callable[[Any], Any], tasks: Iterable[Any], workers: int) -> list[Any]:
    """Return the function's result for each task, in order. For runs that no study can describe."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return list(pool.map(function, tasks, chunksize=4))
