"""The committed results belong together, and `patchmarket reproduce` notices when they do not."""

import json
import shutil

import pandas as pd
import pytest
from PIL import Image

from model.errors import ScenarioError
from results import command as reproduce_command
from results import reproduce
from results.catalogue import NAMES, load_claim
from results.claim import FIGURE, MANIFEST, QUICK, README, SUMMARY, Claim, read_summary
from results.contents import CONTENTS, table_of_contents
from results.subplots import subplots
from tests.commands import patchmarket

SMALL = {"users": 200, "seed": 1, "replicates": 2}


def moves(workers, users, seed, replicates):
    from model import Market

    settings = {"users.count": users, "days": 365}
    seeds = range(seed, seed + replicates)
    records = [Market("thought-experiment", rng=rng, **settings).run().record for rng in seeds]
    lost = [record.column("left")[:, 0].sum() / record.users_at_start[0] for record in records]
    return pd.DataFrame({"seed": list(seeds), "moves": [len(r.moves) for r in records], "lost_share": lost})


def one_line(summary):
    figure, (axes,) = subplots(1)
    axes.plot(summary["lost_share"])
    return figure


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    claim = tiny(tmp_path_factory.mktemp("results") / "tiny")
    claim.folder.mkdir()
    reproduce.rebuild(claim, 1, quick=False, code=None)
    return claim


def tiny(folder, **changes):
    told = {
        "sentence": lambda summary: f"Of all, {summary['moves'].sum()} moved.",
        "notes": "A note.",
        "changes": "Nothing.",
    }
    what = {
        "question": "Who moves?",
        "full": SMALL,
        "quick": SMALL | {"replicates": 1},
        "compute": moves,
        "draw": one_line,
    }
    return Claim(**({"folder": folder} | what | told | changes))


@pytest.fixture
def claim(built, tmp_path):
    shutil.copytree(built.folder, tmp_path / "tiny")
    return tiny(tmp_path / "tiny")


# A claim rebuilt, unchanged and changed.


def test_what_was_rebuilt_is_as_committed_in_both_sizes(claim):
    assert reproduce.check(claim, 1, quick=False) == []
    assert reproduce.check(claim, 1, quick=True) == []


def test_a_claims_summary_is_the_same_whatever_the_workers():
    published = load_claim("fifth")
    claim = tiny(published.folder, compute=published.compute, quick={"users": 200, "seed": 1, "replicates": 5})
    assert claim.summary(1, quick=True) == claim.summary(3, quick=True)


def test_a_changed_byte_in_the_summary_is_found_and_named(claim):
    path = claim.folder / SUMMARY
    data = path.read_bytes()
    row = data.splitlines()[1]
    digit = row.rfind(b".") + 1
    changed = row[:digit] + (b"7" if row[digit : digit + 1] != b"7" else b"8") + row[digit + 1 :]
    path.write_bytes(data.replace(row, changed))
    found = reproduce.check(claim, 1, quick=False)
    assert any(line.startswith("results/tiny/summary.csv: line 2, lost_share: ") for line in found)
    assert "results/tiny/summary.csv: its SHA-256 differs from manifest.json" in found
    assert "results/tiny/figure.png: was not drawn from this summary.csv" in found


def test_a_changed_quick_expectation_is_found(claim):
    path = claim.folder / QUICK
    path.write_bytes(path.read_bytes().replace(b"\n", b"0\n", 2).replace(b"lost_share0", b"lost_share"))
    assert any("quick.csv: " in line for line in reproduce.check(claim, 1, quick=True))


def test_a_page_that_says_something_else_is_found(claim):
    path = claim.folder / README
    path.write_text(path.read_text(encoding="utf-8").replace("moved.", "stayed."), encoding="utf-8")
    found = reproduce.check(claim, 1, quick=True)
    assert "results/tiny/README.md: does not agree with summary.csv" in found


def test_other_parameters_than_the_committed_ones_are_found(claim):
    later = tiny(claim.folder, full=SMALL | {"users": 300})
    found = reproduce.check(later, 1, quick=True)
    assert "results/tiny/summary.csv: was made with parameters other than those in study.py" in found


@pytest.mark.parametrize("name", [SUMMARY, QUICK, FIGURE, README, MANIFEST])
def test_a_missing_file_is_named(claim, name):
    (claim.folder / name).unlink()
    assert reproduce.check(claim, 1, quick=True) == [f"results/tiny/{name}: is missing"]


def test_a_quick_rebuild_leaves_the_full_summary_alone(claim):
    before = (claim.folder / SUMMARY).read_bytes()
    (claim.folder / QUICK).unlink()
    reproduce.rebuild(claim, 1, quick=True, code=None)
    assert (claim.folder / SUMMARY).read_bytes() == before
    assert reproduce.check(claim, 1, quick=True) == []


def test_nothing_is_written_when_a_run_fails(claim):
    def fail(workers, **parameters):
        raise RuntimeError("a run failed")

    before = {path.name: path.read_bytes() for path in claim.folder.iterdir()}
    with pytest.raises(RuntimeError):
        reproduce.rebuild(tiny(claim.folder, compute=fail), 1, quick=False, code=None)
    assert {path.name: path.read_bytes() for path in claim.folder.iterdir()} == before


@pytest.mark.parametrize(("now", "agrees"), [("100,2.9\n", True), ("100,3.1\n", False), ("96,2.5\n", True)])
def test_on_another_kind_of_machine_numbers_may_differ_by_a_twentieth_of_the_largest(now, agrees):
    committed = "a,b\n1,10\n100,2.5\n"
    again = f"a,b\n1,10\n{now}"
    assert (reproduce.difference(committed, again, exact=False) == "") is agrees
    assert reproduce.difference(committed, again, exact=True) != ""


@pytest.mark.parametrize("again", ["a,c\n1,x\n", "a,b\n1,x\n2,x\n", "a,b\n1,y\n", "a,b\n,x\n"])
def test_other_columns_rows_words_and_gaps_are_differences_on_every_machine(again):
    assert reproduce.difference("a,b\n1,x\n", again, exact=False) != ""


# What is committed.


@pytest.mark.parametrize("name", NAMES)
def test_a_claims_committed_files_belong_together(name):
    claim = load_claim(name)
    manifest = json.loads((claim.folder / MANIFEST).read_bytes())
    assert reproduce.committed_differences(claim, manifest) == []
    assert manifest["command"] == f"patchmarket reproduce {name}"
    assert manifest["seeds"] == {key: claim.full[key] for key in ("seed", "replicates")}


@pytest.mark.parametrize("name", NAMES)
def test_a_claims_sentence_and_figure_are_there_and_small(name):
    claim = load_claim(name)
    summary = read_summary((claim.folder / SUMMARY).read_text(encoding="utf-8"))
    assert claim.sentence(summary) in (claim.folder / README).read_text(encoding="utf-8")
    assert (claim.folder / FIGURE).stat().st_size < 150_000
    assert (claim.folder / SUMMARY).stat().st_size < 50_000
    with Image.open(claim.folder / FIGURE) as image:
        assert image.width > 600


def test_the_table_of_contents_is_what_the_summaries_say():
    assert CONTENTS.read_text(encoding="utf-8") == table_of_contents()


# What they say must hold in the numbers.


def summary_of(name):
    return read_summary((load_claim(name).folder / SUMMARY).read_text(encoding="utf-8"))


def test_the_fifths_arithmetic_holds_in_every_run():
    from results.fifth.study import errors

    host, rival = errors(summary_of("fifth"))
    # Who leaves within the last 30 days still pays the host; the rival pays for a server that is not full.
    assert host.min() > -0.01
    assert rival.max() < 0.01
    assert host.median() < 50
    assert rival.median() > -50


def test_the_break_even_price_rises_with_talk_and_falls_with_tolerance():
    prices = summary_of("breakeven").pivot_table(index="tolerance", columns="talk", values="first_year")
    assert (prices.diff().dropna() < 0).all(axis=None)
    assert (prices.diff(axis=1).iloc[:, 1:] > 0).all(axis=None)


def test_watts_window_is_empty_outside():
    watts = summary_of("cascades").query("rule == 'threshold'").set_index("degree")["swept"]
    assert watts[3.0] > 0.3
    assert watts[watts.index < 0.8].max() == 0


def test_all_years_of_debians_history_agree_with_the_reports_of_a_run():
    from model.reboots import reboots_by_year
    from model.scenario import Scenario

    told = reboots_by_year(Scenario.preset("debian-history"))
    rows = summary_of("debian").query("series == 'debian-kernel' and year == 2026").iloc[0]
    assert (rows["flaws"], rows["reboot"]) == (told["2026"]["flaws"], told["2026"]["reboot"])


def test_the_readme_tells_the_headline_as_it_came_out():
    end = summary_of("headline").iloc[-1]
    readme = " ".join((reproduce.ROOT / "README.md").read_text(encoding="utf-8").split())
    told = (
        f"over {end['replicates']:.0f} seeds the rebooting host loses {100 * end['lost_share_median']:.1f} % of its "
        f"users in the median year (95 %: {100 * end['median_from']:.1f} to {100 * end['median_to']:.1f} %), and "
        f"between {100 * end['lost_share_low']:.0f} % and {100 * end['lost_share_high']:.0f} % in "
        "eight years out of ten"
    )
    assert told in readme


def test_a_pattern_is_passed_where_the_models_interval_is_within_the_tolerance():
    from results.patterns.published import PATTERNS

    rows = summary_of("patterns")
    assert rows["pattern"].tolist() == [pattern.name for pattern in PATTERNS]
    inside = (rows["from"] <= rows["model_low"]) & (rows["model_high"] <= rows["to"])
    outside = (rows["model_high"] < rows["from"]) | (rows["model_low"] > rows["to"])
    assert rows["outcome"].eq("passed").equals(inside)
    assert rows["outcome"].eq("failed").equals(outside)
    assert all(pattern.low <= (pattern.observed or pattern.low) <= pattern.high for pattern in PATTERNS)


def test_shape_of_tolerance_matters_more_than_order_of_talk():
    gaps = summary_of("structure").groupby("choice")["gap"].apply(lambda gap: gap.abs().max())
    assert gaps["tolerance"] > gaps["talk"]


# The command.


def test_a_wrong_call_is_one_line_and_exit_code_2():
    ended = patchmarket("reproduce", "fifth", "nothing", "--check")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"patchmarket: claim 'nothing': no such claim; there are {', '.join(NAMES)}\n"


@pytest.mark.parametrize(("names", "every"), [([], False), (["fifth"], True)])
def test_claims_are_named_or_all_are_meant(names, every):
    with pytest.raises(ScenarioError, match=r"^NAME: give names or --all, not both; claims are headline, fifth, .*$"):
        reproduce_command.reproduce(names, every=every, check=True, quick=True, workers=1)


def test_the_command_says_what_differs_and_what_does_not(monkeypatch, capsys, claim):
    monkeypatch.setattr(reproduce_command, "load_claim", lambda name: claim)
    arguments = {"every": False, "check": True, "quick": True, "workers": 1}
    assert reproduce_command.reproduce(["tiny"], **arguments) == 0
    assert "tiny: as committed" in capsys.readouterr().out
    (claim.folder / README).write_text("something else", encoding="utf-8")
    assert reproduce_command.reproduce(["tiny"], **arguments) == 2
    shown = capsys.readouterr()
    assert "results/tiny/README.md: does not agree with summary.csv" in shown.err
    assert "2 differences" in shown.out


def test_a_summary_keeps_whole_numbers_whole_and_names_like_none(built):
    table = read_summary("name,count,share\nNone,7304948867842310288,0.25\n,3,\n")
    assert table["name"].iloc[0] == "None"
    assert table["count"].iloc[0] == 7304948867842310288
    assert pd.isna(table["share"].iloc[1])
    assert (built.folder / SUMMARY).read_text(encoding="utf-8").startswith("seed,moves,lost_share\n")
