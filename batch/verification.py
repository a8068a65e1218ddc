"""Verification of a study's folder: whatever in it is not what was written is named, and can be run again."""

import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from batch.analysis import open_study
from batch.durable import write_durably
from batch.lock import FolderLock, owner_of
from batch.logs import LEDGER, Ledger, ledger_lines, parts_written
from batch.manifest import read_manifest
from batch.outcomes import schema
from batch.parts import check_part, number_of, parts_in, read_part, write_part
from batch.pool import ProcessPool
from batch.store import Failure
from batch.study import Run, Study
from model.errors import ScenarioError


class Damage(NamedTuple):
    """Something in a folder that is not what was written."""

    line: str  # where, what, and what to do
    part: str | None = None  # whose runs can be run again
    runs: tuple[str, ...] = ()  # their ids


def verify(folder: Path) -> list[Damage]:
    """Compare a study's folder with its manifest and its ledger.

    Raises
    ------
    ScenarioError
        If it is not a study's folder, its manifest cannot be read, or a program is writing in it.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise ScenarioError(f"{folder}: is not the folder of a study; there is no manifest.json in it")
    if owner := owner_of(folder):
        raise ScenarioError(f"{folder}: is in use by {owner}; verify it when that has ended")
    return [*_study_changed(folder, manifest), *_ledger_damaged(folder), *_parts_damaged(folder)]


def _study_changed(folder: Path, manifest: dict[str, Any]) -> Iterator[Damage]:
    path = folder / "study.toml"
    try:
        study = Study.parse(tomllib.loads(path.read_text(encoding="utf-8")), folder)
    except (OSError, ValueError) as error:
        yield Damage(f"{path}: cannot be read ({str(error).splitlines()[0]}); restore it from a copy")
        return
    if study.digest != manifest["digest"]:
        yield Damage(f"{path}: is not the study of manifest.json; restore the one of both that was changed from a copy")


def _ledger_damaged(folder: Path) -> Iterator[Damage]:
    for number, event, _ in ledger_lines(folder / LEDGER):
        if event is None:
            yield Damage(f"{folder / LEDGER}, line {number}: is damaged; --repair removes it, no run is lost")


def _parts_damaged(folder: Path) -> Iterator[Damage]:
    """Give the parts that are damaged, missing, unknown to the ledger, or hold runs that are in another."""
    written = parts_written(folder / LEDGER)
    present = parts_in(folder)
    seen: set[str] = set()
    for part in sorted(present, key=lambda name: name not in written):
        path, known = folder / "runs" / part, written.get(part)
        try:
            if known:
                check_part(folder, part, known)
            runs = read_part(folder, part, columns=["run_id"]).column("run_id").to_pylist()
        except ScenarioError as error:
            yield Damage(str(error), part, tuple(known["runs"]) if known else ())
            runs = known["runs"] if known else []
        if not known:
            what = "holds runs of other parts; delete it" if seen & set(runs) else "is not in the ledger"
            yield Damage(f"{path}: {what}")
        seen.update(runs)
    for part, event in written.items():
        lost = tuple(run for run in event["runs"] if run not in seen)
        if part not in present and lost:
            yield Damage(f"{folder / 'runs' / part}: is missing; --repair does its runs again", part, lost)


def repair(folder: Path, damages: list[Damage], workers: int) -> int:
    """Run the runs of damaged parts again and write these anew, byte for byte; return how many runs."""
    study = open_study(folder).study
    study = open_study(folder).study
    lock = FolderLock(folder)
    try:
        lines = [text for _, event, text in ledger_lines(folder / LEDGER) if event is not None]
        write_durably(folder / LEDGER, b"".join(lines))
        parts = {damage.part: damage.runs for damage in damages if damage.part is not None}
        results = _results(study, {run for runs in parts.values() for run in runs}, workers)
        with closing(Ledger(folder)) as ledger:
            for part, runs in parts.items():
                if not runs:  # nobody knows which they were: the next sweep finds them missing
                    (folder / "runs" / part).unlink()
                    continue
                name, sums = write_part(folder, number_of(part), [results[run] for run in runs], schema(study))
                ledger.record("done", part=name, runs=sorted(runs), **sums)
            ledger.sync()
    finally:
        lock.release()
    return len(results)


def _results(study: Study, wanted: set[str], workers: int) -> dict[str, bytes]:
    """Do some of a study's runs, named by their ids; return their packed results."""
    todo = [run for run in _runs(study) if run.run_id in wanted]
    results: dict[str, bytes] = {}
    with closing(ProcessPool(study, workers, study.limits.timeout_seconds, study.limits.memory_mb)) as pool:
        while todo or not pool.idle:
            while todo and pool.free_slots > 0:
                pool.submit(todo.pop())
            for run, result in pool.collect(1.0):
                if isinstance(result, Failure):
                    raise ScenarioError(f"run {run.run_id}: fails now: {result.reason}")
                results[run.run_id] = result
    return results


def _runs(study: Study) -> Iterator[Run]:
    for point in range(len(study.points)):
        for replicate in range(study.replicates.most):
            yield study.run_of(point, replicate)
