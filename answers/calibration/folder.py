"""A calibration's folder: one writer, one question; the same command again goes on."""

import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import tomlkit

from answers.calibration.targets import Problem
from batch.durable import write_durably
from batch.identity import differences
from batch.lock import LOCK_FILES, FolderLock
from model.errors import ScenarioError
from model.files import prepare_folder

QUESTION = "calibration.toml"  # what is fitted to what, with how many runs a trial
TRIALS = "trials.db"


def question(problem: Problem, **numbers: Any) -> dict[str, Any]:
    """Return all that decides what trials give."""
    asked = problem.targets.model_dump(exclude_none=True)
    return {**numbers, **asked, "scenario": problem.scenario.tables()}


@contextmanager
def held(out: Path | None, asked: dict[str, Any]) -> Iterator[Path]:
    """Give a folder for this question while nobody else writes in it; None: one that is forgotten afterwards.

    Raises
    ------
    ScenarioError
        When the folder holds another question, or something else, or is in use.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) if out is None else out
        prepare_folder(folder)
        claim(folder, asked)
        stack.callback(FolderLock(folder).release)
        if not (folder / QUESTION).exists():
            write_durably(folder / QUESTION, tomlkit.dumps(asked).encode())
        yield folder


def claim(folder: Path, asked: dict[str, Any]) -> None:
    """Refuse a folder that holds anything else."""
    path = folder / QUESTION
    if not path.exists():
        strange = sorted(other.name for other in folder.iterdir() if other.name not in LOCK_FILES)
        if strange:
            allowed = f"must be new, empty or a calibration's; it holds {strange[0]!r}"
            raise ScenarioError.of("--out", str(folder), allowed)
        return
    try:
        there = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from None
    if lines := differences(tomllib.loads(tomlkit.dumps(asked)), there):
        raise ScenarioError("\n".join([f"--out = {str(folder)!r}: holds another calibration", *lines]))
