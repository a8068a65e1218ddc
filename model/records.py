"""An operator's records: files as people have them become four tidy tables, without anything personal in them.

Ids of customers and servers are replaced by numbers, and of causes only the kind is kept; no other column is copied.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from model import text_files
from model.dates import UndecidedError, day_comes_first, minutes, minutes_between, moment, number
from model.errors import ScenarioError
from model.server_logs import reader_of

if TYPE_CHECKING:
    import pandas as pd

TABLES: dict[str, tuple[str, ...]] = {
    "outages": ("date", "minutes", "cause", "servers"),
    "customers": ("customer", "signed_up", "cancelled", "server"),
    "cancellations": ("date", "days", "customers_at_start", "cancelled"),
    "flaws": ("date", "kind"),
}
FORMS = (
    "outages (a date and minutes, or start and end), customers (signed_up, cancelled), cancellations (a week, month or "
    "date, and how many), flaws (date, kind), `last reboot`, `journalctl --list-boots`, /var/log/apt/history.log"
)
HEADINGS = {  # of each key, as text_files.plain has them
    "date": "date datum day tag when timestamp time",
    "start": "start starttime startdate begin began beginn startzeit from von",
    "end": "end endtime enddate ended ende endzeit resolved until to bis",
    "minutes": "minutes min duration dauer downtime length durationmin durationminutes downtimeminutes dauermin "
    "dauerminuten minuten hours durationhours durationh seconds durationseconds durations",
    "cause": "cause reason type grund ursache description summary title category beschreibung",
    "servers": "servers hosts affected affectedservers serveranzahl anzahlserver",
    "customer": "customer customerid id client clientid account accountid kunde kundennummer kundennr userid",
    "signed_up": "signedup signup signupdate since customersince created createdat joined contractstart vertragsbeginn "
    "kundeseit anmeldung",
    "cancelled": "cancelled canceled canceldate cancelledat canceledat cancellationdate churned churndate left "
    "contractend vertragsende gekuendigt gekündigt kündigung cancellations kündigungen",
    "server": "server host node hostname",
    "period": "week month woche monat date datum weekstart weekof day tag",
    "customers_at_start": "customersatstart customers subscribers atstart bestand kunden",
    "days": "days tage",
    "kind": "kind",
}
KINDS: dict[str, tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]] = {  # what a table must have, and may have
    "customers": ((("signed_up", "cancelled"),), ("customer", "server")),
    "outages": ((("start", "end"), ("date", "minutes"), ("start", "minutes")), ("cause", "servers")),
    "cancellations": ((("period", "cancelled"),), ("customers_at_start", "days")),
    "flaws": ((("date", "kind"),), ()),
}
CAUSES = (
    ("kernel", r"kernel"),
    ("power", r"power|strom|\bups\b|\busv\b|electric"),
    ("hardware", r"hardware|disk|raid|memory|dimm|\bcpu\b|\bfan\b|festplatte|speicher"),
    ("network", r"network|netzw|router|switch|uplink|ddos|fib(?:er|re)\b|\bbgp\b"),
    ("breach", r"breach|intrusion|compromis|hack|einbruch"),
    ("maintenance", r"mainten|wartung|update|upgrade|patch|reboot|neustart|scheduled|(?<!un)planned|(?<!un)geplant"),
)
MOST_SHOWN = 20  # bad rows that are named
Row = tuple[Any, ...]


@dataclass
class FileRead:
    """What was found in one file."""

    file: Path
    what: str
    table: str
    rows: list[Row]
    wrong: list[tuple[int, str]] = field(default_factory=list)  # line, and what was expected
    left_out: str = ""
    header: list[str] = field(default_factory=list)

    @property
    def dates(self) -> list[date]:
        """All dates in it."""
        return [cell for row in self.rows for cell in row if isinstance(cell, date)]


class Records(NamedTuple):
    """An operator's records.

    Attributes
    ----------
    outages
        `date`; `minutes` (NaN: unknown); `cause` (kernel, maintenance, power, hardware, network, breach, other or
        unknown); `servers`, how many were down (missing: unknown).
    customers
        `customer` and `server`, numbers from 1 in the order of the files; `signed_up` and `cancelled`, dates, the
        latter missing for those who are still there.
    cancellations
        `date` of the first day of a period, its length in `days`, `customers_at_start` of it (missing: unknown) and how
        many `cancelled` in it.
    flaws
        `date` on which an update was installed, and its `kind`: kernel or hypervisor.
    files
        What each file was.
    """

    outages: "pd.DataFrame"
    customers: "pd.DataFrame"
    cancellations: "pd.DataFrame"
    flaws: "pd.DataFrame"
    files: list[FileRead]


def read_records(
    files: Iterable[str | Path],
    columns: Mapping[str, str] | None = None,
    day_first: bool | None = None,
    *,
    skip_bad: bool = False,
) -> Records:
    """Read files of records, each of any form; a folder stands for the CSV files in it.

    Parameters
    ----------
    files
        Where the records are.
    columns
        What columns are called, by key, where their headings do not say it: `{"date": "Datum"}`.
    day_first
        Whether 03/04/2025 is in April; None: as other dates in the file decide.
    skip_bad
        Go on without rows that are wrong.

    Raises
    ------
    ScenarioError
        A line for each wrong row, up to 20, and how many there are; or for a file that is none of the forms.
    """
    columns = dict(columns or {})
    unknown = set(columns) - set(HEADINGS)
    if unknown:
        raise ScenarioError.of("--columns", unknown.pop(), f"must be one of {', '.join(HEADINGS)}")
    paths = [
        path for file in files for path in (sorted(Path(file).glob("*.csv")) if Path(file).is_dir() else [Path(file)])
    ]
    if not paths:
        raise ScenarioError("FILE: there is none; a folder must have CSV files in it")
    numbers = Numbers()
    found = [read_file(path, columns, day_first, numbers) for path in paths]
    unseen = set(columns.values()) - {heading for each in found for heading in each.header}
    if unseen:
        raise ScenarioError.of("--columns", unseen.pop(), "must be the heading of a column in one of the files")
    wrong = [f"{each.file} line {line}: {what}" for each in found for line, what in each.wrong]
    if wrong and not skip_bad:
        more = [f"and {len(wrong) - MOST_SHOWN:,} more"] if len(wrong) > MOST_SHOWN else []
        hint = f"{len(wrong):,} bad rows; --skip-bad goes on without them"
        raise ScenarioError("\n".join([*wrong[:MOST_SHOWN], *more, hint]))
    return Records(**{name: table_of(name, found) for name in TABLES}, files=found)


def table_of(name: str, found: list[FileRead]) -> "pd.DataFrame":
    """Put the rows of all files of one kind into a table, by date."""
    import pandas as pd

    rows = [row for each in found if each.table == name for row in each.rows]
    if name == "flaws":
        rows = list(set(rows))
    if name == "customers":
        rows = [(number, *row) for number, row in enumerate(rows, start=1)]
    table = pd.DataFrame(rows, columns=list(TABLES[name]))
    for column in table.columns:
        if column in ("date", "signed_up") or (column == "cancelled" and name == "customers"):
            table[column] = pd.to_datetime(table[column])
        elif column == "minutes":
            table[column] = table[column].astype(float)
        elif column not in ("cause", "kind"):
            table[column] = table[column].astype("Int64")
    return table.sort_values("customer" if name == "customers" else list(table.columns), ignore_index=True)


class Numbers:
    """Gives servers numbers in place of what they are called, the same in all files, and notes which customers were."""

    def __init__(self) -> None:
        self.servers: dict[str, int] = {}
        self.customers: set[str] = set()

    def server(self, name: str) -> int | None:
        """Return a server's number, from 1."""
        return self.servers.setdefault(name, len(self.servers) + 1) if name else None

    def note_customer(self, name: str) -> None:
        """Note that there is a customer of this name.

        Raises
        ------
        ValueError
            If there was one already, whether or not its row was right.
        """
        if name and name in self.customers:
            raise ValueError(f"customer {name!r:.40} must be there once")
        self.customers.add(name)


def read_file(path: Path, columns: Mapping[str, str], day_first: bool | None, numbers: Numbers) -> FileRead:
    """Read one file: a log of a server, or a table with a header."""
    text = text_files.decode(path, text_files.read_bytes(path))
    lines = list(text_files.numbered_lines(path, text))
    if not lines:
        raise ScenarioError(f"{path}: is empty; read are {FORMS}")
    log = reader_of(text)
    if log is not None:
        told = log(lines)
        return FileRead(path, told.what, told.table, told.rows, told.wrong, told.left_out)
    try:
        return Sheet(path, lines, columns).read(day_first, numbers)
    except UndecidedError as error:
        raise ScenarioError(f"{path}: {error}; say --dayfirst or --monthfirst") from None


class Sheet:
    """A table with a header, whose kind is told from what its columns are called."""

    def __init__(self, path: Path, lines: list[tuple[int, str]], columns: Mapping[str, str]) -> None:
        self.path = path
        head = lines[0][1]
        self.separator = max(text_files.SEPARATORS, key=head.count)
        try:
            self.header = text_files.cells_of(head, self.separator)
        except ValueError as error:
            raise ScenarioError(f"{path} line {lines[0][0]}: {error}") from None
        self.kind, self.places = self._kind(columns)
        self.wrong: list[tuple[int, str]] = []
        self.lines: list[tuple[int, list[str]]] = []
        for line, written in lines[1:]:
            try:
                cells = text_files.cells_of(written, self.separator)
            except ValueError as error:
                self.wrong.append((line, str(error)))
                continue
            if len(cells) == len(self.header):
                self.lines.append((line, cells))
            else:
                told = f"has {len(cells)} cells; must have {len(self.header)}, as the header has"
                self.wrong.append((line, told))

    def _kind(self, columns: Mapping[str, str]) -> tuple[str, dict[str, int]]:
        plain = [text_files.plain(heading) for heading in self.header]
        places = {}
        for key, known in HEADINGS.items():
            if columns.get(key) in self.header:
                places[key] = self.header.index(columns[key])
            else:
                words = set(known.split()) - {text_files.plain(heading) for heading in columns.values()}
                found = [k for k, heading in enumerate(plain) if heading in words]
                places |= {key: found[0]} if found else {}
        for kind, (needs, may) in KINDS.items():
            for need in needs:
                if all(key in places for key in need) and len({places[key] for key in need}) == len(need):
                    return kind, {key: places[key] for key in (*need, *may) if key in places}
        raise ScenarioError(f"{self.path}: columns {', '.join(self.header)!r:.80} are of no form that is read: {FORMS}")

    def read(self, day_first: bool | None, numbers: Numbers) -> FileRead:
        """Read the rows below the header; those that are wrong are listed."""
        dated = [
            self.places[key]
            for key in ("date", "start", "end", "signed_up", "cancelled", "period")
            if key in self.places
        ]
        if day_first is None:
            day_first = day_comes_first(cells[place] for _, cells in self.lines for place in dated)
        read = {"outages": _outage, "customers": _customer, "cancellations": _cancellations, "flaws": _flaw}[self.kind]
        renamed = [f"{self.header[place]} as {key}" for key, place in self.places.items() if self.header[place] != key]
        told = f"{self.kind} ({', '.join(renamed)})" if renamed else self.kind
        found = FileRead(self.path, told, self.kind, [], self.wrong, header=self.header)
        for line, cells in self.lines:
            try:
                found.rows.append(read(Cells(self, cells, day_first), numbers))
            except ValueError as error:
                found.wrong.append((line, str(error)))
        if self.kind == "cancellations":
            _fill_days(found)
        found.wrong.sort()
        return found


class Cells:
    """One row: its cells by key."""

    def __init__(self, sheet: Sheet, cells: list[str], day_first: bool) -> None:
        self.sheet, self.cells, self.day_first = sheet, cells, day_first

    def __getitem__(self, key: str) -> str:
        place = self.sheet.places.get(key)
        return "" if place is None else self.cells[place]

    def take(self, key: str, read: Callable[[str], Any], expected: str, *, may_be_empty: bool = False) -> Any:
        """Read a cell; what is wrong with it names its column, its value and what was expected."""
        if may_be_empty and not self[key]:
            return None
        try:
            return read(self[key])
        except (ValueError, OverflowError):
            heading = self.sheet.header[self.sheet.places[key]]
            raise ValueError(f"{heading} {self[key]!r:.40} must be {expected}") from None

    def when(self, key: str, *, may_be_empty: bool = False) -> Any:
        """Read a date, with or without a time."""
        order = "the day first" if self.day_first else "the month first"
        expected = f"a date, YYYY-MM-DD or {order}, with four digits for the year"
        return self.take(key, lambda text: moment(text, self.day_first), expected, may_be_empty=may_be_empty)

    def count(self, key: str, least: int = 0) -> Any:
        """Read a whole number; None where there is none."""
        return self.take(key, lambda text: _whole(text, least), f"a whole number from {least}", may_be_empty=True)


def _whole(text: str, least: int) -> int:
    value = number(text)
    if value % 1 or value < least:
        raise ValueError(text)
    return int(value)


def _outage(cells: Cells, _numbers: Numbers) -> Row:
    start = cells.when("start" if "start" in cells.sheet.places else "date")
    if "end" in cells.sheet.places:
        try:
            lasted = minutes_between(start, cells.when("end"))
        except TypeError:
            raise ValueError("must have an end") from None
    else:
        heading = text_files.plain(cells.sheet.header[cells.sheet.places["minutes"]])
        unit = 60.0 if "hour" in heading or heading == "durationh" else 1 / 60 if "second" in heading else 1.0
        lasted = cells.take("minutes", lambda text: minutes(text, unit), "a length of time from 0", may_be_empty=True)
    return start.date(), lasted, cause_of(cells["cause"]), cells.count("servers", 1)


def cause_of(text: str) -> str:
    """Return the kind of cause that a description tells of.

    >>> cause_of("Scheduled maintenance: kernel"), cause_of("Strom"), cause_of("unplanned"), cause_of("")
    ('kernel', 'power', 'other', 'unknown')
    """
    for cause, known in CAUSES:
        if re.search(known, text, re.I):
            return cause
    return "other" if text and text != "unknown" else "unknown"


def _customer(cells: Cells, numbers: Numbers) -> Row:
    numbers.note_customer(cells["customer"])
    signed_up, cancelled = cells.when("signed_up").date(), cells.when("cancelled", may_be_empty=True)
    if cancelled is not None and cancelled.date() < signed_up:
        raise ValueError(
            f"cancelled {cells['cancelled']!r:.40} must not be before signed up, {cells['signed_up']!r:.40}"
        )
    return signed_up, cancelled and cancelled.date(), numbers.server(cells["server"])


def _cancellations(cells: Cells, _numbers: Numbers) -> Row:
    begin, days = cells.take(
        "period", lambda text: _period(text, cells.day_first), "a week (2025-W01), a month (2025-01) or a date"
    )
    cancelled, present = (
        cells.take("cancelled", lambda text: _whole(text, 0), "a whole number from 0"),
        cells.count("customers_at_start"),
    )
    if present is not None and cancelled > present:
        raise ValueError(f"cancelled {cancelled} must be at most the customers at the start, {present}")
    return begin, cells.count("days", 1) or days, present, cancelled


def _period(text: str, day_first: bool) -> tuple[date, int | None]:
    """Return the first day of a week or month and its length; of a date, the length is None."""
    if re.fullmatch(r"\d{4}-?W\d\d", text):
        return date.fromisoformat(f"{text[:4]}-W{text[-2:]}-1"), 7
    if re.fullmatch(r"\d{4}-\d\d", text):
        begin = date.fromisoformat(f"{text}-01")
        return begin, ((begin + timedelta(days=31)).replace(day=1) - begin).days
    return moment(text, day_first).date(), None


def _fill_days(found: FileRead) -> None:
    """Give periods of which only the first day is known their length: the shortest step between them."""
    begins = sorted({row[0] for row in found.rows})
    step = min(((b - a).days for a, b in pairwise(begins)), default=1)
    found.rows = [(begin, days or step, *rest) for begin, days, *rest in found.rows]


def _flaw(cells: Cells, _numbers: Numbers) -> Row:
    if cells["kind"] not in ("kernel", "hypervisor"):
        raise ValueError(f"kind {cells['kind']!r:.40} must be kernel or hypervisor")
    return cells.when("date").date(), cells["kind"]
