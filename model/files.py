"""Files that are whole or not there: written beside, made durable, then renamed."""

import os
from collections.abc import Callable
from pathlib import Path

from model.errors import ScenarioError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, then put it in `path`'s place in one step."""
    beside = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        write(beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def prepare_folder(out: Path) -> None:
    """Make the folder for a run's files, before anything is run; refuse one that cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError("no permission to write")
    except OSError as error:
        raise ScenarioError.of("--out", str(out), f"must be a folder that can be written ({error})") from None
