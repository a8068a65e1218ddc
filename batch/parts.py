"""The parts of a study: about a hundred runs in one Parquet file, with files of the same name for their other tables.

A run is done when it is in a file under `runs/`, which is put in place last: what a crash left under `series/`,
`flows/` or `moves/` without one is removed when the folder is next opened. A part never changes once named.
"""

import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from batch.codec import SIDE_TABLES, unpack
from batch.durable import write_durably
from model.errors import ScenarioError

TABLES = ("runs", *SIDE_TABLES)
_NAME = re.compile(r"part-(\d+)-[0-9a-f]{8}\.parquet")


Sums = dict[str, dict[str, Any]]  # "bytes" and "sha256" -> table -> that of its file


def write_part(folder: Path, number: int, results: Sequence[bytes], schema: pa.Schema) -> tuple[str, Sums]:
    """Write packed results as one part; return its name, and the size and checksum of each of its files."""
    rows: list[dict[str, Any]] = []
    sides: dict[str, list[pa.Table]] = {}
    for row, tables in sorted((unpack(result) for result in results), key=lambda pair: str(pair[0]["run_id"])):
        rows.append(row)
        for name, table in tables.items():
            sides.setdefault(name, []).append(table)
    joined = {name: pa.concat_tables(found, promote_options="permissive") for name, found in sides.items()}
    return write_tables(folder, number, {**joined, "runs": pa.Table.from_pylist(rows, schema)})


def write_tables(folder: Path, number: int, tables: dict[str, pa.Table]) -> tuple[str, Sums]:
    """Write the tables of one part, the runs last; return its name, and the size and checksum of each file."""
    ids = "\n".join(tables["runs"].column("run_id").to_pylist())
    part = f"part-{number:06d}-{hashlib.sha256(ids.encode()).hexdigest()[:8]}.parquet"
    sums: Sums = {"bytes": {}, "sha256": {}}
    for name in (*SIDE_TABLES, "runs"):
        if name in tables:
            sink = pa.BufferOutputStream()
            pq.write_table(tables[name], sink, compression="zstd")
            data = sink.getvalue()
            write_durably(folder / name / part, data)
            sums["bytes"][name], sums["sha256"][name] = data.size, hashlib.sha256(data).hexdigest()
    return part, sums


def sums_of(folder: Path, part: str) -> Sums:
    """Return the size and checksum of each file of a part as it is."""
    files = {table: (folder / table / part).read_bytes() for table in TABLES if (folder / table / part).exists()}
    return {
        "bytes": {table: len(data) for table, data in files.items()},
        "sha256": {table: hashlib.sha256(data).hexdigest() for table, data in files.items()},
    }


def parts_in(folder: Path) -> list[str]:
    """Return the names of a folder's parts, in the order in which they were written."""
    return sorted(path.name for path in (folder / "runs").glob("part-*.parquet"))


def number_of(part: str) -> int:
    """Return a part's number.

    >>> number_of("part-000012-0123abcd.parquet")
    12
    """
    found = _NAME.fullmatch(part)
    return int(found[1]) if found else 0


def read_part(folder: Path, part: str, table: str = "runs", columns: list[str] | None = None) -> pa.Table:
    """Read one table of a part."""
    path = folder / table / part
    try:
        return pq.read_table(path, columns=columns, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, str(error).splitlines()[0]) from None


def check_part(folder: Path, part: str, written: Mapping[str, Any], tables: Sequence[str] = TABLES) -> None:
    """Raise ScenarioError unless the files of a part are what was written, by its line in the ledger."""
    checksums = written.get("sha256", {})  # a folder of version 0.1 has none
    for table, size in written["bytes"].items():
        if table not in tables:
            continue
        path = folder / table / part
        data = path.read_bytes() if path.exists() else b""
        if len(data) != size:
            raise damaged(path, f"{len(data):,} of {size:,} bytes")
        if table in checksums and hashlib.sha256(data).hexdigest() != checksums[table]:
            raise damaged(path, "its checksum is not that of what was written")


def damaged(path: Path, how: str) -> ScenarioError:
    """Return the error for a file of a part that cannot be read."""
    return ScenarioError(
        f"{path}: is damaged ({how}); restore it from a copy, or run: "
        f"patchmarket verify {shlex.quote(str(path.parent.parent))} --repair"
    )


def remove_orphans(folder: Path) -> None:
    """Remove what a crash left: half-written files, and tables of runs that are not done."""
    done = set(parts_in(folder))
    for name in TABLES:
        for path in (folder / name).glob(".*.partial"):
            path.unlink()
        for path in (folder / name).glob("part-*.parquet"):
            if path.name not in done:
                path.unlink()
