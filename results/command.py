"""The command `patchmarket reproduce`: it prints a line for each claim and for each difference."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from batch.durable import write_durably
from batch.machine import cores
from batch.manifest import git_state
from model.errors import ScenarioError
from results.catalogue import NAMES, load_claim
from results.claim import QUICK, SUMMARY, Claim, read_summary
from results.contents import CONTENTS, table_of_contents
from results.crate import check_place, write_crate
from results.reproduce import check as check_claim
from results.reproduce import rebuild


def reproduce(
    names: Sequence[str], *, every: bool, check: bool, quick: bool, workers: int | None, crate: Path | None = None
) -> int:
    """Rebuild or check claims, and pack them into a research object; return the number of differences found."""
    claims = load_claims(names, every=every)
    if crate is not None:
        check_place(crate, check=check)
    workers = workers or cores()
    begin, code = time.perf_counter(), git_state()
    differences = 0
    for claim in claims:
        if check:
            differences += report_check(claim, workers, quick=quick)
        else:
            seconds = rebuild(claim, workers, quick=quick, code=code)
            print(f"{claim.name}: {QUICK if quick else sentence(claim)} ({seconds:.0f} s)", flush=True)
    if not check and not quick:
        write_durably(CONTENTS, table_of_contents().encode())
    elif check and every and CONTENTS.read_text(encoding="utf-8") != table_of_contents():
        differences += 1
        print("results/README.md: does not agree with the summaries", file=sys.stderr)
    if crate is not None:
        write_crate(crate, claims)
        print(f"Written to {crate}")
    total = time.perf_counter() - begin
    what = f"{differences} difference{'s' * (differences != 1)}" if check else "all written"
    print(f"{len(claims)} claim{'s' * (len(claims) != 1)} in {total:.0f} s: {what}")
    return differences


def load_claims(names: Sequence[str], *, every: bool) -> list[Claim]:
    """Return the claims to reproduce. All names are checked before the first claim is run."""
    if bool(names) == every:
        raise ScenarioError(f"NAME: give names or --all, not both; claims are {', '.join(NAMES)}")
    return [load_claim(name) for name in (NAMES if every else dict.fromkeys(names))]


def report_check(claim: Claim, workers: int, *, quick: bool) -> int:
    """Check one claim and print the differences; return their number."""
    begin = time.perf_counter()
    found = check_claim(claim, workers, quick=quick)
    for line in found:
        print(line, file=sys.stderr)
    verdict = f"{len(found)} difference{'s' * (len(found) != 1)}" if found else "as committed"
    print(f"{claim.name}: {verdict}, {time.perf_counter() - begin:.0f} s", flush=True)
    return len(found)


def sentence(claim: Claim) -> str:
    """Return a claim's answer from its summary file."""
    return claim.sentence(read_summary((claim.folder / SUMMARY).read_text(encoding="utf-8")))
