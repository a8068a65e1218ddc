"""What happens in a worker process: it gets ready, takes runs one after the other, and sends back what came of them."""

import ctypes
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.wire import pack

if TYPE_CHECKING:
    from batch.outcomes import Result
    from batch.study import Run, Study

    Execute = Callable[[Study, Run], Result]

PR_SET_PDEATHSIG = 1
READY, DONE, FAILED, LEAVING, BROKEN = "ready", "done", "failed", "leaving", "broken"
OUT_OF_MEMORY = "memory"


def execute(study: "Study", run: "Run") -> "Result":
    """Run one market and return what the study wants of it."""
    from batch import outcomes

    return outcomes.execute(study, run)


def warm_up() -> None:
    """Load and compile what a run needs, so that the first is as quick as the others."""
    import pyarrow as pa

    from batch import outcomes

    outcomes.warm_up()
    table = pa.table({"x": [1]})  # loads pandas, which Arrow looks for when it meets its first list
    pack(outcomes.Result({}, table, table, table))


def work(pipe: Connection, job: bytes, memory_mb: float | None) -> None:
    """Do runs until the pipe closes: the supervisor has no more, or is dead.

    Messages are pairs: (`READY`, memory in bytes), (`DONE`, packed result), (`FAILED`, (reason, traceback)), and
    (`LEAVING`, None) from a worker that takes no more runs, (`BROKEN`, why) from one that never could.
    """
    detach()
    try:
        try:
            study, do, prepare = pickle.loads(job)  # from our own supervisor
            if prepare is not None:
                prepare()
        except Exception as error:
            pipe.send((BROKEN, reason_of(error)))
            return
        pipe.send((READY, memory_of(os.getpid())))
        if memory_mb is not None:
            cap_memory(memory_mb)
        while (run := pipe.recv()) is not None:
            message = attempt(study, do, run)
            pipe.send(message)
            if message[0] == FAILED and message[1][0].startswith(OUT_OF_MEMORY):
                break  # what is left of this process's memory is in pieces
        pipe.send((LEAVING, None))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the supervisor died


def attempt(study: "Study", do: "Execute", run: "Run") -> tuple[str, Any]:
    """Do one run; return what came of it as a message."""
    try:
        return DONE, pack(do(study, run))
    except MemoryError as error:
        return FAILED, (f"{OUT_OF_MEMORY}: {reason_of(error)}", traceback.format_exc())
    except BaseException as error:  # SystemExit too: whatever a run does, it is only a run
        return FAILED, (reason_of(error), traceback.format_exc())


def attempt_job(job: bytes, run: "Run") -> tuple[str, Any]:
    """Do one run of a job that came as bytes: what an executor is given."""
    return attempt(*_opened(job), run)


@lru_cache(maxsize=2)
def _opened(job: bytes) -> tuple[Any, Any]:
    study, do, prepare = pickle.loads(job)  # from whoever started the study
    if prepare is not None:
        prepare()
    return study, do


def reason_of(error: BaseException) -> str:
    """Say in one line what went wrong."""
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    return text if len(text) <= 300 else text[:297] + "..."


def detach() -> None:
    """Leave the keyboard and the terminal to the supervisor, and die when it dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)


def cap_memory(megabytes: float) -> None:
    """Let this process ask for so much more address space than it has now, and no more."""
    import pyarrow

    pyarrow.set_memory_pool(pyarrow.system_memory_pool())  # others reserve a gigabyte of addresses beforehand
    pages = Path("/proc/self/statm")
    if pages.exists():
        now = int(pages.read_text().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (now + int(megabytes * 2**20), hard))


def memory_of(process: int | None) -> int:
    """Return the bytes of memory that a process has in use; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def job_of(study: "Study", do: Any = execute, prepare: Callable[[], None] | None = warm_up) -> bytes:
    """Write down, once, what every worker must know."""
    return pickle.dumps((study, do, prepare))
