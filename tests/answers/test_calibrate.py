"""Calibration: the hazard regression finds what was planted, so does the fit, and a stopped one goes on."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from answers.calibration.calibrate import calibrate
from answers.calibration.hazard import NEVER, count, hazard_ratio, person_months
from answers.calibration.measures import Seen, measured, misfit, observe, standard_error
from answers.calibration.recovery import recover
from answers.calibration.search import alike, best, search
from answers.calibration.simulate import simulator
from answers.calibration.targets import Problem, Target, Targets
from model import Market, Scenario
from model.errors import ScenarioError
from model.generators import compress
from tests.commands import ENVIRONMENT, PATIENCE, ROOT, patchmarket

LIVELY = {"days": 90, "users.count": 300, "flaws.per_year": 40.0, "users.initial_awareness": 0.5}
TOLERANCE = {"path": "users.tolerance.median", "low": 1.0, "high": 40.0, "scale": "log"}
LOST = {"measure": "lost-share", "value": 0.3, "standard_error": 0.02}
RATIO = {"measure": "neighbour-hazard-ratio", "value": 1.8, "standard_error": 0.1}


def lively(**changes):
    return Scenario.preset("thought-experiment", **(LIVELY | changes))


def problem(*targets, fit=(TOLERANCE,), scenario=None):
    return Problem(scenario or lively(), Targets.model_validate({"targets": list(targets), "fit": list(fit)}))


# --- the hazard regression


def planted(log_ratio, rng, runs=6, months=11, users=400):
    """Person-months with a baseline of its own for each run and month."""
    rows = []
    for run in range(runs):
        for month in range(1, months + 1):
            baseline = rng.uniform(0.005, 0.08)
            for neighbours, share in enumerate((0.6, 0.25, 0.1, 0.05)):
                at_risk = int(users * share)
                chance = -np.expm1(-baseline * np.exp(log_ratio * neighbours))
                rows.append((run, month, neighbours, at_risk, rng.binomial(at_risk, chance)))
    return pd.DataFrame(rows, columns=["run", "month", "neighbours", "at_risk", "left"])


@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.797])
def test_a_planted_hazard_ratio_is_found_within_four_standard_errors(ratio):
    rng = np.random.default_rng(1)
    found = [hazard_ratio(planted(np.log(ratio), rng)) for _ in range(25)]
    z = np.array([(f.log - np.log(ratio)) / f.standard_error for f in found])
    assert np.abs(z).max() < 4
    assert abs(z.mean()) < 4 / 5  # of 25: unbiased
    assert 0.4 < (z**2).mean() < 2.0  # the errors are as large as they say
    assert max(f.standard_error for f in found) < 0.12


def test_the_baseline_of_a_month_is_not_taken_for_the_neighbours_doing():
    rows = [  # in the second month all leave more, and have more neighbours who left; within a month nothing differs
        *((0, 1, k, n, n // 100) for k, n in ((0, 9000), (1, 1000))),
        *((0, 2, k, n, n // 10) for k, n in ((0, 1000), (1, 9000))),
    ]
    found = hazard_ratio(pd.DataFrame(rows, columns=["run", "month", "neighbours", "at_risk", "left"]))
    assert found.value == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(0, 1, 0, 100, 5), (0, 2, 0, 100, 5)],  # nobody had a neighbour who left
        [(0, 1, 0, 100, 0), (0, 1, 1, 10, 0)],  # nobody left
        [(0, 1, 0, 100, 0), (0, 1, 1, 10, 1)],  # only one did: any large ratio fits
    ],
)
def test_a_ratio_that_the_data_do_not_tell_is_nan(rows):
    found = hazard_ratio(pd.DataFrame(rows, columns=["run", "month", "neighbours", "at_risk", "left"]))
    assert np.isnan(found.log)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.data())
def test_person_months_are_those_of_a_plain_count(data):
    n, months = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 5))
    edges = data.draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda e: e[0] != e[1])))
    began = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    month = np.array(data.draw(st.lists(st.sampled_from([*range(months + 1), NEVER]), min_size=n, max_size=n)))
    pairs = np.array(sorted(edges), np.int32).reshape(-1, 2).T
    hears = compress(n, pairs[0], pairs[1])
    expected = {}
    for now in range(1, months):
        for user in range(n):
            if not began[user] or month[user] < now:
                continue
            gone = sum(1 for a, b in edges if a == user and began[b] and month[b] == now - 1)
            at_risk, left = expected.get((now, gone), (0, 0))
            expected[now, gone] = (at_risk + 1, left + (month[user] == now))
    rows = count(hears, began, month, months)
    assert {(r.month, r.neighbours): (r.at_risk, r.left) for r in rows.itertuples()} == expected


def test_person_months_of_a_market_count_those_who_leave():
    market = Market(lively(), rng=1).run()
    rows = person_months(market, 0)
    moves = market.record.moves.query("`from` == 'Reboot & Co'")
    first = moves.drop_duplicates("user")
    month = (first["day"] // (365 / 12)).astype(int)
    assert rows["month"].max() == 1  # 90 days are two whole months
    assert rows["left"].sum() == (month == 1).sum() > 0
    assert rows["at_risk"].sum() == 150 - (month == 0).sum()


# --- targets


def test_the_error_of_a_mean_is_the_usual_one():
    shares = [0.1, 0.2, 0.25, 0.4]
    assert standard_error([Seen(share, None) for share in shares]) == pytest.approx(np.std(shares, ddof=1) / 2)


def test_the_error_of_a_ratio_is_that_of_many_samples():
    rng = np.random.default_rng(2)
    samples = [[Seen(np.nan, planted(0.5, rng, runs=1).drop(columns="run")) for _ in range(8)] for _ in range(40)]
    spread = np.std([measured(sample) for sample in samples], ddof=1)
    told = np.mean([standard_error(sample) for sample in samples[:10]])
    assert told == pytest.approx(spread, rel=0.35)


def test_ratios_are_compared_on_their_logarithm():
    target = Target.model_validate(RATIO)
    assert misfit(target, 1.8 * 1.8) == pytest.approx(-misfit(target, 1.0))
    assert misfit(target, 1.9) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("targets = 3", ["targets = 3: must be a list"]),
        ("", ["targets: is missing and has no default"]),
        ("targets = []", ["targets = []: must have at least 1 item after validation, not 0"]),
        ("[[targets]]\nmeasure = 'churn'\nvalue = 1\nstandard_error = 1", ["targets.0.measure = 'churn': must be "]),
        (
            "[[targets]]\nmeasure = 'lost-share'\nvalue = -0.2\nstandard_error = 0.0",
            [
                "targets.0.value = -0.2: must be greater than 0",
                "targets.0.standard_error = 0.0: must be greater than 0",
            ],
        ),
        ("[[targets]]\nmeasure = 'lost-share'\nvalue = 0.2", ["targets.0.standard_error: is missing"]),
        ("[[targets]\n", ["--to 'x.toml': must be a readable TOML file: "]),
        (
            "[[targets]]\nmeasure = 'lost-share'\nvalue = 0.2\nstandard_error = 0.1\nsd = 1",
            ["targets.0.sd: no such key; "],
        ),
    ],
)
def test_a_bad_targets_file_gives_a_line_for_each_field(text, lines, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(ScenarioError) as error:
        Targets.load("x.toml")
    found = str(error.value).splitlines()
    assert len(found) == len(lines)
    assert all(line.startswith(start) for line, start in zip(found, lines, strict=True)), found


@pytest.mark.parametrize(
    ("targets", "fit", "changes", "line"),
    [
        ([LOST | {"provider": 2}], [TOLERANCE], {}, "targets.0.provider = 2: must be at most 1"),
        ([LOST | {"days": 91}], [TOLERANCE], {}, "targets.0.days = 91: must be at most 90, the days of the scenario"),
        ([LOST | {"value": 1.2}], [TOLERANCE], {}, "targets.0.value = 1.2: must be a share, below 1"),
        ([RATIO | {"days": 30}], [TOLERANCE], {}, "targets.0.days: is for lost-share only"),
        ([RATIO], [TOLERANCE], {"days": 60}, "days = 60: must be at least 61 for targets.0"),
        (
            [RATIO],
            [TOLERANCE],
            {"network.kind": "none"},
            "targets.0.measure: needs neighbours, but ",
        ),
        ([LOST], [TOLERANCE], {"open_market.arrivals_per_day": 1.0}, "open_market: must be closed; "),
        ([LOST], [{"path": "users.tolerance.median"}], {}, "fit.0.levels: must be given, or else `low` and `high`"),
        ([LOST], [{"path": "users.memory_days", "levels": [1.0]}], {}, "fit.0.low: is missing; a setting is fitted"),
        ([LOST], [TOLERANCE, TOLERANCE], {}, "fit.1.path = 'users.tolerance.median': must not be there twice"),
        ([LOST], [TOLERANCE | {"path": "users.patience"}], {}, "fit.0.low: users.patience: no such key; "),
        ([LOST], [TOLERANCE | {"low": 50.0}], {}, "fit.0.high = 40.0: must be above low, 50"),
        (
            [LOST],
            [TOLERANCE | {"path": "word_of_mouth.listen"}],
            {},
            "fit.0.high: word_of_mouth.listen = 40.0: ",
        ),
    ],
)
def test_what_cannot_be_measured_or_fitted_is_refused(targets, fit, changes, line):
    with pytest.raises(ScenarioError) as error:
        problem(*targets, fit=fit, scenario=lively(**changes))
    assert str(error.value).splitlines()[0].startswith(line)


def test_published_targets_are_those_of_the_paper_and_the_email():
    told = {target.measure: target.value for target in Targets.load("published-churn").targets}
    assert told == {"lost-share": 0.20, "neighbour-hazard-ratio": 1.797}
    Problem(Scenario.preset("thought-experiment"), Targets.load("published-churn"))


# --- the fit


def observed(task, values, seeds):
    """What a scenario with planted settings shows on its own runs."""
    scenario = task.scenario.replace(**values)
    seen = [observe(scenario, task.targets.targets, seed) for seed in seeds]
    runs = [run for (run,) in seen]
    return measured(runs), standard_error(runs)


def fitted(task, seeds, storage, trials=20, simulate=None):
    run = simulate or (lambda scenario, seeds: [observe(scenario, task.targets.targets, seed) for seed in seeds])
    return search(task, run, seeds, storage, name="fit", trials=trials, seed=1)


def test_a_planted_tolerance_is_found_again(tmp_path):
    def share(tolerance, seeds):
        return observed(problem(LOST), {"users.tolerance.median": tolerance}, seeds)

    planted, ours, theirs = 6.0, range(16), range(100, 116)
    value, error = share(planted, theirs)
    task = problem(LOST | {"value": value, "standard_error": error * np.sqrt(2)})
    trials = fitted(task, ours, tmp_path / "trials.db")
    found = best(trials)
    slope = (share(1.5 * planted, ours)[0] - share(planted / 1.5, ours)[0]) / (2 * np.log(1.5))
    of_logarithm = error * np.sqrt(2) / abs(slope)  # both sides are simulated
    assert of_logarithm < 0.35
    assert abs(np.log(found.values["users.tolerance.median"] / planted)) < 4 * of_logarithm
    assert abs(misfit(task.targets.targets[0], found.simulated[0])) < 1  # within the standard error that was asked


def test_a_tolerance_planted_in_the_same_runs_is_found_to_within_a_step(tmp_path):
    value, error = observed(problem(LOST), {"users.tolerance.median": 6.0}, range(4))
    task = problem(LOST | {"value": value, "standard_error": error})
    trials = fitted(task, range(4), tmp_path / "trials.db", trials=30)
    assert best(trials).values["users.tolerance.median"] == pytest.approx(6.0, rel=0.05)
    low, high = alike(trials, "users.tolerance.median")
    assert low <= 6.0 <= high


def test_a_search_that_crashed_goes_on_without_losing_or_repeating_a_trial(tmp_path):
    task, seeds = problem(LOST), range(3)
    whole = fitted(task, seeds, tmp_path / "whole.db", trials=12)
    done = []

    def failing(scenario, seeds):
        if len(done) in (0, 4, 10):
            done.append("crash")
            raise RuntimeError("crash")
        done.append(scenario.users.tolerance.median)
        return [observe(scenario, task.targets.targets, seed) for seed in seeds]

    for _ in range(3):
        with pytest.raises(RuntimeError):
            fitted(task, seeds, tmp_path / "cut.db", trials=12, simulate=failing)
    assert fitted(task, seeds, tmp_path / "cut.db", trials=12, simulate=failing) == whole
    assert [x for x in done if x != "crash"] == [trial.values["users.tolerance.median"] for trial in whole]
    assert fitted(task, seeds, tmp_path / "cut.db", trials=12, simulate=None) == whole  # nothing is left to do


def test_more_trials_go_on_from_those_that_are_there(tmp_path):
    few = fitted(problem(LOST), range(2), tmp_path / "a.db", trials=9)
    more = fitted(problem(LOST), range(2), tmp_path / "a.db", trials=12)
    assert more[:9] == few
    assert more == fitted(problem(LOST), range(2), tmp_path / "b.db", trials=12)


def test_the_answer_has_the_fit_and_leaves_a_scenario_to_run(tmp_path):
    out = tmp_path / "out"
    answer = calibrate(problem(LOST, RATIO), out, trials=10, replicates=4, workers=1)
    fit = answer.summary["fitted"]["users.tolerance.median"]
    assert Scenario.load(str(out / "fitted.toml")).users.tolerance.median == pytest.approx(fit)
    trials = pd.read_csv(out / "trials.csv")
    assert trials["loss"].min() == pytest.approx(answer.summary["loss"])
    assert trials["users.tolerance.median"][0] == pytest.approx(10.7)  # the scenario as it is comes first
    (lost, _) = answer.summary["targets"]
    fresh = [row for row in answer.table.to_dict("records") if row["name"] == "lost-share"]
    assert fresh[0]["fitted"] == lost["fitted"]
    assert "users.tolerance.median = " in answer.text
    json.dumps(answer.summary, allow_nan=False)
    answer.figure().savefig(tmp_path / "x.png")


def test_targets_out_of_reach_are_told_as_missed(tmp_path):
    still = lively(**{"users.initial_awareness": 0.0, "word_of_mouth": {"talk_per_day": 0.0, "complaint": 0.0}})
    answer = calibrate(problem(LOST, scenario=still), trials=2, replicates=3, workers=1)
    assert "That misses lost-share by more than 2 standard errors" in answer.text
    assert "do not determine" not in answer.text or answer.summary["loss"] > 100
    with pytest.raises(ScenarioError, match="in none of the trials did enough users leave"):
        calibrate(problem(RATIO, scenario=still), trials=2, replicates=3, workers=1)


def test_a_folder_holds_one_question(tmp_path):
    out = tmp_path / "out"
    calibrate(problem(LOST), out, trials=2, replicates=2, workers=1)
    with pytest.raises(ScenarioError) as error:
        calibrate(problem(LOST | {"value": 0.25}), out, trials=2, replicates=2, workers=1)
    assert str(error.value).splitlines() == [
        f"--out = {str(out)!r}: holds another calibration",
        "targets.0.value: 0.25 here, 0.3 there",
    ]
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("x")
    with pytest.raises(ScenarioError, match=r"must be new, empty or a calibration's; it holds 'letter\.txt'"):
        calibrate(problem(LOST), other, trials=2, replicates=2, workers=1)
    assert [path.name for path in other.iterdir()] == ["letter.txt"]


@pytest.mark.slow
def test_recovery_says_which_settings_are_found(tmp_path):
    idle = {"path": "word_of_mouth.negativity", "low": 1.0, "high": 2.0}  # means nothing where nobody listens
    deaf = lively(**{"word_of_mouth.listen": 0.0})
    task = problem(LOST, fit=[TOLERANCE, idle], scenario=deaf)
    answer = recover(task, 2, tmp_path / "out", trials=24, replicates=8, workers=1)
    rows = answer.table.set_index(["setting", "plant"])
    assert len(rows) == 4
    width = (rows["high"] - rows["low"]).groupby("setting").mean()
    assert width["word_of_mouth.negativity"] > 0.4  # of a range of 1: not determined, and shown as such
    assert (rows.loc["users.tolerance.median", "distance"].abs() < 0.25).all()
    assert "users.tolerance.median is found within" in answer.text
    assert "of its range fits about as well" in answer.text
    json.dumps(answer.summary, allow_nan=False)
    answer.figure().savefig(tmp_path / "x.png")


# --- the command


SMALL = [word for path, value in LIVELY.items() for word in ("--set", f"{path}={value}")]
FEW = ["--trials", "10", "--replicates", "3"]


def test_bad_input_is_one_line_and_exit_code_2(tmp_path):
    done = patchmarket("calibrate", "--to", "nowhere.toml", "--out", "x", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "patchmarket: --to 'nowhere.toml': neither a file nor published-churn\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_killed_calibration_goes_on_and_gives_the_same_trials(tmp_path):
    whole, cut, targets = tmp_path / "whole", tmp_path / "cut", tmp_path / "targets.toml"
    targets.write_text(tomlkit.dumps({"targets": [LOST], "fit": [TOLERANCE]}))
    command = ["calibrate", "--to", str(targets), *SMALL, *FEW]
    first = patchmarket(*command, "--out", str(whole), "--json", "--workers", "2")
    assert first.returncode == 0, first.stderr
    for wanted in (2, 6):
        words = [sys.executable, "-m", "patchmarket", *command, "--out", str(cut), "--workers", "1"]
        process = subprocess.Popen(words, cwd=ROOT, env=ENVIRONMENT)
        while completed(cut / "trials.db") < wanted:
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    again = patchmarket(*command, "--out", str(cut), "--json", "--workers", "1")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == json.loads(first.stdout)
    assert (cut / "trials.csv").read_bytes() == (whole / "trials.csv").read_bytes()
    assert completed(cut / "trials.db") == 10


def completed(path):
    """How many trials a storage holds, as another process sees it."""
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute("select count(*) from trials where state = 'COMPLETE'").fetchone()[0]
    except sqlite3.OperationalError:  # its tables are being made
        return 0


@pytest.mark.slow
def test_workers_decide_nothing():
    task = problem(LOST, RATIO)
    given = []
    for workers in (1, 2):
        with simulator(task.targets.targets, workers) as simulate:
            given.append(simulate(task.scenario, [1, 2, 3]))
    for one, two in zip(*given, strict=True):
        assert one[0] == two[0]
        pd.testing.assert_frame_equal(one[1].counts, two[1].counts)


@pytest.mark.slow
def test_ctrl_c_stops_at_once_and_the_same_command_goes_on(tmp_path):
    words = [sys.executable, "-m", "patchmarket", "calibrate", "--set", "users.count=300", "--workers", "2"]
    words += ["--trials", "500", "--replicates", "4", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while completed(tmp_path / "out" / "trials.db") < 1:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (130, "")
    assert errors.splitlines()[-1] == "patchmarket: stopped; what was written is whole"
    assert "Traceback" not in errors
    assert completed(tmp_path / "out" / "trials.db") >= 1
