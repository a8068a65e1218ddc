"""How long to wait: costs are paired, add up by cause, and are least where the two risks meet."""

import json

import pandas as pd
import pytest

import answers.patch_timing.patch_cycle
from answers.patch_timing.patch_cycle import patch_cycle
from answers.patch_timing.patch_cycle_ask import WAITS, ask
from model import Market, Scenario, ScenarioError
from tests.answers.questions import OPTIONS, SMALL, here
from tests.commands import patchmarket

RISKY = SMALL | {
    "days": 120,
    "flaws.exploited_per_cve": 1.0,
    "flaws.exploit_delay": 0,
    "security.attack_rate": 0.002,
    "security.bad_update_probability": 0.5,
    "security.bad_update_minutes": 500.0,
    "security.breach_cost": 50_000.0,
}


@pytest.fixture(scope="module")
def answer():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers.patch_timing.patch_cycle, "carry_out", here)
        return patch_cycle(Scenario.preset("thought-experiment", **RISKY), replicates=4)


def test_every_wait_is_there_and_its_parts_add_up(answer):
    table = answer.table
    assert table["way"].value_counts().to_dict() == {"soak": len(WAITS), "interval": len(WAITS) - 1}
    assert table["total"].to_numpy() == pytest.approx(
        (table["users"] + table["updates"] + table["breaches"]).to_numpy()
    )
    assert (table.loc[0, ["total", "users", "updates", "breaches"]] == 0).all()
    assert (table["total_low"] <= table["total"]).all()
    assert (table["total"] <= table["total_high"]).all()
    best = answer.summary["best"]
    row = table[(table["way"] == best["way"]) & (table["days"] == best["days"])].iloc[0]
    assert row["total"] == table["total"].min()
    assert row["more"] == 0
    assert json.loads(json.dumps(answer.summary, allow_nan=False)) == answer.summary


def test_waiting_spares_bad_updates_and_invites_breaches(answer):
    soak = answer.table[answer.table["way"] == "soak"].set_index("days")
    assert soak.loc[30, "updates"] < soak.loc[0, "updates"]
    assert soak.loc[90, "breached"] > soak.loc[0, "breached"]
    assert soak.loc[90, "breaches"] > soak.loc[7, "breaches"]


def test_costs_are_those_of_the_markets(monkeypatch):
    scenario, seeds = Scenario.preset("thought-experiment", **RISKY), []

    def noting(study, out=None, workers=None):
        seeds.extend(run.seed for run in study.first_runs() if run.point == 0)
        return here(study)

    monkeypatch.setattr(answers.patch_timing.patch_cycle, "carry_out", noting)
    found = patch_cycle(scenario, replicates=3).table.set_index(["way", "days"])

    def earned(soak, **settings):
        policy = {"providers.0.policy.soak_days": soak}
        markets = [Market(scenario.replace(**policy, **settings), rng=seed).run() for seed in seeds]
        servers = markets[0].providers[0].original_servers
        return sum(m.record.column("profit")[:, 0].mean() * 365 / 12 / servers for m in markets) / 3

    peace = {"security.attack_rate": 0.0}
    assert found.loc[("soak", 14), "total"] == pytest.approx(earned(0) - earned(14))
    by_breaches = (earned(14, **peace) - earned(14)) - (earned(0, **peace) - earned(0))
    assert found.loc[("soak", 14), "breaches"] == pytest.approx(by_breaches)


def test_without_risks_only_users_count_and_each_wait_is_run_once():
    question = ask(Scenario.preset("thought-experiment", **SMALL))
    assert len(question.variants) == len(question.waits) == 2 * len(WAITS) - 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers.patch_timing.patch_cycle, "carry_out", here)
        found = patch_cycle(Scenario.preset("thought-experiment", **SMALL), replicates=3)
    assert (found.table[["updates", "breaches"]] == 0).all(axis=None)
    assert "no attacks and no bad updates" in found.text
    with pytest.raises(ScenarioError, match="--provider = 'Nobody': must be one of"):
        ask(Scenario.preset("quiet"), "Nobody")


@pytest.mark.slow
def test_patch_cycle_as_its_users_meet_it(tmp_path):
    done = patchmarket(
        "patch-cycle", "thought-experiment", "--json", "--out", str(tmp_path), "--workers", "1", *OPTIONS
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["waits"]) == 2 * len(WAITS) - 1
    assert len(pd.read_csv(tmp_path / "patch-cycle.csv")) == 2 * len(WAITS) - 1
    assert (tmp_path / "patch-cycle.png").stat().st_size > 10_000
