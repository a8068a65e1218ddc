"""Writing that survives a crash: a file is complete or absent, and a log loses at most its unsynced end."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a rename is only safe once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file atomically: under a temporary name, synced, then renamed."""
    temporary = path.with_name(f".{path.name}.partial")  # hidden, so that `*.parquet` does not match it
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


class Log:
    """A file that is only appended to; what was added is safe after `sync`.

    Bytes go to the operating system at once, so a log outlives the process that wrote it without a `sync`; only a
    crash of the machine needs one.
    """

    def __init__(self, path: Path) -> None:
        new = not path.exists()
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._unsynced = False
        if new:
            sync_folder(path.parent)

    def append(self, data: bytes) -> None:
        """Add bytes; raise OSError where the disk takes only a part of them."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._handle, view) :]
        self._unsynced = True

    def sync(self) -> None:
        """Make what was added durable."""
        if self._unsynced:
            os.fsync(self._handle)
            self._unsynced = False

    def truncate(self, size: int) -> None:
        """Remove all bytes from `size` on."""
        os.ftruncate(self._handle, size)
        os.fsync(self._handle)
        self._unsynced = False

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)
