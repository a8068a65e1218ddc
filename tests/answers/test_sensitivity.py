"""Sensitivity: published indices come back through a study's own runs, and what is lost is left out, never made up."""

import json

import numpy as np
import pandas as pd
import pytest
from SALib.analyze import sobol
from SALib.test_functions import Ishigami

from answers.blocks import LEAST_BLOCKS, blocks_of, noise_of
from answers.indices import indices
from answers.sensitivity_analysis.sensitivity import sensitivity
from batch.study import Study
from model import ScenarioError
from patchmarket.question_commands import sensitivity as command
from tests.commands import patchmarket
from tests.planted import planted

RANGES = [
    {"path": "users.tolerance.median", "low": 1.0, "high": 100.0, "scale": "log", "role": "uncertainty"},
    {"path": "word_of_mouth.complaint", "low": 0.0, "high": 1.0, "role": "uncertainty"},
    {"path": "users.memory_days", "low": 10.0, "high": 100.0},
]
PATCHES = {
    "path": "providers.0.policy",
    "name": "patches",
    "levels": [{"kind": "reboot"}, {"kind": "live-patch"}],
    "names": ["none", "bought"],
    "role": "policy",
}


def study(design, factors=RANGES, replicates=1, **more):
    tables = {"name": "s", "scenario": "thought-experiment", "factors": factors, "design": design}
    return Study.load(tables | {"replicates": replicates}, **more)


def saltelli(samples, **more):
    return study({"kind": "saltelli", "samples": samples, "second_order": more.pop("second_order", False)}, **more)


def values(table, index):
    return table[(table["index"] == index) & (table["policy"] == "")]["value"].to_numpy()


def additive(made):
    """An outcome whose shares of the variance are 16/21, 4/21 and 1/21."""
    return made.units @ np.array([4.0, 2.0, 1.0])


def test_ishigami_published_indices_come_back(tmp_path):
    made = saltelli(1024, second_order=True)
    outcome = Ishigami.evaluate(np.pi * (2 * made.units - 1))
    table = indices(planted(tmp_path, made, lambda point, _: outcome[point]), "lost_share_p0")
    assert values(table, "S1") == pytest.approx([0.314, 0.442, 0.0], abs=0.03)
    assert values(table, "ST") == pytest.approx([0.558, 0.442, 0.244], abs=0.03)
    assert values(table, "S2") == pytest.approx([0.0, 0.244, 0.0], abs=0.04)  # first and third only
    pair = table[table["index"] == "S2"].iloc[1]
    assert (pair["factor"], pair["other"]) == ("users.tolerance.median", "users.memory_days")
    published = {"S1": [0.3139, 0.4424, 0.0], "ST": [0.5576, 0.4424, 0.2437]}
    for index, known in published.items():
        rows = table[table["index"] == index]
        assert (rows["low"] <= known).all()
        assert (known <= rows["high"] + 1e-9).all()


def test_morris_finds_the_effects_of_a_sum(tmp_path):
    made = study({"kind": "morris", "trajectories": 10})
    outcome = additive(made)
    table = indices(planted(tmp_path, made, lambda point, _: outcome[point]), "lost_share_p0")
    assert values(table, "mu_star") == pytest.approx([4, 2, 1])
    assert values(table, "mu") == pytest.approx([4, 2, 1])
    assert values(table, "sigma") == pytest.approx([0, 0, 0], abs=1e-12)
    assert table["role"].tolist()[:3] == ["uncertainty", "uncertainty", ""]


def test_a_lost_point_costs_its_whole_block_and_nothing_else(tmp_path):
    made = saltelli(64)
    outcome = additive(made)
    lost = {(7, 0), (8, 0), (100, 0)}  # two of block 1, one of block 20
    results = planted(tmp_path, made, lambda point, _: outcome[point], lost=lost)
    found = sensitivity(results, "lost_share_p0")
    left = np.delete(outcome.reshape(64, 5), [1, 20], axis=0).ravel()
    expected = sobol.analyze(made.problem, left, calc_second_order=False, num_resamples=1000, seed=1)
    assert values(found.table, "S1") == pytest.approx(expected["S1"])
    assert values(found.table, "ST") == pytest.approx(expected["ST"])
    assert (found.summary["blocks"], found.summary["blocks_left_out"]) == (62, 2)
    assert (found.summary["runs_failed"], found.summary["runs_missing"]) == (3, 0)
    assert "3 runs failed" in found.text
    assert "2 blocks were left out whole" in found.text


def test_a_lost_point_costs_its_walk(tmp_path):
    made = study({"kind": "morris", "trajectories": 6})
    outcome = additive(made) + np.arange(24) // 4 * 100  # walks far apart: one mixed up with another would show
    results = planted(tmp_path, made, lambda point, _: outcome[point], lost={(5, 0)})
    assert values(indices(results, "lost_share_p0"), "mu_star") == pytest.approx([4, 2, 1])
    assert blocks_of(results, "lost_share_p0").dropped == 1


def test_points_of_a_block_are_compared_on_the_replicates_that_all_have(tmp_path):
    made = saltelli(16, replicates=3)
    outcome, luck = additive(made), [0.0, 5.0, 50.0]  # a replicate is lucky at all points
    results = planted(tmp_path, made, lambda point, r: outcome[point] + luck[r], lost={(2, 2)})
    blocks = blocks_of(results, "lost_share_p0")
    whole = outcome.reshape(16, 5)
    assert blocks.means[0] == pytest.approx(whole[0] + 2.5)
    assert blocks.means[1:] == pytest.approx(whole[1:] + 55 / 3)
    assert blocks.dropped == 0


def test_runs_that_are_not_done_or_have_no_such_outcome_are_missing(tmp_path):
    made = saltelli(8)
    results = planted(tmp_path, made, lambda point, _: None if point == 3 else float(point))
    found = sensitivity(results, "lost_share_p0")
    assert (found.summary["runs_missing"], found.summary["blocks_left_out"]) == (1, 1)


def test_each_policy_has_its_own_total_indices(tmp_path):
    for second, samples in ((False, 512), (True, 256)):
        made = saltelli(samples, second_order=second, factors=[*RANGES[:2], PATCHES])
        u = made.units
        outcome = np.where(u[:, 2] < 0.5, 2 * u[:, 0] + u[:, 1], 3 + u[:, 1])
        results = planted(tmp_path / str(second), made, lambda point, _, y=outcome: y[point])
        table = indices(results, "lost_share_p0")
        total = table[table["index"] == "ST"].set_index(["policy", "factor"])
        known = {
            ("none", "users.tolerance.median"): 0.8,
            ("none", "word_of_mouth.complaint"): 0.2,
            ("bought", "users.tolerance.median"): 0.0,
            ("bought", "word_of_mouth.complaint"): 1.0,
        }
        for key, share in known.items():
            row = total.loc[key]
            assert row["value"] == pytest.approx(share, abs=0.12), key
            assert row["low"] - 0.02 <= share <= row["high"] + 0.02
        spread = table[table["factor"] == ""].set_index(["policy", "index"])["value"]
        assert spread["none", "mean"] == pytest.approx(1.5, abs=0.05)
        assert spread["bought", "sd"] == pytest.approx(np.sqrt(1 / 12), abs=0.02)


def test_noise_is_told_as_far_as_replicates_do_not_share_it():
    rng = np.random.default_rng(3)
    points, replicates = 400, 8
    shared = rng.normal(0, 10, replicates)
    noise = rng.normal(0, 2, (points, replicates))
    seen = np.arange(points)[:, None] + noise
    exact = 4 / replicates
    error = exact * np.sqrt(2 / (points * (replicates - 1)))
    assert noise_of(seen, common=False) == pytest.approx(exact, abs=4 * error)
    assert noise_of(seen + shared, common=True) == pytest.approx(exact, abs=4 * error)
    assert noise_of(seen + shared, common=False) > 5 * exact
    assert np.isnan(noise_of(seen[:, :1], common=True))


def test_noise_alone_stays_below_its_floor(tmp_path):
    made = saltelli(256, replicates=4, common_random_numbers=False)
    rng = np.random.default_rng(1)
    outcome = 10 * made.units[:, 0, None] + rng.normal(0, 4, (len(made.points), 4))
    found = sensitivity(planted(tmp_path, made, lambda point, r: outcome[point, r]), "lost_share_p0")
    floor = 4 / (100 / 12 + 4)  # of the variance of means, 4 is noise
    assert found.summary["noise_floor"] == pytest.approx(floor, abs=0.03)
    assert values(found.table, "ST")[1:] == pytest.approx([floor, floor], abs=0.08)


@pytest.mark.parametrize(
    ("design", "outcome", "lost", "line"),
    [
        ("saltelli", "lost_share", (), "--outcome = 'lost_share': must be one of days, moves"),
        ("saltelli", "stopped", (), "--outcome = 'stopped': must be one of days, moves"),
        ("saltelli", "days", (), "--outcome = 'days': must differ between points; it is 365 at all of them"),
        (
            "saltelli",
            "lost_share_p0",
            range(40),
            f"{{}}: 0 of 8 blocks of the design are whole; at least {LEAST_BLOCKS} ",
        ),
        ("grid", "lost_share_p0", (), "{}: design.kind = 'grid': must be saltelli or morris"),
    ],
)
def test_a_study_that_cannot_be_analysed_is_refused(tmp_path, design, outcome, lost, line):
    grid = [RANGES[0] | {"steps": 4}]
    made = saltelli(8) if design == "saltelli" else study("grid", factors=grid)
    results = planted(tmp_path, made, lambda point, _: float(point), lost={(point, 0) for point in lost})
    with pytest.raises(ScenarioError) as caught:
        indices(results, outcome)
    assert str(caught.value).startswith(line.format(tmp_path))


def test_runs_of_another_design_are_refused(tmp_path):
    made = saltelli(8)
    results = planted(tmp_path, made, lambda point, _: float(point))
    part = tmp_path / "runs" / "part-0.parquet"
    runs = pd.read_parquet(part)
    runs.loc[3, "users.tolerance.median"] *= 1.01  # as if another version of SALib had drawn it
    runs.to_parquet(part)
    with pytest.raises(ScenarioError, match=r"^users.tolerance.median: the runs have other levels than the design"):
        indices(results, "lost_share_p0")


def test_the_command_prints_json(tmp_path, capsys):
    made = saltelli(8, factors=[*RANGES[:1], PATCHES], second_order=True)
    outcome = made.units.sum(axis=1)
    planted(tmp_path / "in", made, lambda point, _: outcome[point])
    command(tmp_path / "in", out=tmp_path / "out", json=True)
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)  # NaN is no JSON
    assert told == json.loads((tmp_path / "out" / "sensitivity.json").read_text())
    assert (tmp_path / "out" / "sensitivity.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.slow
def test_the_command_answers_and_refuses(tmp_path):
    made = study({"kind": "morris", "trajectories": 5})
    outcome = additive(made)
    planted(tmp_path / "in", made, lambda point, _: outcome[point])
    done = patchmarket("sensitivity", str(tmp_path / "in"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "users.tolerance.median 4 (4 to 4, upwards)" in done.stdout.replace("\n", " ")
    wrong = patchmarket("sensitivity", str(tmp_path / "in"), "--outcome", "joy", "--out", str(tmp_path / "out"))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("patchmarket: --outcome = 'joy': must be one of ")
    assert not (tmp_path / "out").exists()
