"""The folder of a study: whatever breaks it, no run is lost or there twice, and what cannot be mended is named."""

import json
import os
import subprocess
import threading

import pandas as pd
import pytest

from batch import store as storing
from batch.analysis import open_study
from batch.codec import pack, unpack
from batch.lock import owner_of
from batch.manifest import read_manifest
from batch.merging import merge_folder
from batch.outcomes import Result
from batch.store import Failure, Store
from model.errors import ScenarioError
from tests import faults

STUDY = faults.study(replicates=75)  # 300 runs


def result(run):
    return pack(faults.quick(STUDY, run))


@pytest.fixture
def runs(monkeypatch):
    monkeypatch.setattr(faults.time, "sleep", lambda seconds: None)
    return STUDY.first_runs()


def fill(folder, runs, *, finish=True):
    with Store(folder, STUDY) as store:
        for run in runs:
            if run.run_id not in store.done:
                store.start(run)
                store.add(result(run))
        if finish:
            store.finish(stopped=False)
        return set(store.done)


def tables(folder):
    results = open_study(folder)
    return {name: getattr(results, name)() for name in ("runs", "series", "flows")}


def same(one, other):
    for name, table in tables(one).items():
        pd.testing.assert_frame_equal(table, tables(other)[name], check_exact=True)
    return True


def test_a_result_travels_without_change():
    run = STUDY.run_of(1, 3)
    sent = faults.quick(STUDY, run)
    row, side = unpack(pack(sent))
    assert row == sent.row
    assert side["series"].equals(sent.series)
    assert side["flows"].equals(sent.flows)
    odd = {"run_id": "x", "a": float("inf"), "b": 0.1 + 0.2, "c": None, "d": 2**62 + 1, "e": "é"}
    assert unpack(pack(Result(odd, None, None, None)))[0] == odd


def test_a_hundred_runs_make_a_part_and_a_part_never_changes(tmp_path, runs):
    with Store(tmp_path, STUDY) as store:
        for run in runs[:250]:
            store.add(result(run))
        parts = {path.name: path.read_bytes() for path in (tmp_path / "runs").iterdir()}
        assert len(parts) == 2
        assert len(open_study(tmp_path).runs()) == 200
        store.finish(stopped=False)
    fill(tmp_path, runs)
    found = {path.name: path.read_bytes() for path in (tmp_path / "runs").iterdir()}
    assert len(found) == 4
    assert all(found[name] == data for name, data in parts.items())
    assert sorted(found) == sorted(path.name for path in (tmp_path / "series").iterdir())
    assert len(tables(tmp_path)["series"]) == 900


def test_what_was_kept_but_not_yet_in_a_part_outlives_its_writer(tmp_path, runs):
    fill(tmp_path / "killed", runs[:130], finish=False)  # closed as a killed process leaves it
    assert len(open_study(tmp_path / "killed").runs()) == 100
    with Store(tmp_path / "killed", STUDY) as store:
        assert len(store.done) == 130
    fill(tmp_path / "killed", runs)
    fill(tmp_path / "whole", runs)
    assert same(tmp_path / "killed", tmp_path / "whole")


@pytest.mark.parametrize("cut", [1, 9, 5000])
def test_a_torn_pending_file_only_means_more_work(tmp_path, runs, cut):
    fill(tmp_path, runs[:20], finish=False)
    path = tmp_path / "pending.bin"
    path.write_bytes(path.read_bytes()[:-cut])
    with Store(tmp_path, STUDY) as store:
        assert 10 <= len(store.done) < 20
    assert fill(tmp_path, runs[:20]) == {run.run_id for run in runs[:20]}
    assert len(open_study(tmp_path).runs()) == 20


@pytest.mark.parametrize("tear", [b'{"event": "star', b"\0\0\0\0"])
def test_a_torn_last_line_of_the_ledger_is_mended(tmp_path, runs, tear):
    fill(tmp_path, runs[:120])
    path = tmp_path / "ledger.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + tear)
    assert len(fill(tmp_path, runs[:120])) == 120
    assert path.read_bytes() == whole


def test_a_crash_at_every_step_of_a_part_loses_and_doubles_nothing(tmp_path, runs, monkeypatch):
    """The writes of a part fail one after the other; the folder is readable after each, and mends."""
    fill(tmp_path / "whole", runs[:40])
    write, steps = storing.write_part.__globals__["write_durably"], []
    for broken in range(4):  # flows, series, runs; and none
        folder, count = tmp_path / str(broken), iter(range(100))

        def failing(path, data, broken=broken, count=count):
            if path.suffix == ".parquet" and next(count) == broken:
                raise OSError(28, "No space left on device")
            write(path, data)

        monkeypatch.setitem(storing.write_part.__globals__, "write_durably", failing)
        try:
            fill(folder, runs[:40])
        except OSError:
            steps.append(broken)
        monkeypatch.setitem(storing.write_part.__globals__, "write_durably", write)
        assert len(open_study(folder).runs()) in (0, 40)
        fill(folder, runs[:40])
        assert same(folder, tmp_path / "whole")
        assert len(list((folder / "series").iterdir())) == 1
    assert steps == [0, 1, 2]


def test_a_crash_between_a_part_and_its_line_is_mended(tmp_path, runs):
    fill(tmp_path, runs[:150])
    path = tmp_path / "ledger.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"done"' not in line))
    assert len(fill(tmp_path, runs[:150])) == 150
    assert len(open_study(tmp_path).runs()) == 150
    path.unlink()  # the parts are the truth
    assert len(fill(tmp_path, runs[:150])) == 150
    assert path.read_text().count('"done"') == 2


def test_a_deleted_part_is_done_again(tmp_path, runs):
    fill(tmp_path, runs[:150])
    victim = sorted((tmp_path / "runs").iterdir())[0]
    victim.unlink()
    fill(tmp_path, runs[:150])
    assert len(open_study(tmp_path).runs()) == 150
    assert len(tables(tmp_path)["series"]) == 450


def damaged_line(folder):
    path = folder / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[4] = b"\x00\x01garbage\n"
    path.write_bytes(b"".join(lines))
    return (
        f"ledger.jsonl, line 5: is damaged; restore the file from a copy, or run: patchmarket verify {folder} --repair"
    )


def truncated_part(folder):
    path = sorted((folder / "series").iterdir())[0]
    path.write_bytes(path.read_bytes()[:100])
    return f"series/{path.name}: is damaged (100 of "


def truncated_part_without_ledger(folder):
    (folder / "ledger.jsonl").unlink()
    path = sorted((folder / "runs").iterdir())[0]
    path.write_bytes(path.read_bytes()[:100])
    return f"runs/{path.name}: is damaged ("


def newer_version(folder):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    return "manifest.json: format = 2: must be 1; a newer patchmarket wrote this folder"


def damaged_manifest(folder):
    (folder / "manifest.json").write_text("{")
    return "manifest.json: is damaged; restore it from a copy"


@pytest.mark.parametrize(
    "damage", [damaged_line, truncated_part, truncated_part_without_ledger, newer_version, damaged_manifest]
)
def test_damage_that_no_crash_does_is_named(tmp_path, runs, damage):
    fill(tmp_path, runs[:120])
    line = damage(tmp_path)
    with pytest.raises(ScenarioError) as refused:
        Store(tmp_path, STUDY)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    assert owner_of(tmp_path) is None  # and the folder is free again


def test_one_writer(tmp_path, runs):
    with Store(tmp_path, STUDY), pytest.raises(ScenarioError, match=f"is in use by process {os.getpid()} on "):
        Store(tmp_path, STUDY)
    fill(tmp_path, runs[:1])


def test_somebody_who_looks_does_not_keep_a_writer_out(tmp_path, runs):
    fill(tmp_path, runs[:1])
    over = threading.Event()

    def look():
        while not over.is_set():
            owner_of(tmp_path)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        for _ in range(20):
            fill(tmp_path, runs[:1])
    finally:
        over.set()
        looker.join()
    assert len(open_study(tmp_path).runs()) == 1


def test_another_study_is_refused_with_what_differs(tmp_path, runs):
    fill(tmp_path, runs[:5])
    other = faults.study(replicates=75, **{"scenario.users.count": 300})
    with pytest.raises(ScenarioError) as refused:
        Store(tmp_path, other)
    assert str(refused.value).splitlines() == [
        f"--out = {str(tmp_path)!r}: holds another study",
        "scenario.users.count: 300 here, 200 there",
    ]
    Store(tmp_path, faults.study(replicates=75, **{"limits.timeout_seconds": 5.0})).close()  # no other results


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("important")
    with pytest.raises(ScenarioError, match=r"must be new, empty or a study's; it holds 'thesis.tex'"):
        Store(tmp_path, STUDY)
    assert not (tmp_path / "runs").exists()


def test_an_unwritable_folder_is_refused(tmp_path):
    for place in ("/proc/nowhere", "/dev/null/x"):
        with pytest.raises(ScenarioError, match="must be a folder that can be written"):
            Store(storing.Path(place), STUDY)


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(disk)], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting a small tmpfs needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_a_folder_that_is_whole_and_goes_on(small_disk, tmp_path, runs):
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 60_000)
    folder = small_disk / "study"
    with pytest.raises(OSError, match="No space left on device"):
        fill(folder, runs)
    kept = len(open_study(folder).runs())
    assert kept % 100 == 0
    with pytest.raises(OSError, match="No space left on device"):
        fill(folder, runs)
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert len(fill(folder, runs)) == 300
    fill(tmp_path / "whole", runs)
    assert same(folder, tmp_path / "whole")


def test_a_failure_says_all_that_is_needed_and_goes_when_the_run_is_done(tmp_path, runs):
    run = runs[5]
    with Store(tmp_path, STUDY) as store:
        store.fail(run, Failure("ValueError: wrong", "Traceback ..."))
        failure = json.loads((tmp_path / "failures" / f"{run.run_id}.json").read_text())
        assert failure["rerun"] == f"patchmarket rerun {tmp_path} {run.run_id}"
        wanted = {"reason", "traceback", "point", "replicate", "seed", "settings"}
        assert wanted <= failure.keys()
        store.finish(stopped=False)
    assert open_study(tmp_path).failures()["reason"].tolist() == ["ValueError: wrong"]
    with Store(tmp_path, STUDY) as store:
        assert store.failed == {run.run_id}
        store.add(result(run))
        assert (tmp_path / "failures" / f"{run.run_id}.json").exists()  # until the result is durable
        store.finish(stopped=False)
        assert store.failed == set()
    assert list((tmp_path / "failures").iterdir()) == []


def test_merging_takes_each_run_once_and_can_be_repeated(tmp_path, runs):
    fill(tmp_path / "a", runs[:180])
    fill(tmp_path / "b", runs[150:], finish=False)  # overlaps; killed before its last part
    fill(tmp_path / "whole", runs)
    for _ in range(2):
        with Store(tmp_path / "all", STUDY) as store:
            for name in "ab":
                merge_folder(store, STUDY, tmp_path / name)
            store.finish(stopped=False)
    assert same(tmp_path / "all", tmp_path / "whole")
    assert len(tables(tmp_path / "all")["series"]) == 900


def test_merging_refuses_other_studies_and_itself(tmp_path, runs):
    fill(tmp_path / "a", runs[:3])
    other = faults.study(replicates=75, seed=2)
    with Store(tmp_path / "b", other):
        pass
    with Store(tmp_path / "all", STUDY) as store:
        with pytest.raises(ScenarioError, match="holds another study\nseed: 1 here, 2 there"):
            merge_folder(store, STUDY, tmp_path / "b")
        with pytest.raises(ScenarioError, match="cannot be merged into itself"):
            merge_folder(store, STUDY, tmp_path / "all")
        with pytest.raises(ScenarioError, match="is not the folder of a study"):
            merge_folder(store, STUDY, tmp_path)


def test_the_manifest_says_what_made_the_folder(tmp_path, runs):
    fill(tmp_path, runs[:3])
    manifest = read_manifest(tmp_path)
    assert manifest["digest"] == STUDY.digest
    session = manifest["sessions"][0]
    assert {"start", "end", "host", "versions", "git", "done", "failed"} <= session.keys()
    assert (session["done"], session["failed"]) == (3, 0)
