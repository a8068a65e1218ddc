"""Identity: what makes a study the same study, where two differ, and which seeds follow from it."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from model.errors import shown

KEYS_WITHOUT_EFFECT = ("question", "limits")  # keys of a study that do not change its results


@lru_cache(maxsize=65_536)
def derived_seed(root: int, use: str, *key: int) -> int:
    """Return a seed of 63 bits for one use, independent of all others.

    >>> derived_seed(1, "replicate", 0) == derived_seed(1, "replicate", 0) != derived_seed(1, "replicate", 1)
    True
    """
    import numpy as np

    sequence = np.random.SeedSequence(root, spawn_key=(crc32(use.encode()), *key))
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def canonical(tables: Any) -> str:
    """Write tables in the one way in which equal ones are equal text; a date is not its text."""
    return json.dumps(tables, sort_keys=True, default=lambda value: {type(value).__name__: str(value)})


def meaning(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that decide the results, with the contents of files in place of their paths."""
    meant = {key: value for key, value in tables.items() if key not in KEYS_WITHOUT_EFFECT}
    return {key: _contents(value) for key, value in meant.items()}


def _contents(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _contents(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_contents(inner) for inner in value]
    if isinstance(value, str) and Path(value).is_absolute() and Path(value).is_file():
        return "file with SHA-256 " + hashlib.sha256(Path(value).read_bytes()).hexdigest()
    return value


def differences(here: Any, there: Any, path: str = "") -> list[str]:
    """Return a line for each place in which two nested tables differ."""
    if canonical(here) == canonical(there):
        return []
    step = f"{path}." if path else ""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        keys = dict.fromkeys([*here, *there])
        return [x for key in keys for x in differences(here.get(key), there.get(key), f"{step}{key}")]
    tables = isinstance(here, list) and isinstance(there, list) and len(here) == len(there)
    if tables and all(isinstance(item, Mapping) for item in [*here, *there]):
        pairs = enumerate(zip(here, there, strict=True))
        return [x for number, pair in pairs for x in differences(*pair, f"{step}{number}")]
    return [f"{path}: {_text(here)} here, {_text(there)} there"]


def _text(value: Any) -> str:
    return "nothing" if value is None else shown(value)
