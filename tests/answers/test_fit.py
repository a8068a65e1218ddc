"""What records tell: they are read onto the days of a market, and a market with the planted unknowns is recognised."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import answers.fitting.fit_ask
from answers import Company, fit
from answers.fitting.fit_ask import ask
from answers.fitting.fit_measure import GRID, check_possible, flaw_weights, product_limit
from answers.fitting.fit_observed import observed_in
from answers.summaries import names, summaries
from model import Scenario, ScenarioError
from model.records import read_records
from tests.commands import patchmarket
from tests.pages import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "records"
BASE = Scenario.preset("thought-experiment")


def company():
    return Company.load(EXAMPLE / "company.toml")


def question(**changes):
    return ask(company().market(BASE, **changes), read_records([EXAMPLE]), company=company())


# --- what was observed


@pytest.fixture(scope="module")
def observed():
    return observed_in(read_records([EXAMPLE]), servers=40, minutes_per_reboot=6.0, customers=2000)


def test_records_fall_on_the_days_of_a_market(observed):
    customers = pd.read_csv(EXAMPLE / "customers.csv", parse_dates=["signup_date", "cancel_date"])
    assert observed.start == customers["cancel_date"].min().date() >= date(2025, 1, 6)
    within = customers["cancel_date"] < pd.Timestamp(observed.start) + pd.Timedelta(days=observed.days)
    assert observed.cancelled.sum() == within.sum()
    start = pd.Timestamp(observed.start)
    there = (customers["signup_date"] < start) & ~(customers["cancel_date"] < start)
    assert observed.customers[0] == there.sum()
    first = observed.outages[0]
    assert (start + pd.Timedelta(days=first.day), first.minutes, first.share) == (pd.Timestamp(2025, 2, 19), 6.0, 1.0)
    assert [outage.share for outage in observed.outages if outage.cause == "power"] == [2 / 40]
    assert observed.flaws == 6


def test_the_share_still_there_is_kaplan_and_meiers(observed):
    from statsmodels.duration.survfunc import SurvfuncRight

    customers = pd.read_csv(EXAMPLE / "customers.csv", parse_dates=["signup_date", "cancel_date"])
    start = pd.Timestamp(observed.start)
    entry = ((customers["signup_date"] - start).dt.days // 7 + 1).clip(lower=0)  # at risk from the next week on
    end = (customers["cancel_date"] - start).dt.days // 7 + 1
    weeks = len(observed.cancelled)
    status = end.notna() & (end <= weeks)
    time = end.where(status, weeks + 1)
    late = entry < time
    known = SurvfuncRight(time[late], status[late].astype(int), entry=entry[late])
    seen = product_limit(observed.customers[None], observed.cancelled[None])[0]
    assert known.surv_prob[-1] == pytest.approx(seen[-1], rel=0.02)  # who comes and goes within a week is not at risk


def test_counts_alone_are_read_too(tmp_path):
    weeks = pd.date_range("2025-01-06", periods=20, freq="7D")
    rows = "".join(f"{week:%G-W%V},{500 - k},{k % 3}\n" for k, week in enumerate(weeks))
    (tmp_path / "cancellations.csv").write_text(f"week,customers_at_start,cancelled\n{rows}")
    (tmp_path / "outages.csv").write_text("date,minutes,cause\n2025-03-01,,kernel\n2024-01-01,5,kernel\n")
    found = observed_in(read_records([tmp_path]), 10, 4.5, 500)
    assert (found.start, found.days) == (date(2025, 1, 6), 140)
    assert [(outage.day, outage.minutes) for outage in found.outages] == [(54, 4.5)]
    assert "1 of 1 outages have no length: 4.5 minutes each, as a reboot." in found.notes
    assert found.signed_up is None
    since = observed_in(read_records([tmp_path]), 10, 4.5, 500, since=date(2025, 2, 1))
    assert since.start == date(2025, 2, 3)


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("outages.csv", "date,minutes\n2025-03-01,5\n", "RECORDS: must have customers or cancellations"),
        ("customers.csv", "signed_up,cancelled\n2025-03-01,\n", "RECORDS: nobody has cancelled"),
        (
            "customers.csv",
            "signed_up,cancelled\n2025-03-01,2025-04-01\n2025-03-01,2025-04-20\n",
            "RECORDS: 2 periods of cancellations are too few; must be at least 8",
        ),
        ("cancellations.csv", "week,cancelled\n2025-W01,5\n2025-W05,3\n", "RECORDS, cancellations from"),
    ],
)
def test_records_that_tell_too_little_are_a_line(file, text, line, tmp_path):
    (tmp_path / file).write_text(text)
    with pytest.raises(ScenarioError) as refused:
        observed_in(read_records([tmp_path]), 10, 5.0, 100)
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


def test_the_market_has_the_operators_customers_servers_and_outages():
    asked = question()
    scenario = asked.scenario
    begin = int(asked.observed.customers[0])
    assert scenario.users.count * scenario.shares[0] == begin
    assert len(scenario.events) == 7
    assert scenario.providers[0].server_capacity == -(-begin // 40)
    assert scenario.flaws.per_year == 0
    assert asked.fixed["open_market.arrivals_per_day"] == pytest.approx(2 * asked.observed.signed_up)
    assert asked.counted.name == "flaws"


def test_of_many_customers_a_sample_is_simulated(monkeypatch):
    monkeypatch.setattr(answers.fitting.fit_ask, "MOST_CUSTOMERS", 500)
    asked = question()
    whole = asked.observed
    assert asked.customers[0] == 500
    expected = whole.cancelled.sum() * 500 / whole.customers[0]
    assert abs(asked.cancelled.sum() - expected) < 4 * np.sqrt(expected)


# --- what is learnt


def test_summaries_are_the_effects_that_made_the_hazard():
    edges = np.arange(0, 365, 7)
    minutes = np.zeros(364)
    minutes[[50, 120, 200, 290]] = [5.0, 20.0, 5.0, 10.0]
    effects = {"base": 0.001, "after 0 to 6 days": 2e-4, "after 14 to 27 days": 5e-5, "trend": 1e-4}
    window = [np.array([minutes[max(day - 6, 0) : day + 1].sum() for day in range(364)])]
    window.append(np.array([minutes[max(day - 27, 0) : max(day - 13, 0)].sum() for day in range(364)]))
    hazard = effects["base"] + effects["after 0 to 6 days"] * window[0] + effects["after 14 to 27 days"] * window[1]
    middle = (edges[1:] + edges[:-1]) / 2 / 364 - 0.5
    weekly = hazard.reshape(52, 7).mean(axis=1) + effects["trend"] * middle
    customers = np.full((1, 52), 1000.0)
    found = dict(zip(names(), summaries(edges, minutes, customers, (weekly * 7000)[None])[0], strict=True))
    for name in ("base", "after 0 to 6 days", "after 7 to 13 days", "after 14 to 27 days", "trend"):
        assert found[name] == pytest.approx(effects.get(name, 0.0), abs=1e-9)


def test_months_have_summaries_too():
    edges = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    found = summaries(edges, np.zeros(365), np.full((3, 12), 100.0), np.full((3, 12), 2.0))
    assert np.isfinite(found).all()


def test_flaws_are_counted():
    asked = question()
    chance = np.cumsum(flaw_weights(asked))
    prior = stats.norm.ppf(GRID) * asked.counted.prior.spread
    rates = asked.counted.base["flaws.per_year"] * np.exp(prior)
    weights = stats.poisson.pmf(6, rates * asked.observed.days / 365)
    assert np.interp(0.5, chance, rates) == pytest.approx(np.interp(0.5, np.cumsum(weights) / weights.sum(), rates))
    assert 5 < np.interp(0.5, chance, rates) < 7.5


def test_records_that_the_model_cannot_produce_are_named():
    rng = np.random.default_rng(1)
    simulated = rng.normal(size=(500, len(names())))
    check_possible(np.zeros(len(names())), simulated)
    strange = np.zeros(len(names()))
    strange[0] = 9.0
    with pytest.raises(ScenarioError) as refused:
        check_possible(strange, simulated)
    lines = str(refused.value).splitlines()
    assert lines[0].startswith("RECORDS, base: 9, where 500 simulations gave -")
    assert lines[1] == "The model cannot produce these records with these priors, so nothing is fitted to them"
    with pytest.raises(ScenarioError, match="no simulation has them all together"):
        check_possible(np.full(len(names()), 2.7), simulated)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A fit of the example's first 20 weeks with few simulations of few customers."""
    folder = tmp_path_factory.mktemp("fit")
    records = folder / "records"
    records.mkdir()
    customers = pd.read_csv(EXAMPLE / "customers.csv", parse_dates=["signup_date", "cancel_date"])
    customers = customers[::7][lambda table: table["signup_date"] < "2025-06-01"]
    customers.loc[customers["cancel_date"] > "2025-06-01", "cancel_date"] = pd.NaT
    customers.to_csv(records / "customers.csv", index=False)
    (records / "outages.csv").write_text((EXAMPLE / "outages.csv").read_text())
    market = company().market(BASE)
    answer = fit(records, market, company=company(), simulations=160, workers=2, out=folder / "out")
    return answer, folder


def test_a_fit_says_what_it_learnt_and_what_not(small):
    answer, _ = small
    summary = answer.summary
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    learnt = {one["unknown"]: one for one in summary["unknowns"]}
    assert set(learnt) == {"tolerance", "memory", "word of mouth", "base churn", "newcomers", "flaws"}
    for one in learnt.values():
        values = list(one["posterior"].values())
        assert values == sorted(values)
        assert 0 <= one["narrowed"] < 1
        assert (one["verdict"] == "not told: as before") == (one["narrowed"] < 0.1)
    assert f"tolerance {learnt['tolerance']['posterior']['0.5']:.3g} minutes/month" in answer.text
    answer.figure()


def test_a_fit_leaves_what_decide_and_arviz_read(small):
    answer, folder = small
    draws = pd.read_parquet(folder / "out" / "posterior.parquet")
    assert list(draws.columns) == [one["unknown"] for one in answer.summary["unknowns"]]
    assert draws["tolerance"].median() == pytest.approx(answer.summary["unknowns"][0]["posterior"]["0.5"], rel=0.05)
    assert (folder / "out" / "pairs.png").stat().st_size > 10_000
    xarray = pytest.importorskip("xarray")
    posterior = xarray.open_dataset(folder / "out" / "fit.nc", group="posterior", engine="h5netcdf")
    assert posterior["word_of_mouth"].dims == ("chain", "draw")
    seen = xarray.open_dataset(folder / "out" / "fit.nc", group="observed_data", engine="h5netcdf")
    assert seen["cancelled"].sum() == answer.summary["cancelled"]


@pytest.mark.slow
def test_the_same_command_resumes_and_gives_the_same(small):
    answer, folder = small
    market = company().market(BASE)
    again = fit(folder / "records", market, company=company(), simulations=160, workers=1, out=folder / "out")
    assert again.summary == answer.summary


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("fit", "nowhere"), "nowhere"),
        (("fit", str(EXAMPLE), "--priors", "nowhere.toml"), "--priors 'nowhere.toml': not a TOML file"),
        (("fit", str(EXAMPLE), "--simulations", "10"), "--simulations"),
        (
            ("decide", "--posterior", "nowhere"),
            "--posterior 'nowhere': must be a folder that `patchmarket fit` has written",
        ),
    ],
)
def test_bad_input_is_a_line_and_nothing_is_written(arguments, line, tmp_path):
    done = patchmarket(*arguments, "--out", str(tmp_path / "out"))
    assert done.returncode == 2, done.stderr
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
