"""What was observed: the outages and cancellations of an operator, on the days of a market."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

WEEK = 7  # days of a period where cancellations are known by the day
LONGEST = 3 * 365  # days; older records are left aside
FEWEST_PERIODS = 8
BEFORE = 56  # days before the first outage from which its effect is told apart
PLANNED = ("kernel", "maintenance")  # causes that a reboot is listed under
Values = NDArray[np.float64]


class Outage(NamedTuple):
    """An outage."""

    day: int
    minutes: float
    share: float  # of the servers
    cause: str


@dataclass(frozen=True)
class Observed:
    """An operator's records, from day 0 to the end of the last period.

    Attributes
    ----------
    start
        The date of day 0.
    edges : array, periods + 1
        The first day of each period, and the day after the last one.
    customers : array, periods
        Customers at the start of each; nan where it is not told.
    cancelled : array, periods
        Cancellations in each.
    signed_up
        New customers a day; None where the records have no customers.
    outages
        In order.
    flaws
        Kernel flaws that were fixed by a reboot or an update.
    notes
        What was assumed in reading the records, a sentence each.
    """

    start: date
    edges: NDArray[np.int64]
    customers: Values
    cancelled: Values
    signed_up: float | None
    outages: list[Outage]
    flaws: int
    notes: list[str]

    @property
    def days(self) -> int:
        """How many days were observed."""
        return int(self.edges[-1])

    @property
    def minutes(self) -> Values:
        """The minutes without service of each day, of a customer on average."""
        minutes = np.zeros(self.days)
        for outage in self.outages:
            minutes[outage.day] += outage.minutes * outage.share
        return minutes


def observed_in(
    records: Any, servers: int, minutes_per_reboot: float, customers: int, since: date | None = None
) -> Observed:
    """Put records onto the days of a market.

    Parameters
    ----------
    records
        `model.records.Records`.
    servers
        How many the operator runs: an outage of some of them reaches the customers on those.
    minutes_per_reboot
        What an outage takes whose length is not known.
    customers
        How many there are where the records do not tell.
    since
        The first date; None: that of the first cancellation, though at most eight weeks before the first outage.

    Raises
    ------
    ScenarioError
        When there are no cancellations, or too few periods.
    """
    if not len(records.customers) and not len(records.cancellations):
        raise ScenarioError("RECORDS: must have customers or cancellations; without them there is nothing to fit to")
    periods, signed_up = _of_customers(records.customers) if len(records.customers) else _of_counts(records)
    periods = _within(periods, records.outages, since)
    if len(periods) < FEWEST_PERIODS:
        raise ScenarioError(
            f"RECORDS: {len(periods)} periods of cancellations are too few; must be at least {FEWEST_PERIODS}"
        )
    start = periods["date"].iloc[0]
    edges = np.array([(day - start).days for day in periods["date"]] + [0])
    edges[-1] = edges[-2] + int(periods["days"].iloc[-1])
    notes: list[str] = []
    outages = _outages(records.outages, start, int(edges[-1]), servers, minutes_per_reboot, notes)
    present = periods["customers_at_start"].to_numpy(float, na_value=np.nan)
    if np.isnan(present[0]):
        notes.append(f"The records do not tell how many customers there were: {customers:,} as in the market.")
        present[0] = customers
    new = None if signed_up is None else _per_day(signed_up, start, int(edges[-1]))
    return Observed(
        start,
        edges,
        present,
        periods["cancelled"].to_numpy(float),
        new,
        outages,
        _flaws(records, start, int(edges[-1]), outages, notes),
        notes,
    )


def _of_customers(customers: "pd.DataFrame") -> tuple["pd.DataFrame", Any]:
    """Count cancellations by week, with the customers at the start of each; return them, and the sign-ups' dates.

    Who has not cancelled is censored on the last date that there is.
    """
    import pandas as pd

    left = customers["cancelled"].dropna()
    if not len(left):
        raise ScenarioError("RECORDS: nobody has cancelled; there is nothing to fit to")
    last = max(left.max(), customers["signed_up"].max())
    first = left.min()
    weeks = int((last - first).days + 1) // WEEK
    starts = [first + pd.Timedelta(days=WEEK * k) for k in range(weeks)]
    signed, gone = customers["signed_up"].to_numpy(), customers["cancelled"].to_numpy()
    ends = [start + pd.Timedelta(days=WEEK) for start in starts]
    rows = [
        (
            start.date(),
            WEEK,
            int(((signed < start) & ~(gone < start)).sum()),
            int(((gone >= start) & (gone < end)).sum()),
        )
        for start, end in zip(starts, ends, strict=True)
    ]
    columns = ["date", "days", "customers_at_start", "cancelled"]
    return pd.DataFrame(rows, columns=columns).astype({"customers_at_start": "Int64"}), customers["signed_up"]


def _of_counts(records: Any) -> tuple["pd.DataFrame", None]:
    """Return the periods as they are told; one that is missing between two is refused."""
    table = records.cancellations.sort_values("date", ignore_index=True)
    table["date"] = table["date"].dt.date
    for before, after, days in zip(table["date"], table["date"][1:], table["days"], strict=False):
        if (after - before).days != days:
            raise ScenarioError(
                f"RECORDS, cancellations from {before} on: must last until {after}, when the next period begins"
            )
    return table, None


def _within(periods: "pd.DataFrame", outages: "pd.DataFrame", since: date | None) -> "pd.DataFrame":
    """Return the periods from where outages are known on."""
    first = since
    if first is None and len(outages):
        first = outages["date"].min().date() - timedelta(days=BEFORE)
    if first is not None:
        periods = periods[periods["date"] >= first]
    if len(periods):
        end = periods["date"].iloc[-1]
        periods = periods[periods["date"] > end - timedelta(days=LONGEST)]
    return periods.reset_index(drop=True)


def _outages(
    table: "pd.DataFrame", start: date, days: int, servers: int, minutes_per_reboot: float, notes: list[str]
) -> list[Outage]:
    """Return the outages of these days."""
    import pandas as pd

    found, lengthless = [], 0
    for row in table.itertuples():
        day = (row.date.date() - start).days
        if not 0 <= day < days or row.minutes == 0:
            continue
        share = 1.0 if pd.isna(row.servers) else min(float(row.servers) / servers, 1.0)
        known = not pd.isna(row.minutes)
        lengthless += not known
        found.append(Outage(day, float(row.minutes) if known else minutes_per_reboot, share, row.cause))
    if lengthless:
        notes.append(
            f"{lengthless} of {len(found)} outages have no length: {minutes_per_reboot:g} minutes each, as a reboot."
        )
    return sorted(found)


def _flaws(records: Any, start: date, days: int, outages: list[Outage], notes: list[str]) -> int:
    """Count the kernel flaws: those recorded, else the outages for maintenance that reached most servers."""
    if len(records.flaws):
        since = [(when.date() - start).days for when in records.flaws.loc[records.flaws["kind"] == "kernel", "date"]]
        return sum(0 <= day < days for day in since)
    found = sum(outage.cause in PLANNED and outage.share > 1 / 2 for outage in outages)
    notes.append(f"Kernel flaws are counted by the outages for maintenance of most servers: {found}.")
    return found


def _per_day(signed_up: Any, start: date, days: int) -> float:
    since = [(when.date() - start).days for when in signed_up]
    return float(sum(0 <= day < days for day in since) / days)
