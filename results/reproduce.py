"""Rebuild claims, and check that the committed results can be reproduced.

On the kind of machine that wrote the committed summary (see its manifest, e.g. "Linux x86_64"), summaries must agree
byte for byte: there the same scenario and seed give the same bytes on every supported Python. On other machines the
mathematics library may differ in the last bit of a number, so that occasionally a user decides differently and later
draws change. There all text must agree, and each number must be within `TOLERANCE` of the largest in its column.
Figures are not compared pixel by pixel, because pixels depend on matplotlib and fonts: each figure contains the hash
of the summary from which it was drawn.
"""

import hashlib
import json
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.durable import write_durably
from batch.manifest import versions
from model.files import write_atomically
from results.claim import FIGURE, MANIFEST, QUICK, README, SUMMARY, Claim, read_summary

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).parent.parent
TOLERANCE = 0.05  # relative to the largest number of a column, on another kind of machine; assumed
SUMMARY_HASH = "Summary-SHA256"  # key in the figure's metadata
OUTPUTS = (SUMMARY, QUICK, FIGURE, README)


def rebuild(claim: Claim, workers: int, *, quick: bool, code: dict[str, Any] | None) -> float:
    """Carry out a claim's runs and write the results; return the seconds that the runs took.

    Nothing is written before all runs are done.

    Parameters
    ----------
    claim, workers
        The claim, and the number of processes that run it.
    quick
        Whether to rebuild only `quick.csv`, the expected result of the quick check.
    code
        State of the code from `git_state`, taken before anything is written.
    """
    summaries: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for name in [QUICK] if quick else [SUMMARY, QUICK]:
        begin = time.perf_counter()
        summaries[name] = claim.summary(workers, quick=name == QUICK)
        seconds[name] = round(time.perf_counter() - begin, 1)
    for name, text in summaries.items():
        write_durably(claim.folder / name, text.encode())
    if not quick:
        write_figure_and_readme(claim)
    write_manifest(claim, seconds, code)
    return sum(seconds.values())


def write_figure_and_readme(claim: Claim) -> None:
    """Write the figure and the README from the summary file."""
    text = (claim.folder / SUMMARY).read_text(encoding="utf-8")
    summary = read_summary(text)
    write_durably(claim.folder / README, claim.readme(summary).encode())
    metadata = {SUMMARY_HASH: sha256(text.encode()), "Software": None}
    write_atomically(claim.folder / FIGURE, lambda path: claim.draw(summary).savefig(path, metadata=metadata))


def write_manifest(claim: Claim, seconds: dict[str, float], code: dict[str, Any] | None) -> None:
    """Write how and where a claim's files were made, and their hashes."""
    path = claim.folder / MANIFEST
    before = json.loads(path.read_bytes())["seconds"] if path.is_file() else {}
    tables = {
        "claim": claim.name,
        "command": f"patchmarket reproduce {claim.name}",
        "git": code,
        "constraints_sha256": sha256((ROOT / "constraints.txt").read_bytes()),
        "platform": machine(),
        "versions": versions(),
        "seeds": {key: claim.full[key] for key in ("seed", "replicates")},
        "parameters": {SUMMARY: dict(claim.full), QUICK: dict(claim.quick)},
        "seconds": before | seconds,
        "outputs": {
            name: sha256((claim.folder / name).read_bytes()) for name in OUTPUTS if (claim.folder / name).is_file()
        },
    }
    write_durably(path, json.dumps(tables, indent=1).encode() + b"\n")


def check(claim: Claim, workers: int, *, quick: bool) -> list[str]:
    """Repeat a claim's runs and return the differences from the committed results, one line each."""
    missing = [f"{name}: is missing" for name in (*OUTPUTS, MANIFEST) if not (claim.folder / name).is_file()]
    if missing:
        return _with_folder(claim, missing)
    manifest = json.loads((claim.folder / MANIFEST).read_bytes())
    found = committed_differences(claim, manifest)
    name = QUICK if quick else SUMMARY
    committed = (claim.folder / name).read_text(encoding="utf-8")
    again = claim.summary(workers, quick=quick)
    where = difference(committed, again, exact=manifest["platform"] == machine())
    return _with_folder(claim, found + ([f"{name}: {where}"] if where else []))


def committed_differences(claim: Claim, manifest: dict[str, Any]) -> list[str]:
    """Return the inconsistencies between a claim's committed files, without running anything."""
    data = {name: (claim.folder / name).read_bytes() for name in OUTPUTS}
    found = [
        f"{name}: its SHA-256 differs from {MANIFEST}"
        for name in OUTPUTS
        if sha256(data[name]) != manifest["outputs"].get(name)
    ]
    summary = read_summary(data[SUMMARY].decode())
    if claim.readme(summary).encode() != data[README]:
        found.append(f"{README}: does not agree with {SUMMARY}")
    if summary_hash_of(claim.folder / FIGURE) != sha256(data[SUMMARY]):
        found.append(f"{FIGURE}: was not drawn from this {SUMMARY}")
    for name, wanted in ((SUMMARY, claim.full), (QUICK, claim.quick)):
        if manifest["parameters"].get(name) != json.loads(json.dumps(dict(wanted))):
            found.append(f"{name}: was made with parameters other than those in study.py")
    claim.draw(summary)  # raises if it can no longer be drawn
    return found


def difference(committed: str, again: str, *, exact: bool) -> str:
    r"""Return the first difference between two summaries as text; empty if they agree.

    >>> difference("a,b\n1,2\n", "a,b\n1,2.5\n", exact=True)
    'line 2, b: committed 2, reproduced 2.5'
    >>> difference("a,b\n1,2\n", "a,b\n1,2.05\n", exact=False)
    ''
    """
    if committed == again:
        return ""
    here, there = read_summary(committed), read_summary(again)
    if list(here.columns) != list(there.columns):
        return f"columns: committed {', '.join(here.columns)}; reproduced {', '.join(there.columns)}"
    if len(here) != len(there):
        return f"rows: committed {len(here)}, reproduced {len(there)}"
    for row in range(len(here)):
        for column in here.columns:
            old, new = here[column].iloc[row], there[column].iloc[row]
            if not _equal(old, new, here[column], exact=exact):
                return f"line {row + 2}, {column}: committed {old}, reproduced {new}"
    return "the same numbers in a different format" if exact else ""


def _equal(old: Any, new: Any, column: "pd.Series", *, exact: bool) -> bool:
    import pandas as pd

    if pd.isna(old) or pd.isna(new):
        return bool(pd.isna(old) and pd.isna(new))
    if exact or not pd.api.types.is_numeric_dtype(column):
        return bool(old == new)
    return bool(abs(new - old) <= TOLERANCE * column.abs().max())


def summary_hash_of(figure: Path) -> str | None:
    """Return the hash of the summary from which a figure was drawn, or None if the figure does not contain it."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(figure) as image:
            found: str | None = image.info.get(SUMMARY_HASH)
            return found
    except UnidentifiedImageError:
        return None


def machine() -> str:
    """Return the kind of this machine; on machines of one kind summaries agree byte for byte."""
    return f"{platform.system()} {platform.machine()}"


def sha256(data: bytes) -> str:
    """Return the hash of a file's contents."""
    return hashlib.sha256(data).hexdigest()


def _with_folder(claim: Claim, lines: Sequence[str]) -> list[str]:
    return [f"results/{claim.name}/{line}" for line in lines]
