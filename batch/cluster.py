"""Studies on a Dask cluster that is already running; docs/sweeps.md explains how to start one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from model.errors import ScenarioError

CONNECT_SECONDS = 20
RUNS_PER_THREAD = 4  # submitted at once, so that no thread waits for the next run


@contextmanager
def connect(address: str) -> Iterator[tuple[Any, int]]:
    """Give an executor for the cluster at an address, and how many runs to submit at once.

    Raises
    ------
    ScenarioError
        When Dask is not installed, no scheduler answers, or the cluster has no workers.
    """
    try:
        import distributed
    except ImportError:
        raise ScenarioError("--cluster needs Dask: install patchmarket[cluster]") from None
    try:
        connect_client: Any = distributed.Client
        client = connect_client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ScenarioError.of("--cluster", address, f"must be a Dask scheduler that answers ({reason})") from None
    with client:
        threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
        if threads == 0:
            raise ScenarioError.of("--cluster", address, "must have workers; start some, e.g. dask worker " + address)
        # `pure=False`: a run is to be done even if Dask has seen its like; `retries` outlive workers that are killed.
        yield client.get_executor(pure=False, retries=3), RUNS_PER_THREAD * threads
