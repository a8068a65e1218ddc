"""The two logs of a study's folder: `ledger.jsonl`, what happened, and `pending.bin`, results that wait for a part."""

import json
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from batch.durable import Log
from model.errors import ScenarioError

LEDGER, PENDING = "ledger.jsonl", "pending.bin"
_FRAME = struct.Struct("<II")  # length and CRC-32 of what follows


def read_ledger(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Give each event of a ledger, and where its line ends; a last line that a crash has torn is left out.

    Raises
    ------
    ScenarioError
        When a line before the last is damaged: no crash does that.
    """
    if not path.exists():
        return
    end = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            end += len(line)
            try:
                event = json.loads(line)
                event["event"]
            except (ValueError, TypeError, KeyError):
                raise ScenarioError(
                    f"{path}, line {number}: is damaged; restore the file from a copy, or delete it: "
                    "it is rebuilt from the parts"
                ) from None
            yield event, end


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
