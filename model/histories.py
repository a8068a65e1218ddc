"""Histories: dated flaws, their exploitation and their live patches, from files."""

import csv
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from model.errors import ScenarioError
from model.schema import History

DATA = Path(__file__).parent / "data"
KINDS = ("kernel", "hypervisor")


class DatedFlaw(NamedTuple):
    """A flaw of a history."""

    date: date
    kind: str
    n_cve: int | None  # CVEs; None where the history does not say
    cves: tuple[str, ...] = ()  # their names, where it says


def history_start(source: History) -> date:
    """Return the date of day 0: the one that was given, else the history's first."""
    return source.start or read_history(source.history)[0].date


def read_history(name: str) -> list[DatedFlaw]:
    """Return the dated flaws of a built-in history or of a CSV file, in ascending order.

    A file has the column `date` and maybe `kind`, `n_cve` (a number) and `cves` (names with blanks between them).

    Built in are `debian-kernel` (what an operator who follows Debian stable has had to install, September 2021
    to November 2026) and `debian-advisories` (Debian security advisories for stable's own kernel package, and for
    Xen, QEMU and microcode, 2006 to March 2023). Several of one kind on one day are one flaw: one reboot fixes all.
    """
    if name == "debian-kernel":
        return _merged(_dated(row, "kernel") for row in _rows(DATA / "debian-kernel-operator-path.csv"))
    if name == "debian-advisories":
        advisories = [row for row in _rows(DATA / "debian-advisories.csv") if row["kind"] == "DSA"]
        kernel = [_dated(row, "kernel") for row in advisories if row["package"] in ("linux", "linux-2.6")]
        return _merged(kernel + [_dated(row, "hypervisor") for row in advisories if row["group"] != "kernel"])
    path = Path(name) / "flaws.csv" if Path(name).is_dir() else Path(name)
    if not path.is_file():
        raise ScenarioError.of(
            "flaws.history",
            name,
            "must be a CSV file, a folder with flaws.csv, or one of: debian-kernel, debian-advisories",
        )
    found = []
    for line, row in enumerate(_rows(path), start=2):
        where, text, count = f"flaws.history, {name} line {line}", row.get("date") or "", row.get("n_cve") or ""
        kind = (row.get("kind") or "kernel").strip()
        try:
            date.fromisoformat(text.strip())
        except ValueError:
            raise ScenarioError(f"{where}: date {text!r} must be YYYY-MM-DD, in a column named 'date'") from None
        if kind not in KINDS:
            raise ScenarioError(f"{where}: kind {kind!r} must be kernel or hypervisor")
        if not (count.strip().isdecimal() and count.isascii()) and count.strip():
            raise ScenarioError(f"{where}: n_cve {count!r} must be a whole number from 0")
        found.append(_dated(row, kind))
    if not found:
        raise ScenarioError.of("flaws.history", name, "must have at least one dated line")
    return _merged(found)


@cache
def exploitation_dates() -> dict[str, date]:
    """Return the days on which CVEs of Linux were added to CISA's list of exploited ones, by name.

    The attacks began earlier, by an unknown time.
    """
    return {row["cve"]: date.fromisoformat(row["date_added"]) for row in _rows(DATA / "kev-linux.csv")}


@cache
def live_patch_dates() -> dict[str, date]:
    """Return the days of Canonical's first live-patch notice on CVEs of Linux, by name."""
    found: dict[str, date] = {}
    for row in _rows(DATA / "livepatch-notices.csv"):
        for cve in row["cves"].split():
            when = date.fromisoformat(row["date"])
            found[cve] = min(when, found.get(cve, when))
    return found


@cache
def cves_per_flaw() -> tuple[int, ...]:
    """Return the number of CVEs of each of Debian's kernel security uploads."""
    return tuple(flaw.n_cve or 0 for flaw in read_history("debian-kernel"))


def exploited_on(flaw: DatedFlaw) -> date | None:
    """Return the first day on which one of a flaw's CVEs was on CISA's list, None if none is."""
    return min((exploitation_dates()[cve] for cve in flaw.cves if cve in exploitation_dates()), default=None)


def live_patched_on(flaw: DatedFlaw) -> date | None:
    """Return the day from which a flaw is fixed by live patches, None if it never is.

    A flaw is a bundle of CVEs, of which vendors patch the serious ones. It is fixed once all of its exploited CVEs have
    a live patch; if none is exploited, once all have that ever get one.
    """
    patched = live_patch_dates()
    needed = [cve for cve in flaw.cves if cve in exploitation_dates()] or [cve for cve in flaw.cves if cve in patched]
    if not needed or any(cve not in patched for cve in needed):
        return None
    return max(patched[cve] for cve in needed)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError.of("flaws.history", str(path), f"must be a CSV file in UTF-8 ({error})") from None


def _dated(row: dict[str, str], kind: str) -> DatedFlaw:
    names = tuple((row.get("cves") or "").split())
    count = (row.get("n_cve") or "").strip()
    known = int(count) if count else (len(names) if "cves" in row else None)
    return DatedFlaw(date.fromisoformat(row["date"].strip()), kind, known, names)


def _merged(flaws: Iterable[DatedFlaw]) -> list[DatedFlaw]:
    found: dict[tuple[date, str], DatedFlaw] = {}
    for flaw in flaws:
        key = (flaw.date, flaw.kind)
        if key in found:
            other = found[key]
            names = tuple(dict.fromkeys(other.cves + flaw.cves))
            counts = [f.n_cve for f in (other, flaw) if f.n_cve is not None]
            found[key] = flaw._replace(n_cve=max(sum(counts), len(names)) if counts else None, cves=names)
        else:
            found[key] = flaw
    return [found[key] for key in sorted(found)]
