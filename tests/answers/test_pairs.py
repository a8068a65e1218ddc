"""Pairs of runs: the price at which they break even, its interval, and the search where decisions look at prices."""

import numpy as np
import pandas as pd
import pytest

from answers import intervals
from answers.decision.decide_ask import Contrast
from answers.decision.decide_measure import interval_at
from answers.decision.decide_pairs import Pairs, pairs_of, shift
from answers.decision.decide_run import PRECISION, search, variants_of
from answers.experiment import Runs
from model import ScenarioError


def synthetic(rng, replicates=30, price=100.0):
    """Skewed gains and server-months that go together; the true break-even price is 350."""
    months = 100 * np.exp(0.3 * rng.standard_normal(replicates))
    gain = 250.0 * months + 8000 * (rng.exponential(1.0, replicates) - 1)
    return Pairs(price, gain, months)


def test_the_gain_is_straight_in_the_price_and_nothing_at_the_break_even_price():
    pairs = synthetic(np.random.default_rng(1))
    assert pairs.gain_at(100.0) == pytest.approx(pairs.gain)
    assert pairs.gain_at(pairs.break_even).mean() == pytest.approx(0, abs=1e-6)
    assert pairs.gain_at(pairs.break_even + 1).mean() == pytest.approx(-pairs.server_months.mean())
    gain, low, high = pairs.per_server_month(100.0)
    assert gain == pytest.approx(pairs.gain.mean() / pairs.server_months.mean())
    assert low < gain < high


@pytest.mark.parametrize("replicates", [10, 30])
def test_the_interval_holds_the_true_price_about_as_often_as_it_says(monkeypatch, replicates):
    monkeypatch.setattr(intervals, "RESAMPLES", 800)
    rng = np.random.default_rng(2)
    bounds = np.array([synthetic(rng, replicates).interval for _ in range(400)])
    held = ((bounds[:, 0] < 350) & (bounds[:, 1] > 350)).mean()
    assert 0.95 - 4 * 0.011 < held < 0.98


def test_pairs_that_share_their_noise_give_a_narrower_interval_of_their_difference():
    rng = np.random.default_rng(3)
    base = synthetic(rng)
    more = Pairs(base.price, base.gain + 20 * base.server_months + rng.normal(0, 50, 30), base.server_months)
    change, low, high = shift(more, base)
    assert low < change < high
    assert change == pytest.approx(20, abs=1)
    assert high - low < (base.interval[1] - base.interval[0]) / 20


def test_where_nothing_varies_the_interval_is_the_value():
    pairs = Pairs(0.0, np.full(5, 200.0), np.full(5, 2.0))
    assert pairs.interval == (100.0, 100.0)
    assert intervals.mean_interval(np.zeros(4)) == (0.0, 0.0)


def test_a_variant_that_several_contrasts_need_is_run_once():
    contrasts = [
        Contrast("plan", "a", {}, {"days": 2}, 0.0),
        Contrast("shift", "b", {}, {"days": 3}, 0.0),
        Contrast("shift", "c", {"days": 3}, {"days": 2}, 0.0),
    ]
    variants, places = variants_of(contrasts)
    assert [variant.settings for variant in variants] == [{}, {"days": 2}, {"days": 3}]
    assert places == [(0, 1), (0, 2), (2, 1)]


def runs_of(rows):
    return Runs(pd.DataFrame(rows, columns=["point", "replicate", "p0_profit", "p0_server_months"]), pd.DataFrame())


def test_a_replicate_counts_only_if_all_its_runs_were_done():
    contrast, place = [Contrast("plan", "a", {}, {"days": 2}, 10.0)], [(0, 1)]
    rows = [(0, r, 100.0, 5.0) for r in range(4)] + [(1, r, 150.0 + r, 6.0) for r in (0, 1, 3)]
    (pairs,) = pairs_of(runs_of(rows), 0, contrast, place)
    assert pairs.gain.tolist() == [50.0, 51.0, 53.0]
    assert pairs.server_months.tolist() == [6.0] * 3
    with pytest.raises(ScenarioError, match="must leave at least 2"):
        pairs_of(runs_of(rows[:5]), 0, contrast, place)
    with pytest.raises(ScenarioError, match="1 of 2 variants"):
        pairs_of(runs_of(rows[:4]), 0, contrast, place)


def test_when_no_run_was_done_the_reason_is_told():
    nothing = Runs(runs_of([]).table, pd.DataFrame({"reason": ["out of memory"]}))
    with pytest.raises(ScenarioError, match="out of memory"):
        pairs_of(nothing, 0, [], [])


# --- the search


def market_that_jumps(at, by, base=100.0):
    """Gains of 100 less the price, and less still above a price at which somebody decides otherwise."""
    noise = np.array([-1.0, 0.0, 1.0])
    return lambda price: Pairs(price, 10 * (base - price - by * (price > at)) + noise, np.full(3, 10.0))


def test_the_search_finds_the_root_of_a_straight_line():
    root, tried = search(market_that_jumps(at=1e9, by=0.0))
    assert root == pytest.approx(100, rel=PRECISION)
    assert [pairs.price for pairs in tried] == sorted(pairs.price for pairs in tried)


def test_the_search_finds_the_price_at_which_a_decision_turns_the_gain():
    root, tried = search(market_that_jumps(at=60.0, by=80.0))
    assert root == pytest.approx(60, abs=2 * PRECISION * 110)
    low, high = interval_at(root, tried)
    assert low <= root <= high


def test_the_search_goes_up_while_it_pays():
    later = market_that_jumps(at=10.0, by=-300.0)  # above 10 somebody's answer makes it worth 400
    root, _ = search(later)
    assert root == pytest.approx(400, rel=2 * PRECISION)


def test_what_does_not_pay_for_nothing_has_a_price_below_zero():
    root, tried = search(market_that_jumps(at=1e9, by=0.0, base=-30.0))
    assert root == pytest.approx(-30)
    assert len(tried) == 1
