"""The command line, in this process where that is enough, or in one of its own."""

import contextlib
import io
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest

from patchmarket.cli import main

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PATIENCE = 300  # seconds that anything may take on a busy machine


class Done(NamedTuple):
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


def patchmarket(*arguments, cwd=ROOT):
    """Run a command in this process, which spares the start of a new one."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        mock.patch.object(sys, "argv", ["patchmarket", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as left,
    ):
        main()
    return Done(left.value.code or 0, out.getvalue(), err.getvalue())


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
