"""The worker process: it loads what runs need, does them one after the other, and sends back their results."""

import ctypes
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, cast

import cloudpickle

from batch.codec import pack
from batch.machine import limit_memory, memory_of
from model.errors import ScenarioError

if TYPE_CHECKING:
    from batch.outcomes import Result
    from batch.study import Run, Study

    Execute = Callable[[Any, Run], Result]

PR_SET_PDEATHSIG = 1
READY, DONE, FAILED, RETIRING, START_FAILED = "ready", "done", "failed", "retiring", "start failed"
OUT_OF_MEMORY = "memory"


def execute(study: "Study", run: "Run") -> "Result":
    """Run one market and return what the study keeps of it."""
    from batch import outcomes

    return outcomes.execute(study, run)


def warm_up() -> None:
    """Load and compile what a run needs, so that the first is as fast as the others."""
    import pyarrow as pa

    from batch import outcomes

    outcomes.warm_up()
    table = pa.table({"x": [1]})  # loads pandas, which Arrow imports for its first list
    pack(outcomes.Result({}, table, table, table))


def run_worker(pipe: Connection, job: bytes, memory_mb: float | None) -> None:
    """Do the runs that arrive on the pipe until it closes or brings None.

    The messages sent back are pairs: (`READY`, memory in bytes), (`DONE`, packed result), (`FAILED`, (reason,
    traceback)), (`RETIRING`, None) when the worker accepts no more runs, and (`START_FAILED`, reason).
    """
    detach()
    try:
        try:
            study, execute = unpickled_job(job)
        except Exception as error:
            pipe.send((START_FAILED, reason_of(error)))
            return
        pipe.send((READY, memory_of()))
        if memory_mb is not None:
            set_memory_limit(memory_mb)
        while (run := pipe.recv()) is not None:
            message = attempt(study, execute, run)
            pipe.send(message)
            if message[0] == FAILED and message[1][0].startswith(OUT_OF_MEMORY):
                break  # the memory of this process is too fragmented to go on
        pipe.send((RETIRING, None))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the supervisor died


def attempt(study: Any, execute: "Execute", run: "Run") -> tuple[str, Any]:
    """Do one run; return its result or failure as a message."""
    try:
        return DONE, pack(execute(study, run))
    except MemoryError as error:
        return FAILED, (f"{OUT_OF_MEMORY}: {reason_of(error)}", traceback.format_exc())
    except BaseException as error:  # SystemExit too: a run must not end its worker
        return FAILED, (reason_of(error), traceback.format_exc())


def run_pickled(job: bytes, run: "Run") -> tuple[str, Any]:
    """Do one run of a pickled job: the function that `concurrent.futures` executors are given."""
    return attempt(*_remembered(job), run)


def reason_of(error: BaseException) -> str:
    """Describe an error in one line."""
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    return text if len(text) <= 300 else text[:297] + "..."


def detach() -> None:
    """Ignore Ctrl-C, print nothing, and die with the supervisor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def set_memory_limit(megabytes: float) -> None:
    """Limit this process to so much more memory than it has now."""
    import pyarrow

    pyarrow.set_memory_pool(pyarrow.system_memory_pool())  # the others reserve a gigabyte of addresses beforehand
    limit_memory(megabytes)


def pickled_job(study: Any, execute: Any = execute, initialize: Callable[[], None] | None = warm_up) -> bytes:
    """Pickle, once, what every worker needs; the code of plugins that are not installed goes with it."""
    plugins = getattr(study, "named_plugins", [])
    if not plugins:
        return pickle.dumps((plugins, study, execute, initialize))
    modules = {plugin.rule.__module__ for plugin in plugins if not plugin.installed} - {"__main__"}
    try:
        for module in modules:
            cloudpickle.register_pickle_by_value(sys.modules[module])
        return cast("bytes", cloudpickle.dumps((plugins, study, execute, initialize)))
    except (pickle.PicklingError, TypeError) as error:
        names = ", ".join(plugin.name for plugin in plugins)
        allowed = "save it in a file that defines all it needs, and load that"
        raise ScenarioError(f"plugin {names}: cannot be sent to workers ({reason_of(error)}); {allowed}") from None
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(sys.modules[module])


def unpickled_job(job: bytes) -> tuple[Any, Any]:
    """Return the study and the function that does its runs, in a process that now knows its plugins and is warm."""
    plugins, study, execute, initialize = pickle.loads(job)  # from the process that runs the study
    if plugins:
        from model.plugins import load_plugins

        load_plugins(plugins)
    if initialize is not None:
        initialize()
    return study, execute


_remembered = lru_cache(maxsize=2)(unpickled_job)  # a worker of an executor gets the job with each run
