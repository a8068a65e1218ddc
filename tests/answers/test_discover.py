"""Discovery: a planted box is found as it was planted, and noise is not taken for one."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from answers.scenario_discovery.boxes import Limit, Points, boxes_of, coverage_of, density_of, goodness, shuffled
from answers.scenario_discovery.discover import discover
from batch.study import Study
from model import ScenarioError
from patchmarket.question_commands import discover as command
from tests.commands import patchmarket
from tests.planted import planted

FACTORS = [
    {"path": "users.tolerance.median", "low": 0.0, "high": 10.0},
    {"path": "word_of_mouth.complaint", "low": 0.0, "high": 1.0},
    {"path": "flaws.per_year", "low": 1.0, "high": 9.0},
    {
        "path": "providers.0.policy",
        "name": "patches",
        "levels": [{"kind": "reboot"}, {"kind": "defer"}, {"kind": "none"}],
        "names": ["reboot", "defer", "never"],
        "role": "policy",
    },
]


def study(samples=256, replicates=1, factors=FACTORS):
    tables = {"name": "s", "scenario": "thought-experiment", "factors": factors, "replicates": replicates}
    return Study.load(tables | {"design": {"kind": "latin-hypercube", "samples": samples}})


def points_of(values, share, runs=None, blocks=None):
    frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(values.shape[1])])
    count = len(values)
    blocks = np.arange(count) if blocks is None else blocks
    places = np.array([np.count_nonzero(blocks[:k] == block) for k, block in enumerate(blocks)])
    return Points(frame, share, np.ones(count) if runs is None else runs, blocks, places)


def test_a_planted_box_is_found_with_its_coverage_and_density(tmp_path):
    made, rng = study(400, replicates=2), np.random.default_rng(1)
    where = [p.labels["users.tolerance.median"] < 4 and p.labels["flaws.per_year"] > 5 for p in made.points]
    chance = np.where(where, 0.95, 0.05)
    case = rng.random((400, 2)) < chance[:, None]
    results = planted(tmp_path, made, lambda point, r: float(case[point, r]))
    found = discover(results, "lost_share_p0 > 0.5")
    (box,) = found.summary["boxes"]
    limits = {limit["factor"]: limit for limit in box["limits"]}
    assert set(limits) == {"users.tolerance.median", "flaws.per_year"}
    assert limits["users.tolerance.median"]["at_most"] == pytest.approx(4, abs=0.2)
    assert limits["users.tolerance.median"]["above"] is None
    assert limits["flaws.per_year"]["above"] == pytest.approx(5, abs=0.2)
    inside = np.array(where)
    assert box["coverage"] == pytest.approx(case[inside].sum() / case.sum(), abs=0.03)
    assert box["density"] == pytest.approx(case[inside].mean(), abs=0.03)
    assert box["p_value"] == 1 / 200
    assert found.summary["together"]["held_out_density"] == pytest.approx(0.95, abs=0.07)
    assert found.summary["together"]["held_out_coverage"] == pytest.approx(box["coverage"], abs=0.12)
    assert found.table["rule"].tolist() == [box["rule"]]
    assert box["rule"] in found.text


def test_levels_of_a_list_are_told_by_name(tmp_path):
    made = study(120)
    kinds = [point.labels["patches"] for point in made.points]
    results = planted(tmp_path, made, lambda point, _: float(kinds[point] != "reboot"))
    (box,) = discover(results, "lost_share_p0 == 1").summary["boxes"]
    assert box["limits"] == [{"factor": "patches", "levels": box["limits"][0]["levels"]}]
    assert sorted(box["limits"][0]["levels"]) == ["defer", "never"]
    assert (box["coverage"], box["density"]) == (1, 1)
    (inner,) = discover(results, "lost_share_p0 == 1 and patches == 'defer'").summary["boxes"]
    assert inner["rule"] == "patches = defer"


def test_two_boxes_are_found_as_two():
    values = np.random.default_rng(2).random((600, 3))
    here, there = (values[:, 0] < 0.2), (values[:, 0] > 0.8) & (values[:, 2] < 0.5)
    found = boxes_of(points_of(values, (here | there).astype(float)))
    assert [{limit.factor for limit in box.limits} for box in found.boxes] == [{"x0"}, {"x0", "x2"}]
    assert all(box.density > 0.97 for box in found.boxes)
    assert sum(box.coverage for box in found.boxes) == pytest.approx(1, abs=0.02)


def noise_found(seed, count=80, replicates=3):
    rng = np.random.default_rng(seed)
    share = rng.binomial(replicates, 0.3, count) / replicates
    return len(boxes_of(points_of(rng.random((count, 4)), share, np.full(count, float(replicates)))).boxes) > 0


def test_noise_is_no_discovery():
    assert sum(noise_found(seed) for seed in range(4)) == 0


@pytest.mark.slow
def test_noise_is_a_discovery_in_one_of_twenty_studies_at_most():
    studies = 30
    assert sum(noise_found(100 + seed) for seed in range(studies)) <= 0.05 * studies + 4 * math.sqrt(0.0475 * studies)


def test_points_that_share_their_luck_do_not_look_like_a_rule():
    discoveries = {"together": 0, "alone": 0}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        values = np.repeat(rng.random((24, 2)), 5, axis=0)  # each place five times, with the same luck
        share = np.repeat((rng.random(24) < 0.5).astype(float), 5)
        for name, blocks in (("together", np.repeat(np.arange(24), 5)), ("alone", None)):
            discoveries[name] += bool(boxes_of(points_of(values, share, blocks=blocks)).boxes)
    assert discoveries["together"] == 0
    assert discoveries["alone"] >= 2


def test_whole_blocks_are_shuffled_and_lost_points_lend_nothing():
    blocks, places = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 1])  # block 1 has lost its first point
    points = points_of(np.zeros((5, 1)), np.zeros(5), blocks=blocks)._replace(places=places)
    for seed in range(10):
        lender = shuffled(points, np.random.default_rng(seed))
        lent = lender >= 0
        assert (places[lender[lent]] == places[lent]).all()
        assert len(set(lender[lent])) == lent.sum()
        lenders = [set(blocks[lender[lent & (blocks == block)]]) for block in range(3)]
        assert all(len(lender) <= 1 for lender in lenders)


def test_coverage_density_and_goodness_are_what_they_are_called():
    points = points_of(np.arange(4.0)[:, None], np.array([1.0, 0.5, 0.0, 0.0]), np.array([2.0, 2.0, 2.0, 4.0]))
    inside = np.array([True, True, False, False])
    assert coverage_of(points, inside) == 1
    assert density_of(points, inside) == 0.75
    rng, share = np.random.default_rng(4), np.random.default_rng(5).random(30)
    drawn = [goodness(share, np.ones(30), np.isin(np.arange(30), rng.permutation(30)[:7])) for _ in range(4000)]
    assert np.mean(drawn) == pytest.approx(0, abs=4 / math.sqrt(4000))
    assert np.std(drawn) == pytest.approx(math.sqrt(29 / 30), rel=0.06)  # of a sample without replacement


def test_limits_read_as_rules():
    told = [Limit("a", high=2.5), Limit("a", low=1.0), Limit("a", 1.0, 2.0), Limit("b", levels=("x", "y"))]
    assert [str(limit) for limit in told] == ["a <= 2.5", "a > 1", "1 < a <= 2", "b = x or y"]


def test_what_is_lost_is_left_out_and_told(tmp_path):
    made = study(60)
    values = [None if k < 5 else point.labels["users.tolerance.median"] for k, point in enumerate(made.points)]
    results = planted(tmp_path, made, lambda point, _: values[point], lost={(k, 0) for k in (10, 11, 12)})
    found = discover(results, "lost_share_p0 < 5")
    assert (found.summary["runs"], found.summary["runs_failed"], found.summary["runs_unknown"]) == (52, 3, 5)
    assert found.summary["boxes"][0]["density"] == 1
    assert "3 runs failed" in found.text
    assert "5 runs have no value" in found.text


@pytest.mark.parametrize(("when", "told"), [("lost_share_p0 > 99", "none"), ("lost_share_p0 >= 0", "all")])
def test_where_it_holds_never_or_always_there_is_nothing_to_look_for(tmp_path, when, told):
    found = discover(planted(tmp_path, study(20), lambda point, _: float(point)), when)
    assert found.table.empty
    assert f"As it holds in {told} of them" in found.text
    found.write(tmp_path / "out")
    assert (tmp_path / "out" / "discover.png").is_file()


def test_a_study_without_room_to_look_is_refused(tmp_path):
    few = planted(tmp_path / "few", study(8), lambda point, _: float(point))
    with pytest.raises(ScenarioError, match="8 points have runs in which the condition can be told; at least 10 must"):
        discover(few, "lost_share_p0 > 3")
    lone = planted(tmp_path / "lone", Study.load({"name": "s", "scenario": "quiet", "replicates": 3}), lambda *_: 1.0)
    with pytest.raises(ScenarioError, match="varies nothing between points"):
        discover(lone, "lost_share_p0 > 3")


def test_the_command_prints_json(tmp_path, capsys):
    made = study(40)
    planted(tmp_path / "in", made, lambda point, _: made.points[point].labels["flaws.per_year"])
    command(tmp_path / "in", "lost_share_p0 > 5", out=tmp_path / "out", json=True)
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)  # NaN is no JSON
    assert told == json.loads((tmp_path / "out" / "discover.json").read_text())
    assert told["boxes"][0]["limits"][0]["factor"] == "flaws.per_year"


@pytest.mark.slow
def test_the_command_answers_and_refuses(tmp_path):
    made = study(40)
    planted(tmp_path / "in", made, lambda point, _: made.points[point].labels["flaws.per_year"])
    done = patchmarket("discover", str(tmp_path / "in"), "--when", "lost_share_p0 > 5")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Box 1: flaws.per_year > " in done.stdout
    wrong = patchmarket("discover", str(tmp_path / "in"), "--when", "import os", "--out", str(tmp_path / "out"))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("patchmarket: --when = 'import os': ")
    assert not (tmp_path / "out").exists()
    nowhere = patchmarket("discover", str(tmp_path / "no"), "--when", "live_paid == 0")
    assert nowhere.returncode == 2
    assert nowhere.stderr == f"patchmarket: {tmp_path}/no: is not the folder of a study; there is no study.toml in it\n"
