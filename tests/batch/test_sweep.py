"""Sweeps as their users meet them: real processes, exit codes, streams, and tables that depend on no worker."""

import doctest
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import pytest

from batch.analysis import open_study
from batch.executor import ExecutorError
from batch.futures import FuturesExecutor
from batch.outcomes import execute
from batch.plan import Plan, Shard
from batch.pool import ProcessPool
from batch.runner import run_study
from batch.study import Study
from batch.worker import pickled_job, run_pickled
from model.errors import ScenarioError
from tests import faults
from tests.agreement import TABLES, same_folders
from tests.commands import ENVIRONMENT, PATIENCE, ROOT, patchmarket, running, wait_until

KEPT = {f"outcomes.{name}": True for name in TABLES[1:]}
SERIES = [word for name in KEPT for word in ("--set", f"{name}=true")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The study, done without interruption by one worker."""
    out = tmp_path_factory.mktemp("sweep") / "whole"
    done = patchmarket("sweep", "tiny", "--out", str(out), "--workers", "1", *SERIES)
    assert done.returncode == 0
    assert re.fullmatch(r"(\d+ of 12 runs, .*\n)*", done.stderr)  # a line a minute on a busy machine
    assert re.match(r"12 runs done in .*, 0 failed\n", done.stdout)
    return out


def test_the_tables_hold_what_the_runs_gave(whole):
    study = Study.load("tiny", **KEPT)
    runs = open_study(whole).runs().set_index("run_id")
    assert len(runs) == 12
    for run in study.first_runs()[::5]:
        row = execute(study, run).row
        found = runs.loc[run.run_id]
        assert all(found[name] == value for name, value in row.items() if name != "run_id" and value is not None)


def test_two_workers_or_two_shards_give_the_same_tables(whole, tmp_path):
    study = Study.load("tiny", **KEPT)
    assert run_study(study, tmp_path / "two", workers=2) == (12, 0, 0)
    assert same_folders(tmp_path / "two", whole)
    for number in (1, 2):
        assert run_study(study, tmp_path / str(number), shard=f"{number}/2") == (6, 0, 0)
    merged = patchmarket("merge", *(str(tmp_path / name) for name in ("all", "1", "2")))
    assert (merged.returncode, merged.stderr) == (0, "")
    assert merged.stdout.endswith(f"{tmp_path / 'all'}: 12 runs done, 0 failed\n")
    assert same_folders(tmp_path / "all", whole)


def test_the_same_command_again_does_nothing(whole):
    before = {path: path.read_bytes() for path in whole.glob("*/*.parquet")}
    again = patchmarket("sweep", "tiny", "--out", str(whole), "--workers", "1", *SERIES)
    assert again.stdout.startswith("0 runs done in ")
    assert ", 12 were finished before, 0 failed\n" in again.stdout
    assert {path: path.read_bytes() for path in whole.glob("*/*.parquet")} == before


def test_status_and_summary(whole):
    status = patchmarket("status", str(whole))
    assert status.stdout.startswith("tiny: 12 of 12 runs done, 0 failed\nNot running. Last: began ")
    summary = patchmarket("summary", str(whole), "--outcome", "moves").stdout.splitlines()
    assert re.fullmatch(r"point +users\.tolerance\.median +patches +outcome +n +mean +95 % from +to", summary[0])
    assert len(summary) == 5
    csv = patchmarket("summary", str(whole), "--csv").stdout.splitlines()
    assert csv[0].startswith("point,users.tolerance.median,patches,outcome,n,mean,sd,low,high")


@pytest.mark.slow
def test_rerun_does_one_run_alone_and_writes_nothing(whole):
    before = sorted(whole.rglob("*"))
    run = Study.load("tiny", **KEPT).run_of(1, 2)
    done = patchmarket("rerun", str(whole), run.run_id)
    assert (done.returncode, json.loads(done.stdout)["run_id"]) == (0, run.run_id)
    assert sorted(whole.rglob("*")) == before


def test_what_cannot_fit_in_memory_is_refused_before_the_work(tmp_path):
    done = patchmarket(
        "sweep", "tiny", "--set", "scenario.users.count=9000000", "--workers", "99", "--out", str(tmp_path)
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        r"patchmarket: --workers = 99: need 1\.9 GB each, and [\d.]+ GB are free: \d+ fit\n", done.stderr
    )
    assert list(tmp_path.iterdir()) == []
    with mock.patch("psutil.virtual_memory") as memory:
        memory.return_value.available = 1e6
        done = patchmarket("run", "--set", "users.count=9000000")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "patchmarket: users.count = 9000000: needs 1.6 GB of memory, and 0.0 GB are free: 5,681 fit\n"
    )


@pytest.mark.slow
def test_dry_run_says_what_would_be_done():
    done = patchmarket("sweep", "tiny", "--dry-run", "--workers", "2")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "tiny: 4 points, 12 runs"
    assert lines[1].split() == ["point", "users.tolerance.median", "patches"]
    assert re.fullmatch(r"One run \(point 0\) took [\d.e-]+ s: [\d.]+ s with 2 workers if all are alike\.", lines[-2])
    assert lines[-1] == "A worker needs about 300 MB."


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["sweep", "nowhere", "--out", "x"], "study 'nowhere': neither a file nor one of "),
        (["sweep", "tiny"], "--out: is missing; name the folder that keeps the study"),
        (["sweep", "tiny", "--out", "/dev/null/x"], "--out = '/dev/null/x': must be a folder that can be written"),
        (
            ["sweep", "tiny", "--out", "x", "--shard", "3/2"],
            "--shard = '3/2': must be i/n with i from 1 to n, e.g. 1/4",
        ),
        (["sweep", "tiny", "--out", "x", "--workers", "0"], "Invalid value for '--workers': "),
        (["sweep", "tiny", "--out", "x", "--timeout", "0"], "Invalid value for '--timeout': "),
        (
            ["sweep", "tiny", "--out", "x", "--cluster", "tcp://127.0.0.1:9", "--timeout", "5"],
            "--timeout, --memory: apply to workers of this machine only",
        ),
        (["status", "/nowhere"], "/nowhere: is not the folder of a study"),
        (["summary", "/nowhere"], "/nowhere: is not the folder of a study"),
        (["merge", "x", "/nowhere"], "/nowhere: is not the folder of a study"),
        (["rerun", "/nowhere", "0"], "/nowhere: is not the folder of a study"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, line, tmp_path):
    done = patchmarket(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"patchmarket: {line}")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_changed_study_is_refused_with_what_differs(whole):
    done = patchmarket("sweep", "tiny", "--out", str(whole), *SERIES, "--set", "replicates=4")
    assert done.returncode == 2
    assert "holds another study\npatchmarket: replicates.minimum: 4 here, 3 there" in done.stderr


@pytest.mark.slow
def test_runs_that_fail_are_named_and_can_be_tried_again(tmp_path):
    out = str(tmp_path / "out")
    done = patchmarket("sweep", "tiny", "--out", out, "--timeout", "0.001", "--workers", "2")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("timeout: more than 0.001 s\n") > 0
    failed = open_study(out).failures()
    run_id = failed["run_id"][0]
    assert failed["rerun"][0] == f"patchmarket rerun {out} {run_id}"
    again = patchmarket("sweep", "tiny", "--out", out, "--retry-failed")
    assert again.returncode == 0
    assert again.stdout.startswith(f"{len(failed)} runs done in ")
    assert len(open_study(out).runs()) == 12


@pytest.mark.parametrize("workers", [1, 2])
def test_runs_that_go_wrong_in_every_way(tmp_path, workers):
    wrong = {2: "raise", 4: "hang", 6: "eat", 8: "exit", 10: "leave", 12: "die"}
    study = faults.study(replicates=14)
    pool = lambda: faults.pool(study, faults.Faulty(wrong), workers=workers, timeout=1.0, memory=200)  # noqa: E731
    outcome = run_study(study, tmp_path, pool())
    assert outcome == (56 - 6, 6, 0)
    failures = open_study(tmp_path).failures().sort_values("replicate")
    assert failures["point"].unique().tolist() == [1]
    reasons = dict(zip(failures["replicate"], failures["reason"], strict=True))
    assert reasons.pop(6).startswith("memory")
    assert reasons == {
        2: "ValueError: the model is wrong",
        4: "timeout: more than 1 s",
        8: "worker died: exit code 7",
        10: "SystemExit: 3",
        12: "worker died: signal 9 (SIGKILL), 3 times",
    }
    assert "raise ValueError" in failures["traceback"].iloc[0]
    assert run_study(study, tmp_path, pool()) == (0, 6, 56)


def test_retry_failed_runs_just_those(tmp_path):
    study = faults.study(replicates=3)
    assert run_study(study, tmp_path, faults.pool(study, faults.never)) == (0, 12, 0)
    assert run_study(study, tmp_path, faults.pool(study)) == (0, 12, 12)
    assert run_study(study, tmp_path, faults.pool(study), retry_failed=True) == (12, 0, 0)
    assert open_study(tmp_path).failures().empty


def test_workers_are_replaced_after_so_many_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("batch.pool.RUNS_PER_WORKER", 5)
    study = faults.study(replicates=10)
    pool = faults.pool(study, faults.tell_process, workers=2)
    assert run_study(study, tmp_path, pool) == (40, 0, 0)
    assert open_study(tmp_path).runs()["moves"].value_counts().max() == 5


def test_a_worker_that_cannot_start_is_one_error(tmp_path):
    study = faults.study(replicates=3)
    with pytest.raises(ExecutorError, match="a worker cannot start: ZeroDivisionError"):
        run_study(study, tmp_path, ProcessPool(study, execute=faults.quick, initialize=faults.broken))


@pytest.mark.slow
def test_any_executor_will_do(tmp_path):
    study = faults.study(replicates=5)
    run_study(study, tmp_path / "ours", faults.pool(study))
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        executor = FuturesExecutor(study, pool, 4, execute=faults.quick, initialize=None)
        assert run_study(study, tmp_path / "pool", executor) == (20, 0, 0)
    assert same_folders(tmp_path / "ours", tmp_path / "pool")


def test_an_adaptive_study_needs_no_more_runs_with_shards_or_interruptions(tmp_path):
    rule = {"minimum": 5, "maximum": 40, "round": 5, "outcome": "moves", "half_width": 150.0}
    study = faults.study(replicates=rule)
    run_study(study, tmp_path / "one", faults.pool(study))
    for number in (1, 2):
        run_study(study, tmp_path / str(number), faults.pool(study, workers=2), shard=f"{number}/2")
    patchmarket("merge", *(str(tmp_path / name) for name in ("all", "1", "2")))
    assert same_folders(tmp_path / "one", tmp_path / "all")
    counts = open_study(tmp_path / "one").runs()["point"].value_counts()
    assert 5 <= counts.min() <= counts.max() <= 40
    assert counts.sum() > 20
    assert run_study(study, tmp_path / "all", faults.pool(study)).done == 0


def test_a_shard_is_a_share():
    study = faults.study(replicates=5)
    shares = [Plan(study, Shard(number, 3), {}) for number in (1, 2, 3)]
    runs = [run.run_id for plan in shares for run in iter(plan.next, None)]
    assert len(set(runs)) == len(runs) == 20
    assert [plan.most for plan in shares] == [7, 7, 6]
    with pytest.raises(ScenarioError):
        Shard.read("0/3")


def test_a_job_can_be_sent_as_bytes():
    study = Study.load("tiny")
    run = study.first_runs()[0]
    kind, packed = run_pickled(pickled_job(study), run)
    assert kind == "done"
    assert run.run_id.encode() in packed


@pytest.mark.parametrize("times", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_ctrl_c_leaves_everything_whole_and_says_how_to_go_on(tmp_path, times):
    out = tmp_path / "out"
    command = ["sweep", "tiny", "--out", str(out), "--set", "replicates=3000"]
    with running(*command, process_group=0) as process:
        wait_until(lambda: list(out.glob("runs/*.parquet")), process)
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
            time.sleep(0.01)
        output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (130, "")
    *_, how, last = errors.splitlines()
    assert last == "patchmarket: stopped; what was written is whole"
    assert f"resume with: patchmarket sweep tiny --out {out}" in how
    assert "Traceback" not in errors
    assert len(open_study(out).runs()) >= 100
    assert patchmarket("status", str(out)).stdout.startswith("tiny: ")


@pytest.mark.slow
def test_status_while_it_runs_and_a_second_sweep_is_refused(tmp_path):
    out = str(tmp_path / "out")
    arguments = ["sweep", "tiny", "--out", out, "--set", "replicates=3000"]
    with running(*arguments) as process:
        wait_until(lambda: list(Path(out).glob("runs/*.parquet")), process)
        status = patchmarket("status", out).stdout
        assert re.match(r"tiny: [\d,]+ of 12,000 runs done, 0 failed\n", status)
        assert f"Running: process {process.pid} on " in status
        second = patchmarket(*arguments)
        assert second.returncode == 2
        assert second.stderr.startswith(f"patchmarket: --out = {out!r}: is in use by process {process.pid} on ")


@pytest.mark.slow
def test_a_script_without_a_guard_can_sweep(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        "from batch.runner import run_study\nfrom batch.study import Study\n"
        f"print(run_study(Study.load('tiny', replicates=1), {str(tmp_path / 'out')!r}).done)\n"
    )
    done = subprocess.run([sys.executable, script], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("4\n", "")


def test_the_guide_is_true():
    done = doctest.testfile(str(ROOT / "docs" / "sweeps.md"), module_relative=False)
    assert done.attempted > 5
    assert done.failed == 0


@pytest.mark.slow
def test_memory_does_not_grow_with_the_study(tmp_path):
    script = (
        "import resource, sys\n"
        "from tests.faults import sweep\n"
        "for out, replicates in (('small', 500), ('large', 5000)):\n"
        "    sweep(f'{sys.argv[1]}/{out}', 'year', 2, replicates)\n"
        "    print(f'\\n{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    _, small, outcome, large = done.stdout.splitlines()
    assert json.loads(outcome) == {"done": 20_000, "failed": 0, "skipped": 0}
    assert int(large) - int(small) < 60  # MB for ten times the runs
    assert len(list((tmp_path / "large" / "runs").iterdir())) <= 210
