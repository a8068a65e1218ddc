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

    assert told["exposure"] == pytest.approx(mean("exposed_server_days"))
    assert told["exploitable"] == pytest.approx(mean("exploitable_server_days"))
    assert told["breach costs"] == pytest.approx(mean("breach_cost"))
    assert told["profit"] == pytest.approx(mean("profit"))
    assert told["users at the end"] == pytest.approx(sum(m.providers[0].users for m in markets) / 3)


def test_the_paragraph_says_who_is_better_and_what_comes_free(answer):
    assert "earns $" in answer.text
    assert "Servers cost nothing in this scenario" in answer.text
    assert "Servers are open to flaws least with live-patch (0 server-days, 0 of them to flaws under" in answer.text
    assert "Nobody attacks in this scenario" in answer.text
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


def test_at_the_turning_cost_of_a_breach_policies_earn_alike(monkeypatch):
    monkeypatch.setattr(answers.comparison.compare, "carry_out", here)
    # Breaches without effect on users, so that their costs are all there is; many of them, so that chance is small.
    risky = {"flaws.exploited_per_cve": 1.0, "flaws.exploit_delay": 0, "users.tolerance.median": float("inf")}
    risky |= {"security.attack_rate": 0.02, "security.breach_cost": 300.0, "providers.0.policy.notice_days": 1}
    found = compare(Scenario.preset("thought-experiment", **(SMALL | risky)), ["reboot", "live-patch"], replicates=3)
    cost = found.summary["breach_cost_at_which_equal"]["live-patch"]
    policies = found.summary["policies"]
    fewer = 0.02 * (policies["reboot"]["exploitable"]["mean"] - policies["live-patch"]["exploitable"]["mean"])
    without_breaches = (
        policies["live-patch"]["profit"]["difference"] + policies["live-patch"]["breach costs"]["difference"]
    )
    assert without_breaches + fewer * cost == pytest.approx(0, abs=1e-6)
    assert f"earns what reboot does: live-patch ${cost:,.0f}" in found.text


@pytest.mark.slow
def test_compare_as_its_users_meet_it(tmp_path):
    done = patchmarket(
        "compare", "--policy", "live-patch", "--json", "--out", str(tmp_path), "--workers", "1", *OPTIONS
    )
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout)["policies"]) == ["reboot", "live-patch"]
    assert len(pd.read_csv(tmp_path / "compare.csv")) == 2 * len(OUTCOMES)
    assert (tmp_path / "compare.png").stat().st_size > 10_000
