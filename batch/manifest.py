"""The manifest of a study's folder: which study, made by what, where and when."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from batch.durable import write_durably
from model.errors import ScenarioError

NAME = "manifest.json"
FORMAT = 1  # raised when a folder is no longer read by the code before
PACKAGES = ("patchmarket", "mesa", "numpy", "numba", "pandas", "pyarrow", "scipy")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return a folder's manifest, None where there is none.

    Raises
    ------
    ScenarioError
        When it is damaged, or newer than this code.
    """
    path = folder / NAME
    try:
        manifest = json.loads(path.read_bytes())
        number, _ = manifest["format"], manifest["digest"]
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        raise ScenarioError(f"{path}: is damaged; restore it from a copy") from None
    if number != FORMAT:
        raise ScenarioError.of(f"{path}: format", number, f"must be {FORMAT}; a newer patchmarket wrote this folder")
    found: dict[str, Any] = manifest
    return found


class Manifest:
    """A folder's manifest while a session writes in it; `plugins` holds their text by name."""

    def __init__(self, folder: Path, name: str, digest: str, plugins: dict[str, str], session: dict[str, Any]) -> None:
        self._path = folder / NAME
        new: dict[str, Any] = {"format": FORMAT, "name": name, "digest": digest, "plugins": plugins, "sessions": []}
        known = read_manifest(folder) or new
        self._session: dict[str, Any] = {
            "start": now(),
            "end": None,
            "host": platform.node(),
            "pid": os.getpid(),
            **session,
        }
        self._tables = {**known, "sessions": [*known["sessions"], self._session]}
        self._session |= {"versions": versions(), "git": git_state()}
        self._write()

    def finish(self, **what: Any) -> None:
        """Note the end of this session and what came of it."""
        self._session |= {"end": now(), **what}
        self._write()

    def _write(self) -> None:
        write_durably(self._path, json.dumps(self._tables, indent=1).encode() + b"\n")


def now() -> str:
    """Return the time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions of Python and of all that results could depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def git_state() -> dict[str, Any] | None:
    """Return the commit of the code and whether it was changed since; None outside a checkout."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        commit, changes = (
            subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True, timeout=10, check=True)
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit.stdout.strip(), "dirty": bool(changes.stdout.strip())}
