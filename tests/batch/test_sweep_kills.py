"""Sweeps killed at random moments and resumed give, to the last bit, the tables of one that was left alone."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from batch.analysis import open_study
from batch.runner import run_study
from tests import faults
from tests.agreement import same_folders
from tests.commands import ENVIRONMENT, ROOT, wait_until

REPLICATES = 60  # of 4 points: 240 runs of 5 ms
LAST_MOMENT = 1.2  # seconds after the first run began


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("kills") / "whole"
    study = faults.study(replicates=REPLICATES)
    assert run_study(study, out, faults.pool(study)) == (4 * REPLICATES, 0, 0)
    return out


@pytest.fixture(scope="module")
def forking():
    """A process that forks sweeps: see `faults.fork_sweeps`."""
    command = [sys.executable, "-m", "tests.faults"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, text=True, bufsize=1, **pipes) as process:
        yield process
        process.stdin.close()
        assert "Traceback" not in process.stderr.read()


class Sweep:
    """A sweep as a process of its own, with two workers."""

    def __init__(self, forking, out):
        self.out, self.answers = out, forking.stdout
        forking.stdin.write(f"{out} quick 2 {REPLICATES}\n")
        self.pid = int(self.answers.readline())

    def wait(self):
        """Wait for its end; return how it ended."""
        return int(self.answers.readline())

    def until_begun(self):
        wait_until(lambda: begun(self.out))


def descendants(process):
    """The processes that a sweep has started: the fork server and the workers."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def begun(out):
    try:
        return b'"started"' in (out / "ledger.jsonl").read_bytes()
    except FileNotFoundError:
        return False


def survive(forking, out, dice):
    """Kill the supervisor of a sweep, one of its other processes, or both at some moment; go on until it is done."""
    sweep = Sweep(forking, out)
    sweep.until_begun()
    time.sleep(dice.uniform(0, LAST_MOMENT))
    victims = dice.choice(["supervisor", "worker", "both"])
    children = descendants(sweep)
    if victims != "supervisor" and children:
        kill(dice.choice(children).pid)
    if victims != "worker":
        kill(sweep.pid)
    code = sweep.wait()
    wait_until(lambda: all(gone(child) for child in children))  # no worker outlives its supervisor
    if victims == "worker":
        assert code == 0, "a killed worker is no reason to fail"
    open_study(out).runs()  # readable, whatever happened
    study = faults.study(replicates=REPLICATES)
    assert run_study(study, out, faults.pool(study, workers=2)).failed == 0


def gone(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 50))])
def test_nothing_is_lost_and_nothing_twice(forking, tmp_path, whole, seed):
    survive(forking, tmp_path / "out", random.Random(seed))
    assert same_folders(tmp_path / "out", whole)
    assert len(open_study(tmp_path / "out").runs()) == 4 * REPLICATES


@pytest.mark.slow
def test_killed_again_and_again(forking, tmp_path, whole):
    out, dice = tmp_path / "out", random.Random(1)
    for _ in range(2):
        sweep = Sweep(forking, out)
        sweep.until_begun()
        time.sleep(dice.uniform(0, 0.3))
        kill(sweep.pid)
        sweep.wait()
    survive(forking, out, dice)
    assert same_folders(out, whole)
    assert len(list((out / "runs").iterdir())) <= 4
