"""The report: one page that needs nothing else, says what the tables say, and can be read by everybody."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from answers.report.break_even import arithmetic, break_even, price
from answers.report.groups import by_replicate, groups_of
from answers.report.report import write_report
from answers.report.survival import kaplan_meier, survival
from batch.analysis import open_study
from batch.outcomes import outcomes
from batch.runner import run_study
from batch.study import Study
from model import Market
from model.closed_forms import break_even_price
from model.errors import ScenarioError
from tests.commands import patchmarket

KEPT = {f"outcomes.{name}": True for name in ("series", "flows", "moves")}
VOID = {"meta", "link", "br", "use"}


class Page(HTMLParser):
    """Reads a page into what the tests ask about."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.open, self.headings = [], [], [], [], {}
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.open += [tag] if tag not in VOID else []
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[key] for key in ("href", "src") if key in attributes]

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(path):
    return Page(path.read_text(encoding="utf-8"))


def swept(folder, study, **options):
    run_study(study, folder, workers=2, **options)
    return open_study(folder)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return swept(tmp_path_factory.mktemp("report") / "tiny", Study.load("tiny", **KEPT))


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    return read(write_report(results.folder, tmp_path_factory.mktemp("page") / "tiny.html"))


def test_the_page_is_whole_and_needs_nothing_beside_it(page):
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    assert all(link.startswith(("data:text/", "#")) for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert "url(" not in page.text.split("The answer")[0]  # nor does the style sheet ask for anything


def test_figures_and_tables_say_what_they_are(page):
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(pictures) == 5
    for attributes in pictures:
        assert attributes["role"] == "img"
        assert set(attributes["aria-labelledby"].split()) <= set(page.ids)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("desc") == 5
    assert tags.count("caption") == tags.count("table") > 3
    assert all(attributes["scope"] in ("row", "col") for tag, attributes in page.tags if tag == "th")
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags


def test_the_answer_is_made_from_the_numbers(page, results):
    runs = results.runs()
    text = " ".join(page.text.split())
    for group, points in (("none", (0, 2)), ("bought", (1, 3))):
        mean = 100 * runs[runs["point"].isin(points)]["lost_share_p0"].mean()
        assert re.search(rf"{mean:.1f} %( of its users)? with patches = {group}", text)
    paid = 100 * runs["live_paid"].mean()
    assert f"per original server, in {paid:.0f} % of 6 runs with patches = none." in text
    found = break_even(results, runs)
    assert f"Live patching may cost up to ${price(found.runs):,.0f} per server and month" in text


def test_the_page_says_what_was_run_and_how_to_run_it_again(page, results):
    manifest = json.loads((results.folder / "manifest.json").read_text())
    assert manifest["digest"] in page.text
    (session,) = manifest["sessions"]
    assert session["git"] is None or session["git"]["commit"] in page.text  # None in a downloaded archive
    assert f"numpy {session['versions']['numpy']}" in page.text
    assert "uv run patchmarket sweep study.toml --out out/tiny" in page.text


def test_the_same_folder_gives_the_same_bytes(results, tmp_path):
    first, second = (write_report(results.folder, tmp_path / name) for name in ("a.html", "b.html"))
    assert first.read_bytes() == second.read_bytes()


def test_at_the_break_even_price_both_policies_earn_the_same(results):
    found = break_even(results, results.runs())
    assert found.how.startswith("Simulated")
    assert found.over == ["users.tolerance.median"]
    study, tolerance = results.study, 2.0
    most = price(found.runs[found.runs["users.tolerance.median"] == tolerance])
    earned = []
    for point in (0, 1):  # without and with patches
        scenario = study.scenario_at(point)
        if point:
            scenario = scenario.replace(**{"providers.0.policy.per_server_month": most})
        markets = [Market(scenario, rng=study.run_of(point, r).seed).run() for r in range(3)]
        earned.append(sum(outcomes(market, study, "")["p0_profit"] for market in markets))
    assert earned[0] == pytest.approx(earned[1])


def test_without_series_the_emails_arithmetic_is_used_and_said(results):
    study, runs = results.study, results.runs()
    found = arithmetic(study, runs)
    assert found.how.startswith("By the email's arithmetic")
    rebooting = runs[runs["point"].isin([0, 2])]
    margin = 5.0 * 100  # a hundred users, who do not fill a server
    assert price(found.runs) == pytest.approx(break_even_price(margin, rebooting["lost_share_p0"].mean()))


def test_what_was_not_kept_is_left_out_in_a_line_each(tmp_path):
    results = swept(tmp_path / "bare", Study.load("tiny", replicates=1))
    page = read(write_report(results.folder))
    for key in ("series", "flows", "moves"):
        assert f"set outcomes.{key} = true and sweep anew." in page.text
    assert [tag for tag, _ in page.tags].count("svg") == 2  # break-even prices by arithmetic, and profits


def test_a_study_in_the_middle_is_told_as_such(tmp_path):
    results = swept(tmp_path / "half", Study.load("tiny"), shard="1/2")
    (results.folder / "failures" / "ffff000000000000.json").write_text(
        json.dumps({"run_id": "ffff000000000000", "point": 1, "replicate": 0, "seed": 5, "reason": "too slow <b>"})
    )
    page = read(write_report(results.folder))
    text = " ".join(page.text.split())
    assert "Not finished: 7 of 12 runs are settled. All numbers are of those." in text
    assert "1 run failed and is not counted" in text
    assert "too slow <b>" in text


def test_names_are_shown_as_they_are(tmp_path):
    odd = {"scenario.providers.0.name": "<b>&$x^$", "name": "<script>", "replicates": 1}
    results = swept(tmp_path / "odd", Study.load("tiny", **KEPT, **odd))
    page = read(write_report(results.folder))
    assert "<b>&$x^$ lost" in page.text
    assert not {"b", "script"} & {tag for tag, _ in page.tags}


def test_averages_are_over_the_replicates_that_all_points_have(results):
    runs = results.runs()
    some = runs[~((runs["point"] == 2) & (runs["replicate"] == 1))]
    means = by_replicate(some, [0, 2], "moves")
    assert means.index.tolist() == [0, 2]
    expected = runs[runs["point"].isin([0, 2])].groupby("replicate")["moves"].mean()
    assert means.tolist() == expected[[0, 2]].tolist()


def test_points_are_told_together_unless_they_are_few_or_chosen():
    assert len(groups_of(Study.load("vary-tolerance"))) == 1
    few = Study.load("vary-tolerance", **{"factors.1.levels": [0.3]})
    assert [group.points for group in groups_of(few)] == [[0], [1], [2], [3], [4]]
    (only,) = groups_of(Study.load("tiny", factors=[]))
    assert only == ("", [0])


# --- sensitivity


DESIGNS = {"saltelli": {"samples": 8}, "morris": {"trajectories": 4}}


@pytest.mark.parametrize("kind", DESIGNS)
def test_a_study_of_sensitivity_has_a_section_about_it(kind, tmp_path):
    factors = [
        {"path": "users.tolerance.median", "low": 2.0, "high": 20.0},
        {"path": "flaws.per_year", "low": 2.0, "high": 40.0},
    ]
    study = Study.load("tiny", factors=factors, replicates=1, design={"kind": kind} | DESIGNS[kind])
    found = read(write_report(swept(tmp_path / "study", study).folder))
    assert "sensitivity" in found.ids
    assert "What matters most for the share of users that the first provider lost is" in found.text


# --- survival


def test_kaplan_and_meier_by_hand():
    times, seen = np.array([1, 2, 2, 3, 9]), np.array([True, True, False, True, True])
    stayed = kaplan_meier(times, seen, np.array([0, 0, 0, 0, 3]))
    expected = [1, 3 / 4, 3 / 4 * 2 / 3, 0]
    assert stayed[0][:4].tolist() == pytest.approx(expected)
    assert stayed[3].tolist() == [1.0] * 9 + [0.0]
    assert np.isnan(stayed[1]).all()


def test_survival_is_of_those_who_began_there_by_the_tolerance_they_had(results):
    runs = results.runs().query("point == 2")
    curve = survival(results, runs, 0)
    assert (curve.provider, curve.runs) == ("Reboot & Co", 3)
    left = 1 - curve.stayed[:, -1].mean()  # the tenths are of equal size
    assert left == pytest.approx(runs["lost_share_p0"].mean())  # nobody comes back in this market
    assert curve.stayed[0, -1] < curve.stayed[-1, -1]
    least = []
    for run in runs.itertuples():
        market = Market(results.study.scenario_at(2), rng=run.seed)
        tolerance = np.where(market.users.provider == 0, market.users.tolerance, np.inf)
        least.append(set(np.argsort(tolerance)[:10]))
        market.run()
        gone = set(market.record.moves.query("`from` == 'Reboot & Co'")["user"])
        least[-1] = len(least[-1] - gone) / 10
    assert curve.stayed[0, -1] == pytest.approx(np.mean(least))


# --- the command


def test_the_command_says_where_it_wrote(results, tmp_path):
    done = patchmarket("report", str(results.folder), "--out", str(tmp_path / "new" / "x.html"))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"Written: {tmp_path / 'new' / 'x.html'}\n", "")
    assert (tmp_path / "new" / "x.html").stat().st_size > 50_000


def test_bad_input_is_one_line_and_exit_code_2(tmp_path):
    done = patchmarket("report", "/nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "patchmarket: /nowhere: is not the folder of a study; there is no study.toml in it\n"


@pytest.mark.parametrize(
    ("out", "line"),
    [
        (None, "empty: no run is done yet; there is nothing to report"),
        ("x.pdf", "--out = 'x.pdf': must be the name of an .html file"),
        ("page.html", "--out = 'page.html': must be a file, but is a folder"),
    ],
)
def test_nothing_is_written_where_there_is_nothing_to_report_or_no_place_for_it(out, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "page.html"):
        (tmp_path / name).mkdir()
    (tmp_path / "empty" / "study.toml").write_text(Study.load("tiny").to_toml())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ScenarioError) as error:
        write_report("empty", out)
    assert str(error.value) == line
    assert sorted(tmp_path.rglob("*")) == before
