"""Rebuilding claims, and checking that what is committed is what comes out.

Where summaries must agree byte for byte: on the kind of machine that wrote the committed one (the manifest says
which, e.g. "Linux x86_64"), for there the same scenario and seed give the same bytes, on every supported Python.
Elsewhere the mathematics library may differ in a number's last bit, so that now and then a user decides otherwise
and the draws after it go to others. There each number must be within `TOLERANCE` of its column's largest, and all
text the same. Pixels differ with matplotlib and its fonts: a figure carries the hash of the summary
that it was drawn from, and is checked by that.
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
from results.claim import FIGURE, MANIFEST, PAGE, QUICK, SUMMARY, Claim, read_summary

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).parent.parent
TOLERANCE = 0.05  # of a column's largest number, on another kind of machine; assumed, none was at hand
DRAWN_FROM = "Summary-SHA256"  # key of the figure's own note
OUTPUTS = (SUMMARY, QUICK, FIGURE, PAGE)


def rebuild(claim: Claim, workers: int, *, quick: bool, code: dict[str, Any] | None) -> float:
    """Do a claim's runs and write what comes of them; return the seconds that the runs took.

    `quick` renews only the expectation of the quick check. `code` is the state of the code, as `git_state` tells it
    before anything is written. Nothing is written before all runs are done.
    """
    made: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for name in [QUICK] if quick else [SUMMARY, QUICK]:
        begin = time.perf_counter()
        made[name] = claim.summary(workers, quick=name == QUICK)
        seconds[name] = round(time.perf_counter() - begin, 1)
    for name, text in made.items():
        write_durably(claim.folder / name, text.encode())
    if not quick:
        tell(claim)
    write_manifest(claim, seconds, code)
    return sum(seconds.values())


def tell(claim: Claim) -> None:
    """Write the figure and the page from the summary's file."""
    text = (claim.folder / SUMMARY).read_text(encoding="utf-8")
    summary = read_summary(text)
    write_durably(claim.folder / PAGE, claim.page(summary).encode())
    note = {DRAWN_FROM: sha256(text.encode()), "Software": None}
    write_atomically(claim.folder / FIGURE, lambda path: claim.draw(summary).savefig(path, metadata=note))


def write_manifest(claim: Claim, seconds: dict[str, float], code: dict[str, Any] | None) -> None:
    """Note from what, by what and where a claim's files were made, and their hashes."""
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
    """Do a claim's runs again and return where what is committed differs: a line for each difference."""
    missing = [f"{name}: is missing" for name in (*OUTPUTS, MANIFEST) if not (claim.folder / name).is_file()]
    if missing:
        return _placed(claim, missing)
    manifest = json.loads((claim.folder / MANIFEST).read_bytes())
    found = committed_differences(claim, manifest)
    name = QUICK if quick else SUMMARY
    committed = (claim.folder / name).read_text(encoding="utf-8")
    again = claim.summary(workers, quick=quick)
    where = difference(committed, again, exact=manifest["platform"] == machine())
    return _placed(claim, found + ([f"{name}: {where}"] if where else []))


def committed_differences(claim: Claim, manifest: dict[str, Any]) -> list[str]:
    """Return where a claim's committed files do not belong together; this needs no run."""
    data = {name: (claim.folder / name).read_bytes() for name in OUTPUTS}
    found = [
        f"{name}: its SHA-256 is not the one in {MANIFEST}"
        for name in OUTPUTS
        if sha256(data[name]) != manifest["outputs"].get(name)
    ]
    summary = read_summary(data[SUMMARY].decode())
    if claim.page(summary).encode() != data[PAGE]:
        found.append(f"{PAGE}: is not what {SUMMARY} says")
    if note_of(claim.folder / FIGURE) != sha256(data[SUMMARY]):
        found.append(f"{FIGURE}: was not drawn from this {SUMMARY}")
    for name, wanted in ((SUMMARY, claim.full), (QUICK, claim.quick)):
        if manifest["parameters"].get(name) != json.loads(json.dumps(dict(wanted))):
            found.append(f"{name}: was made with other parameters than study.py has")
    claim.draw(summary)  # that it can still be drawn
    return found


def difference(committed: str, again: str, *, exact: bool) -> str:
    r"""Return where two summaries differ first, in words; empty where they agree.

    >>> difference("a,b\n1,2\n", "a,b\n1,2.5\n", exact=True)
    'line 2, b: 2 is committed, 2.5 comes out'
    >>> difference("a,b\n1,2\n", "a,b\n1,2.05\n", exact=False)
    ''
    """
    if committed == again:
        return ""
    here, there = read_summary(committed), read_summary(again)
    if list(here.columns) != list(there.columns):
        return f"columns {', '.join(here.columns)} are committed, {', '.join(there.columns)} come out"
    if len(here) != len(there):
        return f"{len(here)} rows are committed, {len(there)} come out"
    for row in range(len(here)):
        for column in here.columns:
            old, new = here[column].iloc[row], there[column].iloc[row]
            if not _alike(old, new, here[column], exact=exact):
                return f"line {row + 2}, {column}: {old} is committed, {new} comes out"
    return "the same numbers are written otherwise" if exact else ""


def _alike(old: Any, new: Any, column: "pd.Series", *, exact: bool) -> bool:
    import pandas as pd

    if pd.isna(old) or pd.isna(new):
        return bool(pd.isna(old) and pd.isna(new))
    if exact or not pd.api.types.is_numeric_dtype(column):
        return bool(old == new)
    return bool(abs(new - old) <= TOLERANCE * column.abs().max())


def note_of(figure: Path) -> str | None:
    """Return the hash of the summary that a figure was drawn from, None where it does not say."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(figure) as image:
            note: str | None = image.info.get(DRAWN_FROM)
            return note
    except UnidentifiedImageError:
        return None


def machine() -> str:
    """Return the kind of machine within which summaries are the same bytes."""
    return f"{platform.system()} {platform.machine()}"


def sha256(data: bytes) -> str:
    """Return the hash of a file's contents."""
    return hashlib.sha256(data).hexdigest()


def _placed(claim: Claim, lines: Sequence[str]) -> list[str]:
    return [f"results/{claim.name}/{line}" for line in lines]
