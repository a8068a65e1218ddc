"""Studies on a Dask cluster that is already running; docs/sweeps.md explains how to start one."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from model.errors import ScenarioError

CONNECT_SECONDS = 20
RUNS_PER_THREAD = 4  # submitted at once, so that no thread waits for the next run


class Cluster(NamedTuple):
    """A `concurrent.futures` executor on a cluster."""

    submit: Callable[..., Any]
    client: Any

    def lost(self) -> str | None:
        """Return why no run will be done any more, None while that is not so.

        A client that loses its scheduler tries to reconnect, for `CONNECT_SECONDS`, before it closes itself.
        """
        return None if self.client.status in ("running", "connecting") else "the cluster's scheduler is gone"


@contextmanager
def connect(address: str) -> Iterator[tuple[Cluster, int]]:
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
    with _quiet(), client:
        threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
        if threads == 0:
            raise ScenarioError.of("--cluster", address, "must have workers; start some, e.g. dask worker " + address)
        # `pure=False`: a run is to be done even if Dask has seen its like; `retries` outlive workers that are killed.
        yield Cluster(client.get_executor(pure=False, retries=3).submit, client), RUNS_PER_THREAD * threads


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Dask logs of lost connections off the terminal, where it would break the line of progress."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
