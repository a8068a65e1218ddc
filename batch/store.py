"""A study's folder, with one writer. Any program can read it at any time.

`study.toml` what is studied · `manifest.json` made by what, where, when · `ledger.jsonl` what happened ·
`runs/`, `series/`, `flows/`, `moves/` the parts · `failures/` a file for each failed run · `pending.bin` results
that wait for a part · `lock`, `owner` the process that writes.

The parts and the failures are authoritative: everything else can be rebuilt from them.
"""

import json
import math
import shlex
import time
import tomllib
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from batch.codec import unpack_row
from batch.durable import write_durably
from batch.lock import LOCK_FILES, FolderLock
from batch.logs import Ledger, Pending
from batch.manifest import Manifest, now, read_manifest
from batch.parts import (
    TABLES,
    Sums,
    check_part,
    number_of,
    parts_in,
    read_part,
    remove_orphans,
    sums_of,
    write_part,
    write_tables,
)
from model.errors import ScenarioError
from model.files import prepare_folder

if TYPE_CHECKING:
    from batch.study import Run, Study

RUNS_IN_PART, BYTES_IN_PART, PART_SECONDS = 100, 64 << 20, 600.0  # a part is written when one is reached
SYNC_SECONDS = 0.5  # the most work that a crash of the machine loses


class Failure(NamedTuple):
    """Why a run failed."""

    reason: str  # one line
    traceback: str = ""


class Store:
    """The folder of a study while it is being written, as a context manager. `session` goes into its manifest.

    Attributes
    ----------
    done, failed : set of str
        The ids of the runs whose results are kept, and of those that failed and were not done since.

    Raises
    ------
    ScenarioError
        When the folder cannot be written, is in use, is damaged, or holds another study.
    """

    def __init__(self, folder: Path, study: "Study", **session: Any) -> None:
        self.folder = folder
        prepare_folder(folder)
        with ExitStack() as opened:
            opened.callback(FolderLock(folder).release)
            self._open(study, session, opened)
            self._opened = opened.pop_all()

    def _open(self, study: "Study", session: dict[str, Any], opened: ExitStack) -> None:
        from batch.outcomes import schema

        self._schema = schema(study)
        claim(self.folder, study)
        remove_orphans(self.folder)
        self._ledger = opened.enter_context(closing(Ledger(self.folder)))
        self._pending = opened.enter_context(closing(Pending(self.folder)))
        self.done = self._runs_in_parts()
        self.failed = {path.stem for path in (self.folder / "failures").glob("*.json")}
        self._results: dict[str, bytes] = {}
        for result in self._pending.results:
            run_id = unpack_row(result)["run_id"]
            if run_id not in self.done:
                self._results[run_id] = result
        self.done.update(self._results)
        self._delete_failures(self.failed & self.done)
        self._manifest = Manifest(self.folder, study.name, study.digest, session)
        self._synced = self._part_begun = time.monotonic()

    def _runs_in_parts(self) -> set[str]:
        """Return the ids of the runs that are in a part; parts that the ledger lists are not read."""
        known, runs = self._ledger.parts, set()
        self._next_part = 1
        for part in parts_in(self.folder):
            self._next_part = max(self._next_part, number_of(part) + 1)
            if part in known:
                check_part(self.folder, part, known[part])
                runs.update(known.pop(part)["runs"])
            else:  # a crash between writing the part and its line
                ids = read_part(self.folder, part, columns=["run_id"]).column("run_id").to_pylist()
                self._ledger.record("done", part=part, runs=ids, **sums_of(self.folder, part))
                runs.update(ids)
        return runs

    def values(self, column: str) -> dict[str, float]:
        """Return one outcome of all runs that are done, nan where they have none."""
        rows = [unpack_row(result) for result in self._results.values()]
        for part in parts_in(self.folder):
            rows += read_part(self.folder, part, columns=["run_id", column]).to_pylist()
        return {row["run_id"]: math.nan if row[column] is None else float(row[column]) for row in rows}

    # --- while it runs

    def start(self, run: "Run") -> None:
        """Record that a run starts."""
        self._ledger.record("started", run=run.run_id)

    def add(self, result: bytes) -> dict[str, Any]:
        """Add the result of a run; return its row."""
        row = unpack_row(result)
        if not self._results:
            self._part_begun = time.monotonic()
        self._results[row["run_id"]] = result
        self.done.add(row["run_id"])
        self._pending.add(result)
        if len(self._results) >= RUNS_IN_PART or sum(map(len, self._results.values())) >= BYTES_IN_PART:
            self.flush()
        return row

    def fail(self, run: "Run", failure: Failure) -> None:
        """Record a run as failed, with all that is needed to look into it."""
        what = {
            "run_id": run.run_id,
            "reason": failure.reason,
            "point": run.point,
            "replicate": run.replicate,
            "seed": run.seed,
            "settings": run.settings,
            "traceback": failure.traceback,
            "rerun": f"patchmarket rerun {shlex.quote(str(self.folder))} {run.run_id}",
            "at": now(),
        }
        write_durably(failure_path(self.folder, run.run_id), json.dumps(what, indent=1, default=str).encode() + b"\n")
        self._ledger.record("failed", run=run.run_id, reason=failure.reason)
        self.failed.add(run.run_id)

    def flush_due(self) -> None:
        """Sync the logs when that is due, and write a part when results have waited too long for one."""
        moment = time.monotonic()
        if moment - self._synced > SYNC_SECONDS:
            self._pending.sync()
            self._ledger.sync()
            self._synced = moment
        if self._results and moment - self._part_begun > PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the pending results as a part; readers of the folder see these runs from then on."""
        if not self._results:
            return
        part, sums = write_part(self.folder, self._next_part, list(self._results.values()), self._schema)
        self._written(part, list(self._results), sums)
        self._pending.clear()
        self._results = {}

    def add_tables(self, tables: dict[str, Any]) -> None:
        """Add the runs of a part of another folder as a part of this one."""
        runs = tables["runs"].column("run_id").to_pylist()
        part, sums = write_tables(self.folder, self._next_part, tables)
        self.done.update(runs)
        self._written(part, runs, sums)

    def _written(self, part: str, runs: list[str], sums: Sums) -> None:
        self._next_part += 1
        self._ledger.record("done", part=part, runs=sorted(runs), **sums)
        self._ledger.sync()
        self._delete_failures(self.failed.intersection(runs))

    def finish(self, **what: Any) -> None:
        """Write what is pending and record the end of this session."""
        self.flush()
        self._manifest.finish(**what, done=len(self.done), failed=len(self.failed))

    def _delete_failures(self, run_ids: Iterable[str]) -> None:
        for run_id in list(run_ids):
            failure_path(self.folder, run_id).unlink(missing_ok=True)
            self.failed.discard(run_id)

    def close(self) -> None:
        """Release the folder as it is; the next session finds all that was added."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def claim(folder: Path, study: "Study") -> None:
    """Initialise a folder for a study, or check that it is one of this study."""
    manifest = read_manifest(folder)
    if manifest is None:
        foreign = [path.name for path in folder.iterdir() if not _ours(path.name)]
        if foreign:
            raise ScenarioError.of("--out", str(folder), f"must be new, empty or a study's; it holds {min(foreign)!r}")
        for name in (*TABLES, "failures"):
            (folder / name).mkdir(exist_ok=True)
        write_durably(folder / "study.toml", study.to_toml().encode())
    elif manifest["digest"] != study.digest:
        raise ScenarioError("\n".join([f"--out = {str(folder)!r}: holds another study", *differences(folder, study)]))


def differences(folder: Path, study: "Study") -> list[str]:
    """Return in which settings a folder's study differs."""
    try:
        tables = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return study.describe_difference(tables) or [
        "no setting differs: the folder was written by another version of the code"
    ]


def failure_path(folder: Path, run_id: str) -> Path:
    """Return where a failed run is recorded."""
    return folder / "failures" / f"{run_id}.json"


def _ours(name: str) -> bool:
    return name in {*LOCK_FILES, "study.toml", "ledger.jsonl", "pending.bin", "failures", *TABLES} or name.startswith(
        "."
    )
