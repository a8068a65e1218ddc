"""All policies for one provider: differences are those of paired runs, and what is free is called so."""

import json

import pandas as pd
import pytest

import answers.comparison.compare
from agents.policies import POLICIES
from answers.comparison.compare import compare
from answers.comparison.compare_measure import OUTCOMES
from model import Market, Scenario, ScenarioError
from tests.answers.questions import OPTIONS, SMALL, here
from tests.commands import patchmarket


@pytest.fixture(scope="module")
def answer():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers.comparison.compare, "carry_out", here)
        return compare(Scenario.preset("thought-experiment", **SMALL), replicates=5)


def test_all_seven_policies_are_compared_by_all_outcomes(answer):
    assert list(answer.summary["policies"]) == list(POLICIES)
    for outcomes in answer.summary["policies"].values():
        assert list(outcomes) == [outcome.name for outcome in OUTCOMES]
    assert json.loads(json.dumps(answer.summary, allow_nan=False)) == answer.summary


def test_differences_are_to_the_present_policy_with_the_same_seeds(answer):
    table = answer.table.set_index(["policy", "outcome"])
    assert (table.loc["reboot", ["difference", "low", "high"]] == 0).all(axis=None)
    profit = table.xs("profit", level="outcome")
    assert (profit["mean"] - profit.loc["reboot", "mean"]).to_numpy() == pytest.approx(profit["difference"].to_numpy())
    assert ((profit["low"] <= profit["difference"]) & (profit["difference"] <= profit["high"])).all()


def test_outcomes_are_those_of_the_market(monkeypatch):
    seeds = []

    def noting(study, out=None, workers=None):
        seeds.extend(run.seed for run in study.first_runs() if run.point == 1)
        return here(study)

    monkeypatch.setattr(answers.comparison.compare, "carry_out", noting)
    found = compare(Scenario.preset("thought-experiment", **SMALL), ["none"], replicates=3)
    told = {name: value["mean"] for name, value in found.summary["policies"]["none"].items()}
    markets = [Market("thought-experiment", rng=s, **SMALL, **{"providers.0.policy": "none"}).run() for s in seeds]

    def mean(name):
        return sum(m.record.column(name)[:, 0].sum() for m in markets) / 3

    assert told["open flaw-days"] == pytest.approx(mean("open_flaws"))
    assert told["breaches"] == pytest.approx(mean("breaches"))
    assert told["profit"] == pytest.approx(mean("profit"))
    assert told["users at the end"] == pytest.approx(sum(m.providers[0].users for m in markets) / 3)


def test_the_paragraph_says_who_is_better_and_what_comes_free(answer):
    assert "earns $" in answer.text
    assert "Servers cost nothing in this scenario" in answer.text
    assert "Flaws stay open least with live-patch (0 flaw-days) and most with none" in answer.text
    better = answer.text.partition("More: ")[2].partition(". ")[0]
    assert "live-patch" in better


def test_only_the_policies_that_are_asked_for_and_the_present_one(monkeypatch):
    monkeypatch.setattr(answers.comparison.compare, "carry_out", here)
    asked = ["live-patch", "failover", "live-patch"]
    found = compare(Scenario.preset("thought-experiment", **SMALL), asked, "Live & Co", replicates=3)
    assert list(found.summary["policies"]) == ["live-patch", "failover"]
    assert found.summary["present_policy"] == "live-patch"
    with pytest.raises(ScenarioError, match="--policy = 'pray': must be one of reboot"):
        compare(Scenario.preset("quiet"), ["pray"])


@pytest.mark.slow
def test_compare_as_its_users_meet_it(tmp_path):
    done = patchmarket(
        "compare", "--policy", "live-patch", "--json", "--out", str(tmp_path), "--workers", "1", *OPTIONS
    )
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout)["policies"]) == ["reboot", "live-patch"]
    assert len(pd.read_csv(tmp_path / "compare.csv")) == 2 * len(OUTCOMES)
    assert (tmp_path / "compare.png").stat().st_size > 10_000
