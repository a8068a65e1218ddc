"""What a server itself has written down: when it was booted, and what was installed on it."""

import re
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from model.dates import minutes_between

LAST = re.compile(
    r"reboot +system boot +(?P<kernel>\S+) +(?P<weekday>[A-Z][a-z]{2}) (?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) "
    r"(?P<time>\d\d:\d\d(?::\d\d)?)(?: (?P<year>\d{4}))?\b"
)
BEGINS = re.compile(r"^wtmp begins \w{3} (\w{3}) +(\d{1,2}) .*?(\d{4})$", re.M)
BOOT = re.compile(
    r" *(?P<number>-?\d+) [0-9a-f]{32} \w{3} (?P<first>\S+ \S+) (?P<zone>\S+?)(?:—| +)"
    r"\w{3} (?P<last>\S+ \S+) (?P<end_zone>\S+)"
)
NO_BOOT = dict.fromkeys(("first", "last", "zone", "end_zone"), "")
KERNEL = re.compile(r"\blinux-image-[\w.+-]+")
HYPERVISOR = re.compile(r"\b(?:xen-hypervisor|qemu-system|intel-microcode|amd64-microcode)[\w.+-]*")
Rows = list[tuple[object, ...]]


class Log(NamedTuple):
    """What a log says: rows of the table that it belongs to, what is wrong by line, and what is left out."""

    what: str
    table: str  # outages or flaws
    rows: Rows
    wrong: list[tuple[int, str]]
    left_out: str = ""


def reader_of(text: str) -> Callable[[list[tuple[int, str]]], Log] | None:
    """Return what reads such a log; None if it is no log."""
    start = text[:65536]
    if re.search(r"^Start-Date: ", start, re.M):
        return apt_history
    if re.search(r"^reboot +system boot", start, re.M):
        return last_reboot
    return boots if re.search(r"^ *-?\d+ [0-9a-f]{32} ", start, re.M) else None


def last_reboot(lines: list[tuple[int, str]]) -> Log:
    """Read `last reboot`: every boot but the first is a reboot of unknown length, for a kernel if that has changed.

    Where a line has no year (`last -F` writes it), the weekday and the line "wtmp begins" tell.
    """
    begins = BEGINS.search("\n".join(line for _, line in lines))
    since = datetime.strptime(" ".join(begins.groups()), "%b %d %Y") if begins else None
    booted, wrong = [], []
    for number, line in lines:
        if not line.startswith("reboot"):
            continue
        found = LAST.match(line)
        when = found and _dated(found, since)
        if not found or when is None:
            wrong.append((number, f"{line!r:.60} must be a boot with its date, and its year or the line 'wtmp begins'"))
        else:
            booted.append((when, found["kernel"]))
    booted.sort()
    rows: Rows = [
        (when.date(), None, "kernel" if kernel != before else "unknown", 1)
        for (_, before), (when, kernel) in pairwise(booted)
    ]
    return Log("boots (last reboot)", "outages", rows, wrong, "the first boot: nothing is known of before")


def _dated(found: re.Match[str], since: datetime | None) -> datetime | None:
    """Return when a boot was: in its year, else in the first since the log begins in which the weekday is right."""
    years = [int(found["year"])] if found["year"] else range(since.year, since.year + 30) if since else []
    for year in years:
        try:
            when = datetime.strptime(f"{year} {found['month']} {found['day']} {found['time'][:5]}", "%Y %b %d %H:%M")
        except ValueError:  # 29 February
            continue
        if when.strftime("%a") == found["weekday"] and (since is None or when >= since):
            return when
    return None


def boots(lines: list[tuple[int, str]]) -> Log:
    """Read `journalctl --list-boots`: the server was down from the last entry of a boot to the first of the next."""
    spans: list[tuple[datetime, datetime, str, str, int]] = []
    wrong = []
    for number, line in lines:
        if line.strip().startswith("IDX"):
            continue
        found = BOOT.fullmatch(line.rstrip()) or NO_BOOT
        try:
            first, last = (datetime.fromisoformat(found[which]) for which in ("first", "last"))
            spans.append((first, last, found["zone"], found["end_zone"], number))
        except ValueError:
            wrong.append(
                (number, f"{line!r:.60} must be a boot: number, id, first entry and last entry with their dates")
            )
    spans.sort()
    rows: Rows = []
    for before, (first, _, zone, _, number) in pairwise(spans):
        _, last, _, last_zone, _ = before
        if zone != last_zone:
            told = f"time zones {last_zone} and {zone} must be one; write journalctl --utc --list-boots"
            wrong.append((number, told))
        elif first < last:
            wrong.append((number, "must begin after the boot before has ended"))
        else:
            rows.append((first.date(), round(minutes_between(last, first), 2), "unknown", 1))
    return Log("boots (journalctl)", "outages", rows, wrong, "the first boot: nothing is known of before")


def apt_history(lines: list[tuple[int, str]]) -> Log:
    """Read APT's history: the days on which a new kernel or hypervisor was installed."""
    rows: Rows = []
    wrong, others = [], 0
    day, kinds = None, set[str]()
    for number, line in [*lines, (0, "End-Date:")]:
        if line.startswith("Start-Date:"):
            kinds = set()
            try:
                day = datetime.strptime(line.removeprefix("Start-Date:").split()[0], "%Y-%m-%d").date()
            except (ValueError, IndexError):
                day = None
                wrong.append((number, f"{line!r:.60} must be Start-Date: YYYY-MM-DD HH:MM:SS"))
        elif line.startswith(("Install:", "Upgrade:")):
            kinds |= {kind for kind, known in (("kernel", KERNEL), ("hypervisor", HYPERVISOR)) if known.search(line)}
        elif line.startswith("End-Date:") and day is not None:
            rows += [(day, kind) for kind in sorted(kinds, reverse=True)]
            others += not kinds
            day = None
    left_out = f"{others} without a new kernel or hypervisor" if others else ""
    return Log("packages (APT's history)", "flaws", sorted(set(rows)), wrong, left_out)
