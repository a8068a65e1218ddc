"""Merging: copying the runs of one folder of a study into another."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from batch.codec import unpack_row
from batch.lock import owner_of
from batch.logs import LEDGER, PENDING, parts_written, read_pending
from batch.manifest import read_manifest
from batch.parts import TABLES, check_part, parts_in, read_part
from batch.store import Failure, Store, differences
from model.errors import ScenarioError

if TYPE_CHECKING:
    from batch.study import Study


def merge_folder(store: Store, study: "Study", folder: Path) -> int:
    """Copy the runs of a folder that the store lacks, part by part; return how many.

    Raises
    ------
    ScenarioError
        When the folder holds another study, or is being written.
    """
    if folder.resolve() == store.folder.resolve():
        raise ScenarioError(f"{folder}: cannot be merged into itself")
    manifest = read_manifest(folder)
    if manifest is None:
        raise ScenarioError(f"{folder}: is not the folder of a study; there is no manifest.json in it")
    if manifest["digest"] != study.digest:
        raise ScenarioError("\n".join([f"{folder}: holds another study", *differences(folder, study)]))
    if owner := owner_of(folder):
        raise ScenarioError(f"{folder}: is in use by {owner}; merge when that has ended")
    before = len(store.done)
    written = parts_written(folder / LEDGER)
    for part in parts_in(folder):
        if part in written:
            check_part(folder, part, written[part])
        tables = {name: read_part(folder, part, name) for name in TABLES if (folder / name / part).exists()}
        new = pa.array(
            [run for run in tables["runs"].column("run_id").to_pylist() if run not in store.done], pa.string()
        )
        if len(new):
            store.add_tables({name: table.filter(pc.is_in(table["run_id"], new)) for name, table in tables.items()})
    for result in read_pending(folder / PENDING):
        if unpack_row(result)["run_id"] not in store.done:
            store.add(result)
    store.flush()
    for path in sorted((folder / "failures").glob("*.json")):
        if path.stem not in store.done | store.failed:
            failure = json.loads(path.read_bytes())
            run = study.run_of(failure["point"], failure["replicate"])
            store.fail(run, Failure(failure["reason"], failure["traceback"]))
    return len(store.done) - before
