"""`patchmarket network` and `patchmarket records` as their users meet them."""

from pathlib import Path

import pandas as pd
import pytest

from model.network_files import read_links
from tests.commands import patchmarket

DATA = Path(__file__).parents[1] / "data"
NETWORKS, RECORDS = DATA / "networks", DATA / "records"


def test_network_says_what_is_in_a_file_draws_and_converts_it(tmp_path):
    done = patchmarket(
        "network", str(NETWORKS / "names.csv"), "--picture", "a.png", "--convert", "a.parquet", cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    for told in (
        "12 users, 14 links",
        "users are called 'ada' to 'lee'",
        "components: 1, the largest with 12 users",
        "users without links: 0",
        "links a user: mean 2.33, median 2, most 3",
        "clustering: 0.000",
        "not used: weight",
        "a year of the thought experiment on it takes",
    ):
        assert told in done.stdout
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    first, again = read_links(NETWORKS / "names.csv"), read_links(tmp_path / "a.parquet")
    assert first.names.tolist() == again.names.tolist()
    assert first.ends.tolist() == again.ends.tolist()
    assert first.weights.tolist() == again.weights.tolist()


@pytest.mark.parametrize("name", ["follows.graphml", "isolated.csv", "snap.txt"])
def test_directions_lonely_users_and_ids_survive_the_conversion(name, tmp_path):
    assert patchmarket("network", str(NETWORKS / name), "--convert", "a.parquet", cwd=tmp_path).returncode == 0
    first, again = read_links(NETWORKS / name), read_links(tmp_path / "a.parquet")
    assert (first.users, first.directed, first.ends.tolist()) == (again.users, again.directed, again.ends.tolist())
    assert first.names is again.names is None or first.names.tolist() == again.names.tolist()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([str(NETWORKS / "bad-empty.edgelist")], "is empty"),
        ([str(NETWORKS / "bad-not-a-graph.graphml")], "is XML or HTML, but neither GraphML nor GEXF"),
        ([str(NETWORKS / "bad-three-columns.txt")], "line 1: '0 1 2 3' must be two users"),
        ([str(NETWORKS / "bad-weights.csv")], "line 2: weight 'heavy' must be a number from 0"),
        (["nowhere.csv"], "nowhere.csv: must be a file that can be read"),
        (["."], ".: must be a file that can be read"),
        ([str(NETWORKS / "names.csv"), "--convert", "a.csv"], "--convert = 'a.csv': must end in .parquet"),
        ([str(NETWORKS / "names.csv"), "--columns", "who=x"], "--columns = 'who=x': must name columns for source"),
        ([str(NETWORKS / "names.csv"), "--columns", "source"], "--columns = 'source': must be KEY=NAME"),
    ],
)
def test_a_network_that_cannot_be_read_is_one_line_and_nothing_is_written(arguments, told, tmp_path):
    done = patchmarket("network", *arguments, "--picture", "a.png", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_records_are_told_and_written_as_tidy_tables(tmp_path):
    names = ["outages-eu.csv", "boots.txt", "apt-history.log", "customers.csv", "cancellations-weekly.csv"]
    done = patchmarket("records", *(str(RECORDS / name) for name in names), "--out", "tidy", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(name in done.stdout for name in names)
    for told in ("Dauer as minutes", "2025-02-11", "the first boot", "1 without a new kernel or"):
        assert told in done.stdout
    sizes = {path.name: len(pd.read_csv(path)) for path in (tmp_path / "tidy").iterdir()}
    assert sizes == {"outages.csv": 6, "customers.csv": 240, "cancellations.csv": 52, "flaws.csv": 2}


def test_bad_records_write_nothing_until_they_are_skipped(tmp_path):
    bad = patchmarket("records", str(RECORDS / "customers-bad.csv"), "--out", "tidy", cwd=tmp_path)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert [f"line {number}:" in line for number, line in enumerate(bad.stderr.splitlines()[:3], start=2)] == [True] * 3
    assert list(tmp_path.iterdir()) == []
    done = patchmarket("records", str(RECORDS / "customers-bad.csv"), "--skip-bad", "--out", "tidy", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 bad rows" in done.stdout


def test_undecided_dates_name_the_option_that_decides(tmp_path):
    (tmp_path / "a.csv").write_text("date,minutes\n03/04/2025,5\n")
    done = patchmarket("records", "a.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "say --dayfirst or --monthfirst" in done.stderr
    assert "2025-04-03" in patchmarket("records", "a.csv", "--dayfirst", cwd=tmp_path).stdout
    assert "2025-03-04" in patchmarket("records", "a.csv", "--monthfirst", cwd=tmp_path).stdout


def test_a_run_says_what_was_dropped_of_its_network(tmp_path):
    settings = ("--set", "network.kind=file", "--set", f"network.path={NETWORKS / 'snap.txt'}", "--set", "days=20")
    done = patchmarket("run", *settings, "--out", "run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "12 users" in done.stdout
    assert "Network: dropped: 1 link of a user to itself and 1 link given again" in done.stdout
    assert "node" in pd.read_parquet(tmp_path / "run" / "moves.parquet")
