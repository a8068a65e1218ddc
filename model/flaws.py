"""Flaws: the days on which a security hole appears whose fix needs new code on every host.

The whole history is drawn (or read) before day 0 from its own random streams, so that every policy meets the
same flaws, whatever else happens in the market.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np

from agents.policies import Flaw
from model.errors import ScenarioError
from model.schema import History, Poisson
from model.streams import stream

DATA = Path(__file__).parent / "data"
KINDS = ("kernel", "hypervisor")
Calendar = dict[int, list[Flaw]]
"""Day -> the flaws that appear on it; days without flaws are left out."""


def draw_flaws(source: Poisson | History, days: int, seed: int) -> Calendar:
    """Return all flaws of a run of `days` days.

    Each flaw's severity `u ~ U(0, 1)` comes from a stream of its kind, so the first n flaws of a kind are the
    same however long the run is, and hypervisor flaws do not disturb kernel flaws.
    """
    calendar: Calendar = defaultdict(list)
    for kind in KINDS:
        if isinstance(source, Poisson):
            per_year = source.per_year if kind == "kernel" else source.hypervisor_per_year
            when = _poisson_days(per_year, days, stream(seed, "flaws", kind))
        else:
            when = _replayed_days(source, kind, days)
        severities = stream(seed, "severities", kind).random(len(when))
        for day, severity in zip(when, severities, strict=True):
            calendar[day].append(Flaw(kind, float(severity)))
    return dict(calendar)


def _poisson_days(per_year: float, days: int, rng: np.random.Generator) -> list[int]:
    counts = rng.poisson(per_year / 365, days)
    return [int(day) for day in np.repeat(np.arange(days), counts)]


def _replayed_days(source: History, kind: str, days: int) -> list[int]:
    dates = read_history(source.history)
    start, last = history_start(source), max(when for when, _ in dates)
    available = (last - start).days + 1
    if days > available:
        raise ScenarioError.of(
            "days",
            days,
            f"must be at most {max(available, 0)}: {source.history} ends on {last}, and starts on {start} here",
        )
    return [(when - start).days for when, what in dates if what == kind and 0 <= (when - start).days < days]


def history_start(source: History) -> date:
    """Return the date of day 0: the scenario's, else the first of the history."""
    return source.start or min(when for when, _ in read_history(source.history))


def read_history(name: str) -> list[tuple[date, str]]:
    """Return the dated flaws of a built-in history or of a CSV file with the columns `date` and maybe `kind`.

    Built in are `debian-kernel` (what an operator who follows Debian stable has had to install, September 2021
    to November 2026) and `debian-advisories` (Debian security advisories for stable's own kernel package, and for
    Xen, QEMU and microcode, 2006 to March 2023). Several of one kind on one day are one flaw: one reboot fixes all.
    """
    if name == "debian-kernel":
        return _unique((row["date"], "kernel") for row in _rows(DATA / "debian-kernel-operator-path.csv"))
    if name == "debian-advisories":
        advisories = [row for row in _rows(DATA / "debian-advisories.csv") if row["kind"] == "DSA"]
        kernel = [(row["date"], "kernel") for row in advisories if row["package"] in ("linux", "linux-2.6")]
        return _unique(kernel + [(row["date"], "hypervisor") for row in advisories if row["group"] != "kernel"])
    path = Path(name)
    if not path.is_file():
        raise ScenarioError.of("flaws.history", name, "must be a CSV file, or one of: debian-kernel, debian-advisories")
    found = []
    for line, row in enumerate(_rows(path), start=2):
        text, kind = row.get("date") or "", (row.get("kind") or "kernel").strip()
        try:
            date.fromisoformat(text.strip())
        except ValueError:
            raise ScenarioError(
                f"flaws.history, {name} line {line}: date {text!r} must be YYYY-MM-DD, in a column named 'date'"
            ) from None
        if kind not in KINDS:
            raise ScenarioError(f"flaws.history, {name} line {line}: kind {kind!r} must be kernel or hypervisor")
        found.append((text.strip(), kind))
    if not found:
        raise ScenarioError.of("flaws.history", name, "must have at least one dated line")
    return _unique(found)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError.of("flaws.history", str(path), f"must be a CSV file in UTF-8 ({error})") from None


def _unique(dated: Iterable[tuple[str, str]]) -> list[tuple[date, str]]:
    return sorted({(date.fromisoformat(text), kind) for text, kind in dated})
