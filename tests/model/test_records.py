"""Records: files of operators become tidy tables; what is wrong is named by line; nothing personal is copied."""

import gzip
import random
import resource
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import ScenarioError
from model.dates import moment
from model.histories import read_history
from model.records import TABLES, read_records
from tests.mutations import mutated

FILES = Path(__file__).parents[1] / "data" / "records"
DAYS = [date(2025, 2, 11), date(2025, 4, 3), date(2025, 6, 19), date(2025, 9, 30), date(2025, 11, 12)]


def read(name, **how):
    return read_records([FILES / name], **how)


def written(tmp_path, content, name="records.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(table):
    """Return a table as tuples, with None for what is missing."""
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in table.itertuples(index=False)]


def days_of(table):
    return [when.date() for when in table["date"]]


# --- the files of operators


@pytest.mark.parametrize(
    ("name", "days", "lengths", "causes"),
    [
        ("outages-iso.csv", DAYS, [6, 4.5, 180, 5, 5], ["kernel", "kernel", "power", "kernel", "kernel"]),
        ("outages-us.csv", DAYS[:4], [6, 4.5, 180, 5], ["maintenance", "maintenance", "other", "maintenance"]),
        ("outages-eu.csv", DAYS[:4], [6, 4.5, 180, 5], ["kernel", "kernel", "power", "kernel"]),
        ("outages-start-end.tsv", DAYS[:3], [6.2, 4.5, 180], ["kernel", "kernel", "power"]),
        ("last-reboot.txt", [DAYS[1]], [np.nan], ["kernel"]),
        ("boots.txt", DAYS[:2], [4.6, 4.2], ["unknown", "unknown"]),
    ],
)
def test_outages_as_people_have_them(name, days, lengths, causes):
    outages = read(name).outages
    assert days_of(outages) == days
    assert outages["minutes"].tolist() == pytest.approx(lengths, abs=0.05, nan_ok=True)
    assert outages["cause"].tolist() == causes


def test_how_many_servers_were_down():
    assert read("outages-iso.csv").outages["servers"].tolist() == [40, 40, 1, 42, 42]
    assert read("outages-eu.csv").outages["servers"].isna().all()
    assert read("boots.txt").outages["servers"].tolist() == [1, 1]


def test_package_logs_customers_and_cancellations_as_people_have_them():
    assert rows(read("apt-history.log").flaws) == [
        (pd.Timestamp(2025, 2, 10), "kernel"),
        (pd.Timestamp(2025, 4, 2), "kernel"),
    ]
    customers = read("customers.csv").customers
    raw = pd.read_csv(FILES / "customers.csv")
    assert customers["customer"].tolist() == list(range(1, 241))
    assert customers["signed_up"].dt.strftime("%Y-%m-%d").tolist() == raw["signup_date"].tolist()
    assert customers["cancelled"].isna().sum() == raw["cancel_date"].isna().sum()
    weekly = read("cancellations-weekly.csv").cancellations
    assert rows(weekly)[0] == (pd.Timestamp(2024, 12, 30), 7, 996, 7)
    assert len(weekly) == 52
    assert set(weekly["date"].diff().dropna().dt.days) == {7}


def test_each_fault_of_customers_is_named_with_its_line():
    with pytest.raises(ScenarioError) as caught:
        read("customers-bad.csv")
    place = str(FILES / "customers-bad.csv")
    assert str(caught.value).splitlines() == [
        f"{place} line 2: cancelled '2024-12-01' must not be before signed up, '2025-03-01'",
        f"{place} line 3: signup_date '' must be a date, YYYY-MM-DD or the day first, with four digits for the year",
        f"{place} line 4: customer '2' must be there once",
        "3 bad rows; --skip-bad goes on without them",
    ]
    skipped = read("customers-bad.csv", skip_bad=True)
    assert len(skipped.customers) == 0
    assert len(skipped.files[0].wrong) == 3


def test_at_most_twenty_bad_rows_are_shown_and_then_a_count(tmp_path):
    path = written(tmp_path, "date,minutes\n" + "2025-01-01,5\n" + "never,5\n" * 30)
    with pytest.raises(ScenarioError) as caught:
        read_records([path])
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in lines[:20]] == [f"{path} line {number}" for number in range(3, 23)]
    assert lines[20:] == ["and 10 more", "30 bad rows; --skip-bad goes on without them"]
    assert len(read_records([path], skip_bad=True).outages) == 1


# --- nothing personal, and back again


def test_ids_become_numbers_and_nothing_else_is_copied(tmp_path):
    path = written(
        tmp_path,
        "email,customer_id,signup_date,cancel_date,server\nada@example.org,K-77,2025-01-01,,db.example.org\n"
        "bo@example.org,K-12,2025-01-02,2025-03-01,web.example.org\ncy@example.org,K-9,2025-01-03,,db.example.org\n",
    )
    customers = read_records([path]).customers
    assert customers["customer"].tolist() == [1, 2, 3]
    assert customers["server"].tolist() == [1, 2, 1]
    assert list(customers) == list(TABLES["customers"])


def test_tidy_tables_are_records_too_and_a_history_of_flaws(tmp_path):
    names = ["outages-iso.csv", "last-reboot.txt", "customers.csv", "cancellations-weekly.csv", "apt-history.log"]
    found = read_records([FILES / name for name in names])
    for name in TABLES:
        getattr(found, name).to_csv(tmp_path / f"{name}.csv", index=False)
    again = read_records([tmp_path])
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(again, name))
    flaws = [(flaw.date, flaw.kind) for flaw in read_history(str(tmp_path))]
    assert flaws == [(date(2025, 2, 10), "kernel"), (date(2025, 4, 2), "kernel")]


def test_a_customer_is_there_once_in_all_files(tmp_path):
    text = "customer,signed_up,cancelled\nada,2025-01-01,\n"
    paths = [written(tmp_path, text, "a.csv"), written(tmp_path, text, "b.csv")]
    with pytest.raises(ScenarioError, match=r"b\.csv line 2: customer 'ada' must be there once"):
        read_records(paths)


# --- dates, numbers, encodings


@pytest.mark.parametrize(
    ("dates", "day_first", "expected"),
    [
        (["03/04/2025", "19/06/2025"], None, date(2025, 4, 3)),
        (["03/04/2025", "06/19/2025"], None, date(2025, 3, 4)),
        (["03.04.2025"], True, date(2025, 4, 3)),
        (["03-04-2025"], False, date(2025, 3, 4)),
        (["05/05/2025"], None, date(2025, 5, 5)),
        (["2025/04/03"], None, date(2025, 4, 3)),
        (["3 April 2025"], None, date(2025, 4, 3)),
        (["Apr 3, 2025 2:05 PM"], None, date(2025, 4, 3)),
    ],
)
def test_day_or_month_first_is_decided_by_the_data(dates, day_first, expected, tmp_path):
    path = written(tmp_path, "date;minutes\n" + "".join(f"{text};5\n" for text in dates))
    assert expected in days_of(read_records([path], day_first=day_first).outages)


@pytest.mark.parametrize("dates", [["03/04/2025"], ["03/04/2025", "04/05/2025"], ["19/06/2025", "06/19/2025"]])
def test_what_nothing_decides_names_the_option_that_does(dates, tmp_path):
    path = written(tmp_path, "date,minutes\n" + "".join(f"{text},5\n" for text in dates))
    with pytest.raises(ScenarioError, match="--dayfirst or --monthfirst"):
        read_records([path], skip_bad=True)


@settings(max_examples=50)
@given(st.lists(st.dates(date(1990, 1, 1), date(2035, 12, 31)), min_size=1), st.booleans())
def test_dates_are_read_as_they_were_written_or_not_at_all(days, day_first):
    form = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    assert [moment(day.strftime(form), day_first).date() for day in days] == days


@pytest.mark.parametrize("encode", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("pack", [False, True])
def test_encodings_and_line_ends(encode, ends, pack, tmp_path):
    data = ends.join(["Datum;Dauer;Grund", "19.06.2025;4,5;Stromausfall für Köln", ""]).encode(encode)
    found = read_records([written(tmp_path, gzip.compress(data) if pack else data)]).outages
    assert rows(found) == [(pd.Timestamp(2025, 6, 19), 4.5, "power", None)]


@pytest.mark.parametrize(
    ("heading", "text", "expected"),
    [
        ("minutes", "4.5", 4.5),
        ("Duration (hours)", "1.5", 90.0),
        ("duration_seconds", "90", 1.5),
        ("Dauer", "1 h 30 min", 90.0),
        ("duration", "0:06:12", 6.2),
        ("minutes", "", None),
    ],
)
def test_lengths_of_time(heading, text, expected, tmp_path):
    found = read_records([written(tmp_path, f"date;{heading}\n2025-01-01;{text}\n")]).outages
    assert rows(found)[0][1] == expected


@pytest.mark.parametrize("text", ["-5", "1,234", "5 apples", "1e3", "nan", "5:30"])
def test_what_is_no_length_of_time_or_could_be_two(text, tmp_path):
    with pytest.raises(ScenarioError, match=f"line 2: minutes '{text}' must be a length of time from 0"):
        read_records([written(tmp_path, f"date;minutes\n2025-01-01;{text}\n")])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("start,end\n2025-01-01T02:00,2025-01-01T01:00\n", "line 2: .*an end that is not before the start"),
        ("start,end\n2025-01-01T02:00Z,2025-01-01T03:00\n", "line 2: .*both or neither with a time zone"),
        ("date,minutes\n2025-02-30,5\n", "line 2: date '2025-02-30' must be a date"),
        ("date,minutes\n02/11/25,5\n", "line 2: date '02/11/25' must be a date"),
        ("date,minutes\n2025-01-01,5,6\n", "line 2: has 3 cells; must have 2"),
        ("date,minutes,servers\n2025-01-01,5,0\n", "line 2: servers '0' must be a whole number from 1"),
        ("week,cancelled\n2025-W60,3\n", "line 2: week '2025-W60' must be a week"),
        ("week,cancelled,customers\n2025-W10,3,2\n", "line 2: cancelled 3 must be at most"),
        ("a,b\n1,2\n", "are of no form that is read: outages"),
        ("", "is empty; read are"),
        (" -1 6f0d3f5a1d4b4a6e8d1c6c1b9a7e0002 Tue 2025-02-11 02:04:40 UTC\n", "line 1: .* must be a boot"),
        ("reboot   system boot  6.1.0 Tue Feb 11 02:04\n", "line 1: .* must be a boot with its date, and its year"),
        ("Start-Date: soon\n", "line 1: .* must be Start-Date"),
    ],
)
def test_what_is_wrong_is_named(text, told, tmp_path):
    with pytest.raises(ScenarioError, match=told):
        read_records([written(tmp_path, text)])


def test_columns_may_be_named(tmp_path):
    path = written(tmp_path, "id;wann;lang\n1;2025-01-01;5\n")
    assert rows(read_records([path], {"date": "wann", "minutes": "lang"}).outages)[0][1] == 5.0
    with pytest.raises(ScenarioError, match="--columns = 'x': must be the heading of a column"):
        read_records([path], {"date": "wann", "minutes": "lang", "cause": "x"})
    with pytest.raises(ScenarioError, match="--columns = 'when': must be one of"):
        read_records([path], {"when": "wann"})


def test_reboots_of_newer_tools_and_over_new_year(tmp_path):
    journal = (
        "IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n"
        " -1 6f0d3f5a1d4b4a6e8d1c6c1b9a7e0002 Tue 2025-02-11 02:04:40 UTC Thu 2025-04-03 02:00:01 UTC\n"
        "  0 6f0d3f5a1d4b4a6e8d1c6c1b9a7e0003 Thu 2025-04-03 02:04:12 UTC Thu 2025-11-27 09:00:00 UTC\n"
    )
    assert read_records([written(tmp_path, journal)]).outages["minutes"].tolist() == [4.18]
    last = (
        "reboot   system boot  6.1.0-33-amd64   Fri Jan  2 02:04   still running\n"
        "reboot   system boot  6.1.0-31-amd64   Tue Dec 30 02:04 - 02:00 (2+23:56)\n"
        "\nwtmp begins Sat Nov  1 00:00:03 2025\n"
    )
    assert days_of(read_records([written(tmp_path, last)]).outages) == [date(2026, 1, 2)]
    zones = journal.replace("2025-04-03 02:04:12 UTC", "2025-04-03 04:04:12 CEST")
    with pytest.raises(ScenarioError, match="line 3: time zones UTC and CEST must be one; write journalctl --utc"):
        read_records([written(tmp_path, zones)])


# --- files gone wrong


@pytest.mark.parametrize("count", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_a_mutated_file_is_read_rightly_or_is_named_by_line(count, tmp_path):
    rng, wrong = random.Random(11), []
    for k in range(count):
        source = rng.choice(sorted(FILES.iterdir()))
        path = written(tmp_path, mutated(source.read_bytes(), rng), f"{k}-{source.name}")
        try:
            found = read_records([path])
        except ScenarioError as error:
            wrong.append(str(error))
        else:
            assert (found.outages["minutes"].dropna() >= 0).all()
            assert (
                found.customers["cancelled"].dropna()
                >= found.customers["signed_up"][found.customers["cancelled"].notna()]
            ).all()
    assert 0.1 < len(wrong) / count < 0.95
    assert all(
        line.startswith((str(tmp_path), "and ")) or "bad rows" in line for each in wrong for line in each.splitlines()
    )
    assert max(len(each.splitlines()) for each in wrong) <= 22
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert peak < 1.2e9  # of which about 200 MB are the libraries
