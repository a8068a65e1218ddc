"""A sweep on a Dask cluster: its own scheduler and workers, started by the commands of docs/sweeps.md."""

import os
import re
import signal
import subprocess
import sys

import pytest

from batch.cluster import connect
from batch.futures import FuturesExecutor
from batch.runner import run_study
from batch.study import Study
from tests import faults
from tests.agreement import same_folders
from tests.commands import ENVIRONMENT, PATIENCE, ROOT, patchmarket, running, wait_until

pytest.importorskip("distributed")
REPLICATES = 60


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a scheduler, with two worker processes."""
    folder = tmp_path_factory.mktemp("dask")
    log = (folder / "log").open("w+")
    options = {"cwd": ROOT, "env": ENVIRONMENT, "stdout": log, "stderr": log}

    def dask(*arguments):
        return subprocess.Popen([sys.executable, "-m", "dask", *arguments], **options)

    def until(pattern):
        wait_until(lambda: re.search(pattern, (folder / "log").read_text()))
        return re.search(pattern, (folder / "log").read_text())

    scheduler = dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    address = until(r"Scheduler at: +(tcp://127\.0\.0\.1:\d+)")[1]
    local = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
    workers = dask("worker", address, "--nworkers", "2", *local)
    until(r"(?s)(Registered to:.*){2}")
    yield address
    for process in (workers, scheduler):
        process.terminate()
        process.wait(timeout=PATIENCE)
    log.close()


def executor_on(cluster, study):
    executor, size = cluster
    return FuturesExecutor(study, executor, size, execute=faults.quick, initialize=None)


def test_a_cluster_gives_the_same_tables(tmp_path, cluster):
    study = faults.study(replicates=10)
    run_study(study, tmp_path / "here", faults.pool(study))
    with connect(cluster) as connection:
        assert run_study(study, tmp_path / "there", executor_on(connection, study)) == (40, 0, 0)
    assert same_folders(tmp_path / "here", tmp_path / "there")


@pytest.mark.slow
def test_the_command(tmp_path, cluster):
    done = patchmarket("sweep", "tiny", "--out", str(tmp_path / "there"), "--cluster", cluster)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("12 runs done in ")
    run_study(Study.load("tiny"), tmp_path / "here")
    assert same_folders(tmp_path / "here", tmp_path / "there")


def test_an_adaptive_study(tmp_path, cluster):
    rule = {"minimum": 5, "maximum": 20, "round": 5, "outcome": "moves", "half_width": 150.0}
    study = faults.study(replicates=rule)
    run_study(study, tmp_path / "here", faults.pool(study))
    with connect(cluster) as connection:
        run_study(study, tmp_path / "there", executor_on(connection, study))
    assert same_folders(tmp_path / "here", tmp_path / "there")


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(tmp_path, cluster):
    study = faults.study(replicates=REPLICATES)
    run_study(study, tmp_path / "here", faults.pool(study))
    killed = []

    with connect(cluster) as connection:
        client = connection[0].client

        def progress(counts):
            if counts.done > 40 and not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        assert run_study(study, tmp_path / "there", executor_on(connection, study), progress=progress).failed == 0
    assert killed
    assert same_folders(tmp_path / "here", tmp_path / "there")


def test_nobody_there_is_one_line_and_exit_code_2(tmp_path, monkeypatch):
    monkeypatch.setattr("batch.cluster.CONNECT_SECONDS", 1)
    from model.errors import ScenarioError

    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(ScenarioError) as refused, connect(address):
            pass
        assert str(refused.value).startswith(f"--cluster = {address!r}: must be a Dask scheduler that answers (")
        assert "\n" not in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["the scheduler's death", "Ctrl-C after it"])
def test_a_scheduler_that_dies_ends_the_sweep_in_a_line_and_the_same_command_goes_on(tmp_path, by):
    log = (tmp_path / "log").open("w+")
    options = {"cwd": ROOT, "env": ENVIRONMENT, "stdout": log, "stderr": log}
    dask, local = [sys.executable, "-m", "dask"], ["--nthreads", "1", "--no-dashboard"]
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], **options
    )
    pattern = r"Scheduler at: +(tcp://127\.0\.0\.1:\d+)"
    wait_until(lambda: re.search(pattern, (tmp_path / "log").read_text()), scheduler)
    address = re.search(pattern, (tmp_path / "log").read_text())[1]
    worker = subprocess.Popen([*dask, "worker", address, *local, "--local-directory", str(tmp_path)], **options)
    try:
        wait_until(lambda: "Registered to:" in (tmp_path / "log").read_text(), worker)
        study = ("sweep", "tiny", "--set", "replicates=2000", "--out", str(tmp_path / "out"))
        with running(*study, "--cluster", address) as process:
            wait_until(lambda: (tmp_path / "out" / "pending.bin").exists(), process)
            wait_until(lambda: (tmp_path / "out" / "pending.bin").stat().st_size > 0, process)
            scheduler.kill()
            if by == "Ctrl-C after it":
                process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    finally:
        for process_ in (scheduler, worker):
            process_.kill()
            process_.wait(timeout=PATIENCE)
        log.close()
    assert "Traceback" not in err
    assert out == ""
    if by == "Ctrl-C after it":
        assert process.returncode == 130
    else:
        assert process.returncode == 3
        assert err.startswith("patchmarket: the cluster's scheduler is gone; what is done is kept; resume with: ")
        assert err.count("\n") == 1
    done = patchmarket("verify", str(tmp_path / "out"))
    assert done.returncode == 0, done.stdout
