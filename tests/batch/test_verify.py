"""Damage on disk is noticed by whatever touches it, named in a line, and repaired byte for byte."""

import json
import shutil

import pytest

from tests.commands import patchmarket


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with a part of twelve runs, and a second one of the same study made from half of them."""
    folder = tmp_path_factory.mktemp("swept") / "out"
    assert patchmarket("sweep", "tiny", "--out", str(folder), "--workers", "1").returncode == 0
    return folder


@pytest.fixture
def folder(swept, tmp_path):
    return shutil.copytree(swept, tmp_path / "study")


def part_of(folder):
    return next((folder / "runs").iterdir())


def flip_a_byte(folder):
    data = bytearray(part_of(folder).read_bytes())
    data[300] ^= 0x10
    part_of(folder).write_bytes(data)
    return "is damaged (its checksum is not that of what was written)"


def truncate(folder):
    part_of(folder).write_bytes(part_of(folder).read_bytes()[:-7])
    return "is damaged ("


@pytest.mark.parametrize("damage", [flip_a_byte, truncate])
def test_whatever_touches_a_damaged_part_says_so_and_changes_nothing(folder, damage, tmp_path):
    told = damage(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for command in (
        ("sweep", "tiny", "--out", str(folder)),
        ("summary", str(folder)),
        ("report", str(folder)),
        ("merge", str(tmp_path / "merged"), str(folder)),
    ):
        done = patchmarket(*command)
        assert (done.returncode, done.stdout) == (2, ""), command
        assert told in done.stderr
        assert f"patchmarket verify {folder} --repair" in done.stderr
        assert done.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def lose(folder):
    part_of(folder).unlink()
    return "is missing; --repair does its runs again"


def damage_the_ledger(folder):
    lines = (folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    lines[2] = b"\x00\xff\n"
    (folder / "ledger.jsonl").write_bytes(b"".join(lines))
    return "ledger.jsonl, line 3: is damaged; --repair removes it, no run is lost"


@pytest.mark.parametrize("damage", [flip_a_byte, truncate, lose, damage_the_ledger])
def test_damage_is_named_and_repaired_byte_for_byte(folder, damage, swept):
    assert patchmarket("verify", str(folder)).stdout == f"{folder}: every file is what was written\n"
    told = damage(folder)
    found = patchmarket("verify", str(folder))
    assert found.returncode == 1
    assert told in found.stdout
    assert found.stdout.count("\n") == 1
    repaired = patchmarket("verify", str(folder), "--repair", "--workers", "1")
    assert repaired.returncode == 0
    assert repaired.stdout.endswith("Repaired.\n")
    assert part_of(folder).read_bytes() == part_of(swept).read_bytes()
    assert patchmarket("verify", str(folder)).returncode == 0
    again = patchmarket("sweep", "tiny", "--out", str(folder))
    assert "0 runs done" in again.stdout


def test_a_part_too_many_and_a_changed_study_are_named(folder):
    copy = part_of(folder).with_name("part-000009-0123abcd.parquet")
    shutil.copy(part_of(folder), copy)
    study = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(study.replace("count", "counts", 1), encoding="utf-8")
    found = patchmarket("verify", str(folder))
    assert found.returncode == 1
    changed, extra = found.stdout.splitlines()
    assert changed.startswith(f"{folder / 'study.toml'}: ")
    assert extra == f"{copy}: holds runs of other parts; delete it"


def test_a_ledger_torn_by_a_crash_and_one_that_is_gone_lose_nothing(folder):
    ledger = folder / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-9])
    assert "0 runs done" in patchmarket("sweep", "tiny", "--out", str(folder)).stdout
    assert patchmarket("verify", str(folder)).returncode == 0
    ledger.unlink()
    assert "0 runs done" in patchmarket("sweep", "tiny", "--out", str(folder)).stdout
    assert "sha256" in json.loads(ledger.read_bytes().splitlines()[0])


def test_what_is_not_a_study_is_one_line(tmp_path):
    done = patchmarket("verify", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not the folder of a study" in done.stderr
