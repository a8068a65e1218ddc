"""How the result of a run travels and waits: bytes that need no trust in who wrote them (JSON and Arrow, no pickle)."""

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from batch.outcomes import Result

SIDE_TABLES = ("series", "flows", "moves")  # beside the row; each optional


def pack(result: "Result") -> bytes:
    """Write a result: one line of JSON, then its tables, one Arrow stream after the other."""
    streams = {name: _stream(table) for name in SIDE_TABLES if (table := getattr(result, name)) is not None}
    head = {"row": result.row, "tables": {name: len(stream) for name, stream in streams.items()}}
    line = json.dumps(head, default=_plain).encode()
    return b"\n".join([line, b"".join(streams.values())])


def unpack_row(data: bytes) -> dict[str, Any]:
    """Read a result's row alone."""
    row: dict[str, Any] = json.loads(data[: data.index(b"\n")])["row"]
    return row


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """Read a result: its row, and its tables by name."""
    end = data.index(b"\n")
    head, tables = json.loads(data[:end]), {}
    start = end + 1
    for name, size in head["tables"].items():
        tables[name] = pa.ipc.open_stream(pa.py_buffer(data)[start : start + size]).read_all()
        start += size
    return head["row"], tables


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _plain(value: Any) -> Any:
    """Turn numpy's numbers into Python's."""
    return value.item()
