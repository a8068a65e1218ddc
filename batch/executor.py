"""What runs a study's runs: the interface of an executor, and what it returns."""

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from batch.store import Failure

if TYPE_CHECKING:
    from batch.study import Run

MOST_DEATHS = 3  # a run whose worker has died so often is recorded as failed


class ExecutorError(RuntimeError):
    """The executor cannot do any runs."""


class FinishedRun(NamedTuple):
    """A run and its result."""

    run: "Run"
    result: bytes | Failure  # packed, see batch.codec


@runtime_checkable
class Executor(Protocol):
    """An executor of runs: supervised processes on this machine, or a `concurrent.futures` executor."""

    @property
    def free_slots(self) -> int:
        """How many more runs it accepts now."""

    @property
    def idle(self) -> bool:
        """Whether it has no runs left."""

    def submit(self, run: "Run") -> None:
        """Queue a run."""

    def collect(self, seconds: float) -> list[FinishedRun]:
        """Wait up to so many seconds for runs to finish, and return those that have."""

    def cancel_pending(self) -> None:
        """Cancel the runs that have not started."""

    def close(self) -> None:
        """Stop immediately, and cancel what is running."""
