"""Atomic writes: a file is written under a temporary name, synced to disk, then renamed."""

import os
from collections.abc import Callable
from pathlib import Path

from model.errors import ScenarioError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a temporary path beside `path`, then rename the file to `path`."""
    beside = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        write(beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def prepare_folder(out: Path) -> None:
    """Create the output folder before anything is run.

    Raises
    ------
    ScenarioError
        If it cannot be created or written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError("no permission to write")
    except OSError as error:
        raise ScenarioError.of("--out", str(out), f"must be a folder that can be written ({error})") from None
