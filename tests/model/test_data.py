"""The data files are what `datapackage.json` and `DATA.md` say: columns, limits, sizes, totals, and how they relate."""

import csv
import hashlib
import json
import re
from datetime import date

import pytest

from model.published_terms import DATA

PACKAGE = json.loads((DATA / "datapackage.json").read_bytes())
RESOURCES = {resource["name"]: resource for resource in PACKAGE["resources"]}
PAGE = (DATA / "DATA.md").read_text(encoding="utf-8")
READ = {"date": date.fromisoformat, "integer": int, "string": str}


def rows_of(name):
    with (DATA / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def faults(rows, fields):
    """Say where rows are not what fields allow, a line for each fault."""
    found = []
    for field in fields:
        name, limits = field["name"], field.get("constraints", {})
        texts = [row[name] for row in rows]
        if limits.get("required") and "" in texts:
            found.append(f"{name}: is missing in line {texts.index('') + 2}")
        given = [text for text in texts if text]
        if limits.get("unique") and len(set(given)) < len(given):
            found.append(f"{name}: is there twice")
        for text in given:
            try:
                value = READ[field["type"]](text)
            except ValueError:
                found.append(f"{name} = {text!r}: must be a {field['type']}")
                continue
            if not limits.get("minimum", value) <= value <= limits.get("maximum", value):
                found.append(f"{name} = {text}: out of range")
            if text not in limits.get("enum", [text]) or not re.fullmatch(limits.get("pattern", ".*"), text):
                found.append(f"{name} = {text!r}: not allowed")
    return found


def test_every_table_is_described_and_every_described_one_is_there():
    assert {path.name for path in DATA.glob("*.csv")} == {resource["path"] for resource in RESOURCES.values()}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_file_is_what_the_package_says(name):
    resource, data = RESOURCES[name], (DATA / f"{name}.csv").read_bytes()
    fields, rows = resource["schema"]["fields"], rows_of(name)
    assert list(rows[0]) == [field["name"] for field in fields]
    assert faults(rows, fields) == []
    assert resource["bytes"] == len(data)
    assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    sums = {key: sum(int(row[key]) for row in rows if row[key]) for key in resource["totals"] if key != "rows"}
    assert resource["totals"] == {"rows": len(rows)} | sums
    assert resource["licenses"]
    assert resource["sources"]
    for field in fields:
        assert field["description"]
        assert ("unit" in field) is (field["type"] == "integer")


@pytest.mark.parametrize("name", RESOURCES)
def test_the_page_names_every_column_and_the_same_totals(name):
    rows, totals = rows_of(name), RESOURCES[name]["totals"]
    dates = [row[next(iter(k for k in row if "date" in k))] for row in rows]
    assert dates == sorted(dates)
    told = "; ".join(f"`{key}` {value:,}" for key, value in totals.items() if key != "rows")
    assert f"| `{name}.csv` | {len(rows)} | {dates[0]} | {dates[-1]} | {told} |" in PAGE
    section = PAGE.partition(f"## {name}.csv\n")[2].partition("\n## ")[0]
    assert [column for column in rows[0] if f"`{column}`" not in section] == []
    assert "Licence" in section


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"date": "2021-02-30", "n": "1"}, "date = '2021-02-30': must be a date"),
        ({"date": "2021-02-03", "n": "-1"}, "n = -1: out of range"),
        ({"date": "", "n": "1"}, "date: is missing in line 2"),
    ],
)
def test_a_wrong_cell_is_found(row, fault):
    fields = [
        {"name": "date", "type": "date", "constraints": {"required": True}},
        {"name": "n", "type": "integer", "constraints": {"minimum": 0}},
    ]
    assert faults([row], fields) == [fault]


# How the files relate.


def days(row, first, second):
    return (date.fromisoformat(row[second]) - date.fromisoformat(row[first])).days


def test_an_upload_on_the_operators_path_is_one_of_all_and_counts_its_cves():
    uploads = {row["version"]: row for row in rows_of("debian-kernel-uploads")}
    for row in rows_of("debian-kernel-operator-path"):
        upload = uploads[row["version"]]
        assert (row["date"], row["suite"], row["n_cve"]) == (upload["date"], upload["suite"], upload["n_cves"])
        assert len(row["cves"].split()) == int(row["n_cve"])
        assert upload["is_security"] == "1"


def test_an_exploited_cve_was_fixed_by_the_first_upload_that_names_it():
    path = rows_of("debian-kernel-operator-path")
    for row in rows_of("kev-linux"):
        naming = [upload["date"] for upload in path if row["cve"] in upload["cves"].split()]
        assert row["debian_upload"] == (naming[0] if naming else "")
        if naming:
            assert int(row["days_from_upload"]) == days(row, "debian_upload", "date_added")


def test_a_live_patchs_lag_is_between_its_notices():
    notices = {row["notice"]: row for row in rows_of("livepatch-notices")}
    for row in rows_of("livepatch-notices"):
        assert len(row["cves"].split()) == int(row["n_cve"])
    for row in rows_of("livepatch-lags"):
        assert row["notice_date"] == notices[row["notice"]]["date"]
        assert row["cve"] in notices[row["notice"]]["cves"].split()
        assert int(row["days_after_kernel_notice"]) == days(row, "kernel_notice_date", "notice_date")
