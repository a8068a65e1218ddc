"""Adaptive replicates: the interval at which a point stops holds the truth as often as is said."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.adaptive import Replicates, interval, moments
from batch.study import Study
from model import ScenarioError

SEQUENCES = 2000
RULE = {"minimum": 5, "maximum": 12, "round": 3, "outcome": "moves", "half_width": 1.0}


def stop_at(rule, values):
    """Play a point to its end, round by round; return the number of replicates."""
    n = 0
    while more := rule.next_round(values[:n]):
        n = more.stop
    return n


@pytest.mark.parametrize(
    ("draw", "mean", "rule"),
    [
        pytest.param(lambda rng, n: rng.normal(3, 1, n), 3, (10, 100, 10, 0.5), id="normal"),
        pytest.param(lambda rng, n: rng.normal(3, 1, n), 3, (5, 100, 5, 0.6), id="normal, early looks"),
        pytest.param(lambda rng, n: rng.exponential(1, n), 1, (20, 200, 10, 0.35), id="exponential, skewness 2"),
        pytest.param(lambda rng, n: rng.lognormal(0, 0.5, n), math.exp(0.125), (20, 200, 10, 0.25), id="lognormal"),
        pytest.param(lambda rng, n: rng.lognormal(0, 1, n), math.exp(0.5), (50, 400, 50, 0.6), id="skewness 6"),
        pytest.param(lambda rng, n: (rng.random(n) < 0.03) * 1.0, 0.03, (20, 200, 20, 0.08), id="rarely yes"),
        pytest.param(lambda rng, n: (rng.random(n) < 0.5) * 1.0, 0.5, (20, 200, 20, 0.15), id="yes or no"),
    ],
)
def test_the_interval_at_the_stop_holds_the_mean_as_often_as_said(draw, mean, rule):
    minimum, maximum, step, half_width = rule
    rule = Replicates(minimum=minimum, maximum=maximum, round=step, outcome="moves", half_width=half_width)
    rng = np.random.default_rng(7)
    held, lengths = 0, []
    for _ in range(SEQUENCES):
        values = draw(rng, maximum).tolist()
        n = stop_at(rule, values)
        low, high = rule.interval(values[:n])
        held += low <= mean <= high
        lengths.append(n)
    error = math.sqrt(0.95 * 0.05 / SEQUENCES)
    assert held / SEQUENCES >= 0.95 - 4 * error
    assert minimum < np.mean(lengths) < maximum  # the rule was really at work


def test_the_uncorrected_rule_would_not_do():
    # Stop as soon as the plain interval is narrow, looking after every replicate from the second on.
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(SEQUENCES):
        values = rng.normal(0, 1, 60).tolist()
        for n in range(3, 61):
            low, high = interval(values[:n], 0.95)
            if (high - low) / 2 <= 0.5:
                break
        held += low <= 0 <= high
    assert held / SEQUENCES < 0.93


def test_rounds_and_looks():
    rule = Replicates(**RULE)
    assert rule.looks == [5, 8, 11, 12]
    wide = [0.0, 100.0, 0.0, 100.0, 0.0, 100.0, 0.0, 100.0, 0.0, 100.0, 0.0, 100.0]
    assert rule.next_round([]) == range(5)
    assert [rule.next_round(wide[:n]) for n in (5, 8, 11, 12)] == [range(5, 8), range(8, 11), range(11, 12), range(0)]
    assert rule.next_round([3.0, 3.1, 3.0, 2.9, 3.0]) == range(0)


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=12), st.integers(0, 7))
def test_values_beyond_the_last_look_change_nothing(values, more):
    rule = Replicates(**RULE)
    look = max(n for n in rule.looks if n <= len(values))
    extra = [1e6] * min(more, 2 if look < 11 else 0)
    assert rule.next_round(values[:look] + extra) == rule.next_round(values[:look])


def test_who_stopped_stays_stopped():
    rule = Replicates(**RULE)
    assert rule.next_round([3.0, 3.1, 3.0, 2.9, 3.0, 1e6, -1e6, 0.0]) == range(0)


def test_failed_runs_do_not_count_and_a_round_of_them_ends_the_point():
    rule, nan = Replicates(**RULE), math.nan
    assert rule.next_round([3.0, nan, 3.0, 3.1, 2.9]) == range(0)
    assert rule.next_round([3.0, nan, nan, nan, nan]) == range(5, 8)  # one value says nothing about the spread
    assert rule.next_round([nan] * 5) == range(0)
    assert rule.next_round([0.0, 100.0, 0.0, 100.0, 0.0, nan, nan, nan]) == range(0)


def test_the_interval_of_a_mean():
    # Student 1908, table of sleep: differences of ten patients.
    sleep = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
    assert interval(sleep, 0.95) == pytest.approx((0.7001, 2.4599), abs=1e-4)
    # Agresti and Coull: no successes in 20.
    low, high = interval([0] * 20, 0.95)
    centre = (1.959964**2 / 2) / (20 + 1.959964**2)
    assert (low + high) / 2 == pytest.approx(centre, abs=1e-6)
    assert high == pytest.approx(0.18981, abs=1e-4)
    assert interval([1.0], 0.95) == (-math.inf, math.inf)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.randoms())
def test_moments_do_not_depend_on_the_order(values, random):
    shuffled = random.sample(values, len(values))
    assert moments(values) == moments(shuffled)


def test_a_study_asks_for_rounds_by_replicate_then_point():
    study = Study.load("tiny", replicates=RULE)
    assert study.total_runs == 4 * 12
    assert len(study.first_runs()) == 4 * 5
    done = {3: [0.0, 50.0, 0.0, 50.0, 0.0], 0: [7.0] * 5, 1: [0.0, 50.0, 0.0, 50.0, 0.0]}
    more = study.more_runs(done)
    assert [(run.replicate, run.point) for run in more] == [(5, 1), (5, 3), (6, 1), (6, 3), (7, 1), (7, 3)]
    assert more[0] == study.run_of(1, 5)
    assert study.more_runs(dict.fromkeys(range(4), [7.0] * 5)) == []


def test_a_fixed_number_of_replicates_never_asks_for_more():
    assert Study.load("tiny").more_runs({0: [0.0, 100.0]}) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"minimum": 0}, "replicates.minimum = 0: must be greater than or equal to 1"),
        ({"minimum": 3}, "replicates.minimum = 3: must be at least 5, "),
        ({"maximum": 4}, "replicates.maximum = 4: must be at least minimum, 5"),
        ({"maximum": 5}, "replicates.maximum: must be above minimum where an outcome decides"),
        ({"outcome": ""}, "replicates.outcome: is missing; say which outcome decides"),
        ({"outcome": "profits"}, "replicates.outcome = 'profits': must be one of days, moves, "),
        ({"outcome": "stopped"}, "replicates.outcome = 'stopped': must be one of days, moves, "),
        ({"half_width": None}, "replicates.half_width: is missing; say how narrow the interval must be"),
        ({"half_width": 0.0}, "replicates.half_width = 0.0: must be greater than 0"),
        ({"confidence": 95.0}, "replicates.confidence = 95.0: must be less than 1"),
        ({"width": 1.0}, "replicates.width: no such key; did you mean half_width?"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(change, line):
    with pytest.raises(ScenarioError) as caught:
        Study.load("tiny", replicates=RULE | change)
    assert str(caught.value).startswith(line), str(caught.value)


def test_replicates_must_be_a_number_or_a_table():
    with pytest.raises(ScenarioError, match=r"^replicates = 'many': must be a table"):
        Study.load("tiny", replicates="many")
