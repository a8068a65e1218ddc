"""What `patchmarket reproduce` does and prints: a line a claim, and a line for each difference."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from batch.durable import write_durably
from batch.machine import cores
from batch.manifest import git_state
from model.errors import ScenarioError
from results import reproduce as work
from results.claim import NAMES, QUICK, SUMMARY, Claim, load_claim, read_summary
from results.contents import CONTENTS, contents
from results.crate import check_place, write_crate


def reproduce(
    names: Sequence[str], *, every: bool, check: bool, quick: bool, workers: int | None, crate: Path | None = None
) -> int:
    """Rebuild or check claims, and pack them into a research object; return the number of differences found."""
    claims = chosen(names, every=every)
    if crate is not None:
        check_place(crate, check=check)
    workers = workers or cores()
    begin, code = time.perf_counter(), git_state()
    differing = 0
    for claim in claims:
        if check:
            differing += report(claim, workers, quick=quick)
        else:
            seconds = work.rebuild(claim, workers, quick=quick, code=code)
            print(f"{claim.name}: {QUICK if quick else sentence(claim)} ({seconds:.0f} s)", flush=True)
    if not check and not quick:
        write_durably(CONTENTS, contents().encode())
    elif check and every and CONTENTS.read_text(encoding="utf-8") != contents():
        differing += 1
        print("results/README.md: is not what the summaries say", file=sys.stderr)
    if crate is not None:
        write_crate(crate, claims)
        print(f"Written to {crate}")
    total = time.perf_counter() - begin
    what = f"{differing} difference{'s' * (differing != 1)}" if check else "all written"
    print(f"{len(claims)} claim{'s' * (len(claims) != 1)} in {total:.0f} s: {what}")
    return differing


def chosen(names: Sequence[str], *, every: bool) -> list[Claim]:
    """Return the claims that a command line asks for, none of them begun before all are known."""
    if bool(names) == every:
        raise ScenarioError(f"NAME: must be given, or else --all, not both; claims are {', '.join(NAMES)}")
    return [load_claim(name) for name in (NAMES if every else dict.fromkeys(names))]


def report(claim: Claim, workers: int, *, quick: bool) -> int:
    """Check one claim and say what differs; return how much does."""
    begin = time.perf_counter()
    found = work.check(claim, workers, quick=quick)
    for line in found:
        print(line, file=sys.stderr)
    verdict = f"{len(found)} difference{'s' * (len(found) != 1)}" if found else "as committed"
    print(f"{claim.name}: {verdict}, {time.perf_counter() - begin:.0f} s", flush=True)
    return len(found)


def sentence(claim: Claim) -> str:
    """Return a claim's answer, from its committed summary."""
    return claim.sentence(read_summary((claim.folder / SUMMARY).read_text(encoding="utf-8")))
