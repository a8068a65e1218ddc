"""Dates, lengths of time and numbers as people write them."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
TIME = r"(?:(?:T|,? +)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)? *([ap]m)? *(Z|UTC|[+-]\d\d:?\d\d)?)?"
YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + TIME, re.I)
YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + TIME, re.I)
DAY_NAMED = re.compile(r"(\d{1,2})\.?[ -]([a-z]{3})[a-z]*\.?,?[ -](\d{4})" + TIME, re.I)
MONTH_NAMED = re.compile(r"([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})" + TIME, re.I)
LENGTHS = {"d": 1440.0, "h": 60.0, "s": 1 / 60, "m": 1.0}  # minutes, by the first letter of a unit
LENGTH = re.compile(
    r"(\d{1,9}(?:[.,]\d{1,9})?) *(d|days?|h|hours?|hrs?|std|m|min|mins|minutes?|minuten|s|secs?|seconds?)\b", re.I
)


class UndecidedError(ValueError):
    """Dates of which day and month could be either way round."""


def day_comes_first(texts: Iterable[str]) -> bool:
    """Decide from all dates of a file whether the day comes before the month.

    >>> day_comes_first(["03/04/2025", "19/06/2025"]), day_comes_first(["06/19/2025"])
    (True, False)

    Raises
    ------
    UndecidedError
        If some dates can be read two ways and none decides, or some decide one way and some the other.
    """
    day, month, open_date = "", "", ""
    for text in texts:
        found = YEAR_LAST.fullmatch(text)
        if not found:
            continue
        first, second = int(found[1]), int(found[3])
        if first > 12 >= second:
            day = day or text
        elif second > 12 >= first:
            month = month or text
        elif first != second:
            open_date = open_date or text
    if day and month:
        raise UndecidedError(f"has {day!r} and {month!r}, day first and month first")
    if open_date and not day and not month:
        raise UndecidedError(f"{open_date!r} could be read two ways, and no date in the file decides")
    return not month


def moment(text: str, day_first: bool) -> datetime:
    """Read a date, with or without a time and a time zone.

    >>> moment("11.02.2025", True).date(), moment("2025-04-03T02:00:00+02:00", True).isoformat()
    (datetime.date(2025, 2, 11), '2025-04-03T02:00:00+02:00')

    Raises
    ------
    ValueError
        If it is none.
    """
    if found := YEAR_FIRST.fullmatch(text):
        year, month, day = found[1], found[3], found[4]
    elif found := YEAR_LAST.fullmatch(text):
        year, month, day = found[4], *((found[3], found[1]) if day_first else (found[1], found[3]))
    elif (found := DAY_NAMED.fullmatch(text)) and found[2].lower() in MONTHS:
        year, month, day = found[3], str(MONTHS.index(found[2].lower()) + 1), found[1]
    elif (found := MONTH_NAMED.fullmatch(text)) and found[1].lower() in MONTHS:
        year, month, day = found[3], str(MONTHS.index(found[1].lower()) + 1), found[2]
    else:
        raise ValueError(text)
    hour, minute, second, half, zone = found.groups()[-5:]
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    clock = f"{hours:02}:{minute or '00'}:{second or '00'}"
    offset = "+00:00" if zone and zone.upper() in ("Z", "UTC") else zone or ""
    return datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}T{clock}{offset}")


def minutes_between(start: datetime, end: datetime) -> float:
    """Return how long it is from one moment to another.

    Raises
    ------
    ValueError
        If the end comes first, or only one of them has a time zone.
    """
    if (start.tzinfo is None) != (end.tzinfo is None):
        raise ValueError("both or neither with a time zone")
    if end < start:
        raise ValueError("an end that is not before the start")
    return (end - start) / timedelta(minutes=1)


def number(text: str) -> float:
    """Read a number from 0, with a decimal point or comma.

    >>> number("4,5"), number("1234.5")
    (4.5, 1234.5)

    Raises
    ------
    ValueError
        If it is none, or could be read two ways: 1,234.
    """
    if not re.fullmatch(r"\d{1,12}([.,]\d{1,9})?", text) or re.fullmatch(r"[1-9]\d{0,2},\d{3}", text):
        raise ValueError(text)
    return float(text.replace(",", "."))


def minutes(text: str, unit: float = 1.0) -> float:
    """Read a length of time: a number of units of so many minutes, h:mm:ss, or numbers with their units.

    >>> minutes("4,5"), minutes("0:06:12"), minutes("1 h 30 min"), minutes("2", 60.0)
    (4.5, 6.2, 90.0, 120.0)

    Raises
    ------
    ValueError
        If it is none.
    """
    if found := re.fullmatch(r"(\d{1,6}):([0-5]\d):([0-5]\d)", text):
        return (int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])) / 60
    if LENGTH.search(text):
        if LENGTH.sub("", text).strip(" ,"):
            raise ValueError(text)
        return sum(float(size.replace(",", ".")) * LENGTHS[what[0].lower()] for size, what in LENGTH.findall(text))
    return number(text) * unit
