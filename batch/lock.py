"""The lock on a study's folder: one writer at a time. The system releases it when its owner dies."""

import os
import platform
from pathlib import Path

from filelock import FileLock, Timeout

from model.errors import ScenarioError

LOCK, OWNER = "lock", "owner"
LOCK_FILES = (LOCK, OWNER)
TIMEOUT = 1.0  # seconds: `owner_of` in another process holds the lock for an instant


class FolderLock:
    """Hold a folder until `release`.

    Raises
    ------
    ScenarioError
        When another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = FileLock(folder / LOCK, timeout=TIMEOUT)
        try:
            self._lock.acquire(poll_interval=0.05)
        except Timeout:
            raise ScenarioError.of("--out", str(folder), f"is in use by {_named_owner(folder)}") from None
        self._owner = folder / OWNER
        self._owner.write_text(f"process {os.getpid()} on {platform.node()}\n", encoding="utf-8")

    def release(self) -> None:
        """Release the folder."""
        self._owner.unlink(missing_ok=True)
        self._lock.release()


def owner_of(folder: Path) -> str | None:
    """Return which process holds a folder now, None if none does."""
    if not (folder / LOCK).exists():
        return None
    try:
        with FileLock(folder / LOCK, blocking=False):
            return None
    except Timeout:
        return _named_owner(folder)
    except (
        PermissionError
    ):  # a folder that this user cannot write: the lock cannot be tried, so a killed owner still shows
        return _named_owner(folder) if (folder / OWNER).exists() else None


def _named_owner(folder: Path) -> str:
    try:
        owner = (folder / OWNER).read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        owner = ""
    return owner or "another process"
