"""The two logs of a study's folder: `ledger.jsonl`, what happened, and `pending.bin`, results that wait for a part."""

import json
import shlex
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from batch.durable import Log
from model.errors import ScenarioError

LEDGER, PENDING = "ledger.jsonl", "pending.bin"
_FRAME = struct.Struct("<II")  # length and CRC-32 of what follows


class Line(NamedTuple):
    """A line of a ledger."""

    number: int  # from 1
    event: dict[str, Any] | None  # None where it is damaged
    text: bytes


def ledger_lines(path: Path) -> Iterator[Line]:
    """Give the lines of a ledger; a last one that a crash has torn is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if not text.endswith(b"\n"):
                return
            try:
                event = json.loads(text)
                event["event"]
            except (ValueError, TypeError, KeyError):
                event = None
            yield Line(number, event, text)


def read_ledger(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Give each event of a ledger, and where its line ends; a last line that a crash has torn is left out.

    Raises
    ------
    ScenarioError
        When a line before the last is damaged: no crash does that.
    """
    end = 0
    for number, event, text in ledger_lines(path):
        if event is None:
            raise ScenarioError(
                f"{path}, line {number}: is damaged; restore the file from a copy, or run: "
                f"patchmarket verify {shlex.quote(str(path.parent))} --repair"
            )
        end += len(text)
        yield event, end


def parts_written(path: Path) -> dict[str, dict[str, Any]]:
    """Return what a ledger says of each part: its runs, and the size and checksum of its files."""
    events = (line.event for line in ledger_lines(path) if line.event)
    return {event["part"]: event for event in events if event["event"] == "done"}


class Ledger:
    """What happened in a study, a line an event.

    Attributes
    ----------
    parts : dict of dict
        The parts that it knows: the runs in each, and the bytes of its files.
    """

    def __init__(self, folder: Path) -> None:
        self.parts: dict[str, dict[str, Any]] = {}
        end = 0
        for event, end in read_ledger(folder / LEDGER):  # noqa: B007 -- the last end is what counts
            if event["event"] == "done":
                self.parts[event["part"]] = event
        self._log = Log(folder / LEDGER)
        self._log.truncate(end)
        self.sync, self.close = self._log.sync, self._log.close

    def record(self, event: str, **details: Any) -> None:
        """Add an event; it is durable after `sync`."""
        line = {"event": event, "at": round(time.time(), 3), **details}
        self._log.append(json.dumps(line).encode() + b"\n")


def read_pending(path: Path) -> Iterator[bytes]:
    """Give the results that wait for a part, up to the first that a crash has torn."""
    data = path.read_bytes() if path.exists() else b""
    start = 0
    while start + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, start)
        start += _FRAME.size
        result = data[start : start + length]
        if len(result) < length or zlib.crc32(result) != checksum:
            return
        yield result
        start += length


class Pending:
    """Results that wait for a part, so that a crash costs no more than the last half second.

    It may be lost or damaged without harm: those runs are run again, with the same result.
    """

    def __init__(self, folder: Path) -> None:
        self.results = list(read_pending(folder / PENDING))
        self._log = Log(folder / PENDING)
        self._log.truncate(0)
        for result in self.results:
            self.add(result)
        self.sync, self.close = self._log.sync, self._log.close

    def add(self, result: bytes) -> None:
        """Keep a result; it is durable after `sync`."""
        self._log.append(_FRAME.pack(len(result), zlib.crc32(result)) + result)

    def clear(self) -> None:
        """Remove all, once they are in a part."""
        self._log.truncate(0)
