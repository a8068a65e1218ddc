"""Does live patching pay: the closed forms come out of the runs where they hold, and the answer says what it should."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from agents.experience import DAYS_PER_MONTH
from agents.policies import POLICIES
from answers.alternatives import on_its_terms, provider_number
from answers.decision.decide import tell
from answers.decision.decide_ask import Contrast, ask, price_decides
from answers.decision.decide_measure import closed_forms as measured_forms
from answers.decision.decide_measure import measure
from answers.decision.decide_pairs import pairs_of
from answers.decision.decide_run import study_of, variants_of
from answers.decision.decide_text import headline
from answers.draws import draw, write_posterior
from answers.experiment import Runs, Variant, experiment
from answers.unknowns import Priors, unknowns_of
from model import Scenario, ScenarioError, closed_forms
from model.published_terms import vendors
from tests.answers.questions import OPTIONS, SMALL, asked_and_run, decision_on, here
from tests.commands import patchmarket


@pytest.fixture(scope="module")
def small_runs():
    return asked_and_run(Scenario.preset("thought-experiment", **SMALL), replicates=8)


@pytest.fixture(scope="module")
def small(small_runs):
    return measure(*small_runs, seed=1)


def asked(scenario, kind):
    return [contrast for contrast in ask(scenario).contrasts if contrast.kind == kind]


# --- closed forms


DAILY_REBOOTS = {
    "flaws.per_year": 3650.0,  # a flaw on every day
    "users.initial_awareness": 1.0,
    "word_of_mouth.talk_per_day": 0.0,
    "word_of_mouth.complaint": 0.0,
    "network": {"kind": "none"},
    "providers.0.policy": {"kind": "reboot", "outage_minutes": 0.5, "notice_days": 0, "window_days": 1},
}
MINUTES_A_MONTH = 0.5 * DAYS_PER_MONTH


def test_with_full_information_and_long_memory_the_share_kept_is_the_tolerance_distribution():
    settings = SMALL | DAILY_REBOOTS | {"users.count": 2000, "users.memory_days": 60.0, "days": 500}
    scenario = Scenario.preset("thought-experiment", **settings)
    plan = ask(scenario).plan
    variants, places = variants_of([plan])
    runs = here(experiment(scenario, variants, name="informed", replicates=3))
    kept = measured_forms(scenario, 0, runs.table, places[0], plan.price).kept
    expected = stats.norm.cdf(math.log(MINUTES_A_MONTH / 10.7))  # median 10.7, sigma 1
    assert abs(kept - expected) < 4 * math.sqrt(expected * (1 - expected) / (3 * 1000))


@pytest.fixture(scope="module")
def a_fifth_leaves_at_once():
    """Users who remember today only: all who will ever leave do so on day 0; a fifth tolerate less than there is."""
    median = MINUTES_A_MONTH * math.exp(-stats.norm.ppf(0.2))
    settings = SMALL | DAILY_REBOOTS
    settings |= {"users.count": 4000, "users.memory_days": 1e-6, "users.tolerance.median": median, "days": 60}
    study = experiment(
        Scenario.preset("thought-experiment", **settings),
        [Variant("reboot", {}), Variant("patch", {"providers.0.policy": {"kind": "live-patch"}})],
        name="fifth",
        replicates=6,
    )
    return here(study).table.set_index("point")


def test_the_email_comes_out_4000_against_5880(a_fifth_leaves_at_once):
    error = 5000 * math.sqrt(0.2 * 0.8 / (6 * 2000))
    host, rival = (a_fifth_leaves_at_once.loc[0, f"p{j}_profit_per_original_server"].mean() for j in (0, 1))
    expected = closed_forms.after_the_move(5000, 100, 0.20)
    assert expected == (4000, 5880)
    assert abs(host - expected[0]) < 4 * error
    assert abs(rival - expected[1]) < 4 * error + 2  # its last server is not full: half of 100 dollars on 100 servers


def test_the_break_even_price_of_a_fifth_is_1000_dollars(a_fifth_leaves_at_once):
    contrast = Contrast("plan", "", {}, {}, 100.0)
    (pairs,) = pairs_of(Runs(a_fifth_leaves_at_once.reset_index(), pd.DataFrame()), 0, [contrast], [(0, 1)])
    assert abs(pairs.break_even - 1000) < 4 * 5000 * math.sqrt(0.2 * 0.8 / (6 * 2000))
    kept = 1 - a_fifth_leaves_at_once.loc[0, "p0_users_end"] / 2000
    assert pairs.break_even == pytest.approx(closed_forms.break_even_price(5000, kept.mean()), rel=1e-6)


@pytest.mark.slow
def test_ongoing_churn_in_an_open_market_at_rest():
    # Users come directly, leave for good, and leave for the rival on the day of an advert if their reboots cost more
    # than they tolerate: half of them with live patching (which here leaves a shorter reboot), nearly all without.
    arrivals, departures, advert, margin = 4.0, 2.0, 0.01, 5.0
    minutes = {"reboot": 5.0, "live-patch": 0.5}
    once = {"notice_days": 0, "window_days": 1}
    policies = {kind: {"kind": kind, "outage_minutes": m} | once for kind, m in minutes.items()}
    policies["live-patch"] |= {"coverage": 0.0, "per_server_month": 0.0}
    settings = DAILY_REBOOTS | {
        "users.count": 1000,
        "users.initial_awareness": 0.0,
        "users.advertising_per_day": advert,
        "users.memory_days": 1e-6,
        "users.tolerance.median": 0.5 * DAYS_PER_MONTH,
        "open_market.arrivals_per_day": 2 * arrivals,
        "open_market.departures_per_year": departures,
        "open_market.direct": 1.0,
        "providers.0.server_capacity": 10,
        "days": 1200,
    }
    variants = [Variant(kind, {"providers.0.policy": policy}) for kind, policy in policies.items()]
    scenario = Scenario.preset("thought-experiment", **settings)
    study = experiment(scenario, variants, name="churn", replicates=8, **{"outcomes.warmup_days": 730})
    runs = here(study)

    gone = -math.expm1(-departures / 365)
    staying = arrivals / gone

    def at_rest(minutes_a_day):
        leaving = stats.norm.cdf(math.log(minutes_a_day / 0.5))  # share whose tolerance is below
        restless = arrivals * (1 - advert) / (1 - (1 - gone) * (1 - advert))
        return (1 - leaving) * staying + leaving * restless

    users = {kind: at_rest(m) for kind, m in minutes.items()}
    lost = {kind: arrivals / n - gone for kind, n in users.items()}  # a user and day, to the rival
    expected = closed_forms.break_even_with_churn(margin, gone, lost["live-patch"], lost["reboot"] - lost["live-patch"])
    assert expected == pytest.approx(margin * (1 - users["reboot"] / users["live-patch"]))

    table = runs.table.set_index(["point", "replicate"])
    gain = table.loc[1, "p0_profit"] - table.loc[0, "p0_profit"]
    prices = gain / table.loc[1, "p0_user_months"]
    assert abs(prices.mean() - expected) < 4 * prices.std() / math.sqrt(len(prices))
    (pairs,) = pairs_of(runs, 0, [Contrast("plan", "", {}, {}, 0.0)], [(0, 1)])
    assert pairs.break_even == pytest.approx(10 * prices.mean(), rel=0.02)  # the last server is not full


def test_rates_of_churn_are_those_of_the_runs():
    settings = SMALL | {"open_market.arrivals_per_day": 1.0, "open_market.departures_per_year": 0.9}
    found = decision_on(Scenario.preset("thought-experiment", **settings), replicates=6)
    closed = found.closed
    assert closed.departing == pytest.approx(0.9 / 12, rel=0.1)
    assert closed.leaving_more > 0
    assert closed.in_the_long_run == pytest.approx(
        closed_forms.break_even_with_churn(5000, closed.departing, closed.leaving, closed.leaving_more)
    )
    assert found.closed.margin == 5000


# --- prices


def test_prices_change_nothing_but_the_bill(small_runs):
    question, runs = small_runs
    scenario, plan, pairs = question.scenario, question.plan, runs.pairs[0]
    path = "providers.0.policy"
    variants = [
        Variant(f"{price:g}", {path: plan.patching[path] | {"per_server_month": price}})
        for price in (0.0, 100.0, 700.0)
    ]
    table = here(experiment(scenario, variants, name="x", replicates=8)).table.set_index(["point", "replicate"])
    assert (table.loc[0, "p0_users_end"] == table.loc[2, "p0_users_end"]).all()
    for point, price in ((0, 0.0), (2, 700.0)):
        expected = table.loc[1, "p0_profit"] + (100 - price) * table.loc[1, "p0_server_months"]
        assert table.loc[point, "p0_profit"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)
    assert pairs.gain_at(700.0) == pytest.approx(
        pairs.gain_at(0.0) - 700.0 * table.loc[1, "p0_server_months"].to_numpy(), rel=1e-9
    )


def test_prices_decide_only_where_somebody_looks_at_costs():
    scenario = Scenario.preset("crushed-and-copies")
    assert price_decides(scenario, 0) == ["Reboot & Co"]
    assert price_decides(scenario, 1) == ["Reboot & Co"]  # it copies policies by their profit
    war = Scenario.preset("price-war")
    assert price_decides(war, 0) == ["Reboot & Co"]
    assert price_decides(war, 1) == ["Live & Co"]
    assert price_decides(Scenario.preset("thought-experiment"), 0) == []
    tries = war.replace(**{"providers.0.strategy": "escalate", "providers.1.strategy": "hold"})
    assert price_decides(tries, 1) == ["Reboot & Co"]


def test_the_search_agrees_with_the_line_where_strategies_never_act():
    idle = {"providers.0.strategy": {"kind": "cut-price", "trigger": 0.99}}
    line = decision_on(Scenario.preset("thought-experiment", **SMALL), replicates=3)
    searched = decision_on(Scenario.preset("thought-experiment", **SMALL, **idle), replicates=3)
    assert searched.deciding == ["Reboot & Co"]
    assert searched.break_even == pytest.approx(line.break_even, rel=0.02)
    assert searched.interval == pytest.approx(line.interval, rel=0.05)
    assert "searched for by further runs" in headline(searched)
    assert line.curve.most is not None
    tell(searched).figure()


# --- who, against what


def test_who_decides_is_the_first_that_does_not_patch_live():
    scenario = Scenario.preset("vendors")
    assert provider_number(scenario, None) == 0
    assert provider_number(scenario, "Oracle Ksplice") == 4
    with pytest.raises(ScenarioError, match="--provider = 'Nobody': must be one of Reboot & Co, Red Hat"):
        provider_number(scenario, "Nobody")
    empty = Scenario.preset("thought-experiment", **{"providers.0.share": 0.0, "providers.1.share": 1.0})
    with pytest.raises(ScenarioError, match=r"providers\.0\.share = 0\.0: must give"):
        provider_number(empty, None)


def test_who_patches_live_already_is_compared_with_rebooting():
    scenario = Scenario.preset("thought-experiment", **{"providers.1.policy.outage_minutes": 9.0})
    plan = ask(scenario, "Live & Co").plan
    reboot = plan.without["providers.1.policy"]
    assert (reboot["kind"], reboot["outage_minutes"]) == ("reboot", 9.0)
    assert plan.patching["providers.1.policy"] == scenario.providers[1].policy.model_dump()


def test_other_policies_are_as_others_have_them_with_ones_own_reboots():
    scenario = Scenario.preset("many-policies", **{"providers.0.policy.outage_minutes": 8.0})
    live = on_its_terms(scenario, 0, "live-patch")
    assert (live["coverage"], live["max_age_days"], live["outage_minutes"]) == (0.9, 365, 8.0)
    assert on_its_terms(scenario, 0, "live-migrate")["outage_minutes"] == 5.0  # of a failed move
    assert on_its_terms(scenario, 0, "reboot") == scenario.providers[0].policy.model_dump()
    assert on_its_terms(Scenario.preset("quiet"), 0, "failover")["replicas"] == 2


def test_vendors_differ_in_all_their_terms():
    scenario = Scenario.preset("thought-experiment")
    by_name = {c.name: c for c in asked(scenario, "vendor")}
    assert len(by_name) == len(vendors())
    hotpatch = by_name["Windows Server 2025 hotpatch with Azure Arc"]
    policy = scenario.replace(**hotpatch.patching).providers[0].policy
    assert (policy.coverage, policy.max_age_days, policy.per_server_month) == (0.9, 91, 0.0)
    assert hotpatch.price == 0.0
    slow = scenario.replace(**{"providers.0.policy.notice_days": 91})
    assert "Amazon Linux kernel live patching" not in {c.name for c in asked(slow, "vendor")}


def test_rivals_do_the_other_thing():
    one = Scenario.preset("thought-experiment")
    rebooting = asked(one, "shift")[0]
    assert rebooting.name == "rival rebooting"
    assert rebooting.without["providers.1.policy"]["kind"] == "reboot"
    assert rebooting.patching["providers.0.policy"]["kind"] == "live-patch"
    many = Scenario.preset("many-policies")
    patching = asked(many, "shift")[0]
    assert patching.name == "all rivals patching live too"
    changed = many.replace(**patching.without)
    assert [p.policy.kind for p in changed.providers] == ["reboot"] + 6 * ["live-patch"]


def test_circumstances_are_those_that_the_scenario_allows():
    history = Scenario.preset("debian-history")
    assert [c.name for c in asked(history, "shift")] == ["rival rebooting"]
    alone = Scenario.load({"providers": [{"name": "A"}]}, **{"flaws.hypervisor_per_year": 2.0})
    names = [c.name for c in asked(alone, "shift")]
    assert names == ["flaws twice as often", "no hypervisor flaws"]
    double = asked(alone, "shift")[0].without
    assert double == {"flaws.per_year": 12.8, "flaws.hypervisor_per_year": 4.0}


def test_more_flaws_make_live_patching_worth_more_and_what_it_cannot_fix_less(small):
    by_name = {case.name: case.break_even for case in small.shifts}
    assert by_name["flaws twice as often"] > small.break_even
    assert by_name["4 hypervisor flaws a year"] < small.break_even
    coverage = {case.name: case for case in small.vendors}
    assert coverage["Volunteer patch community"].break_even < coverage["TuxCare KernelCare"].break_even


def test_without_flaws_live_patching_is_worth_nothing():
    quiet = decision_on(Scenario.preset("quiet", **{"users.count": 200, "days": 40}), replicates=3)
    assert quiet.break_even == pytest.approx(0, abs=1e-9)
    assert quiet.plan.pays == 0
    assert "does not pay" in headline(quiet)


# --- the answer


def test_the_answer_is_one_in_numbers_words_and_picture(small, small_runs, tmp_path):
    answer = tell(small)
    summary = answer.summary
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    low, high = summary["interval"]
    assert low < summary["break_even_per_server_month"] < high
    assert summary["probability_pays"] == np.mean(small_runs[1].pairs[0].gain > 0)
    assert summary["gain_per_server_month"] == pytest.approx(summary["break_even_per_server_month"] - 100)
    assert [v["name"] for v in summary["vendors"]] == [terms["name"] for terms in vendors().values()]
    for shifted in summary["shifts"]:
        assert shifted["change"] == pytest.approx(
            shifted["break_even_per_server_month"] - summary["break_even_per_server_month"]
        )
    table = answer.table.set_index("case")
    assert table.loc["as planned", "break_even"] == summary["break_even_per_server_month"]
    assert "For Reboot & Co live patching pays up to $" in answer.text
    assert answer.write(tmp_path) == [f"decide.{kind}" for kind in ("csv", "parquet", "png", "txt", "json")]
    assert (tmp_path / "decide.png").stat().st_size > 10_000
    assert pd.read_parquet(tmp_path / "decide.parquet")["break_even"].notna().all()


@pytest.mark.slow
def test_decide_as_its_users_meet_it(tmp_path):
    command = ("decide", "--json", "--out", str(tmp_path), *OPTIONS)
    done = patchmarket(*command)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["replicates"] == 3
    files = {f"decide.{kind}" for kind in ("csv", "parquet", "png", "txt", "json")}
    assert {path.name for path in tmp_path.iterdir()} == files | {"study"}
    again = patchmarket(*command)  # all runs are there already
    assert (again.returncode, again.stdout) == (0, done.stdout)
    changed = patchmarket(*command, "--set", "days=61")
    assert changed.returncode == 2
    assert "scenario.days" in changed.stderr


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("decide", "nowhere"), "scenario 'nowhere': neither a file nor a preset"),
        (("decide", "--provider", "X"), "--provider = 'X': must be one of Reboot & Co, Live & Co"),
        (("decide", "--replicates", "1"), "--replicates"),
        (("decide", "--set", "users.count=0"), "users.count = 0: must be greater than or equal to 1"),
        (("compare", "--policy", "pray"), "--policy = 'pray': must be one of reboot, live-patch"),
    ],
)
def test_bad_input_is_a_line_and_nothing_is_written(arguments, line, tmp_path):
    done = patchmarket(*arguments, "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout
    assert not (tmp_path / "out").exists()


def test_a_server_that_earns_nothing_has_no_share_that_pays():
    costly = Scenario.load("thought-experiment", **SMALL | {"providers.0.server_cost": 6000.0})
    answer = tell(decision_on(costly, replicates=3))
    assert answer.summary["closed_forms"]["needed"] is None
    json.dumps(answer.summary, allow_nan=False)
    assert "no price pays for keeping them" in answer.text


def test_at_the_turning_cost_of_a_breach_the_answer_flips():
    risky = {"flaws.exploited_per_cve": 1.0, "flaws.exploit_delay": 0, "users.tolerance.median": float("inf")}
    attacked = risky | {"security.attack_rate": 0.002, "security.breach_cost": 100.0}
    decision = decision_on(Scenario.preset("thought-experiment", **(SMALL | attacked)), replicates=3)
    security, gain = decision.security, decision.plan.gain
    fewer = 0.002 * (security.exploitable[0] - security.exploitable[1])
    assert fewer > 0
    months = fewer * 100.0 / security.breaches_spared  # server-months with live patching
    at_100 = gain * months - fewer * 100.0  # close to the gain without breaches, if those drawn are those expected
    assert at_100 + fewer * security.turning_cost == pytest.approx(0, abs=0.1 * abs(at_100))
    answer = tell(decision)
    assert f"The answer flips where a breach costs ${security.turning_cost:,.0f}." in answer.text
    calm = decision_on(Scenario.preset("thought-experiment", **(SMALL | risky)), replicates=3)
    assert calm.security.turning_rate * 10_000.0 * fewer / 0.002 / months == pytest.approx(-calm.plan.gain, rel=0.02)
    assert (
        "Nobody attacks in this scenario (security.attack_rate); at $10,000 a breach the answer flips above"
        in tell(calm).text
    )


# --- over what is not known

SHORT = SMALL | {"users.count": 200, "days": 90, "providers.0.server_cost": 100.0}


@pytest.fixture(scope="module")
def integrated():
    return decision_on(Scenario.preset("thought-experiment", **SHORT), replicates=60, point=False)


def test_the_variants_of_a_draw_meet_the_same_people_and_other_draws_others():
    question = ask(Scenario.preset("thought-experiment", **SHORT))
    variants, _ = variants_of(question.contrasts)
    values = draw(question.unknowns, None, 3, seed=1)
    study = study_of(question, variants, values, seed=1)
    runs = study.first_runs()
    seeds = [{run.seed for run in runs if run.point // len(variants) == number} for number in range(3)]
    assert [len(each) for each in seeds] == [1, 1, 1]
    assert len(set.union(*seeds)) == 3
    tolerance = study.scenario_at(len(variants)).users.tolerance.median
    assert tolerance == pytest.approx(values[1, 0]) != values[0, 0]


def test_what_is_not_known_is_in_the_answer(integrated):
    found = integrated.uncertainty
    assert found.assumed == ["tolerance", "memory", "word of mouth", "flaws"]
    assert found.learnt == []
    low, high = found.break_even
    assert low < integrated.break_even < high
    assert 0 < found.pays_on_average <= 1
    assert found.split.seeds + found.split.alone.sum() + found.split.common == pytest.approx(1)
    worths = [one.worth.value for one in found.measurements]
    assert worths == sorted(worths, reverse=True)
    assert worths[0] <= found.perfect.value + 3 * found.perfect.error
    assert found.survey is None  # nobody leaves for good


def test_every_policy_has_its_odds_and_they_change_with_the_price(integrated):
    found = integrated.uncertainty
    assert {one.policy for one in found.policies} == set(POLICIES)
    assert sum(one.best for one in found.policies) == pytest.approx(1)
    gains = [one.gain for one in found.policies]
    assert gains == sorted(gains, reverse=True)
    curve = found.acceptability
    assert curve.best.sum(axis=0) == pytest.approx(np.ones(len(curve.prices)))
    assert (np.diff(curve.pays) <= 1e-9).all()
    live = curve.best[curve.policies.index("live-patch")]
    assert (np.diff(live) <= 1e-9).all()
    nearest = np.abs(curve.prices - integrated.plan.price).argmin()
    assert curve.pays[nearest] == pytest.approx(found.pays_on_average, abs=0.1)


def test_the_answer_over_what_is_not_known_is_one_in_numbers_words_and_picture(integrated, tmp_path):
    answer = tell(integrated)
    assert json.loads(json.dumps(answer.summary, allow_nan=False)) == answer.summary
    assert "That is the mean over what is not known (tolerance, memory, word of mouth and flaws from the priors)" in (
        answer.text
    )
    assert f"Of all policies {integrated.uncertainty.policies[0].policy} is best on average" in answer.text
    table = answer.table.set_index("case")
    assert table.loc["defer", "kind"] == "policy"
    assert table["best"].sum() <= 1 + 1e-9
    answer.write(tmp_path)
    assert (tmp_path / "decide.png").stat().st_size > 10_000


def test_a_posterior_that_is_sure_leaves_the_seeds_alone(tmp_path):
    scenario = Scenario.preset("thought-experiment", **SHORT)
    sure = pd.DataFrame({u.name: [u.value(0.5)] * 2 for u in unknowns_of(scenario)})
    write_posterior(sure, Priors.load(), tmp_path)
    question = ask(scenario, posterior=tmp_path)
    assert draw(question.unknowns, question.posterior, 4, seed=1).std(axis=0) == pytest.approx([0, 0, 0, 0])
