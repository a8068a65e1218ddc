"""The lock on a study's folder: one writer, and a dead one holds nothing."""

import fcntl
import os
import platform
import time
from pathlib import Path

from model.errors import ScenarioError

NAME = "lock"
PATIENCE = 1.0  # seconds: somebody who only asks whether the folder is in use holds it for an instant


class Lock:
    """Hold a folder until `release`; the system lets go of it when the holder dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + PATIENCE
        while not _taken(self._handle):
            if time.monotonic() > deadline:
                owner = os.pread(self._handle, 200, 0).decode(errors="replace").strip() or "another process"
                os.close(self._handle)
                raise ScenarioError.of("--out", str(folder), f"is in use by {owner}")
            time.sleep(0.05)
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"process {os.getpid()} on {platform.node()}\n".encode(), 0)

    def release(self) -> None:
        """Let go."""
        os.close(self._handle)


def owner_of(folder: Path) -> str | None:
    """Return who holds a folder now, if anybody does."""
    try:
        handle = os.open(folder / NAME, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _taken(handle) else os.pread(handle, 200, 0).decode(errors="replace").strip()
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
