"""The command line as a process of its own."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PATIENCE = 300  # seconds that anything may take on a busy machine


def patchmarket(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "patchmarket", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=ENVIRONMENT,
        check=False,
        timeout=PATIENCE,
    )


@contextmanager
def running(*arguments, **options):
    """A command that runs meanwhile, killed at the end if it still does."""
    command = [sys.executable, "-m", "patchmarket", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, **pipes, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(condition, process=None):
    """Wait for a condition, as long as a process lives that is to bring it about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process is None or process.poll() is None, "the process has ended"
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.01)
