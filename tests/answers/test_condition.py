"""Conditions: what a user means is understood, and nothing else is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answers.scenario_discovery.condition import Condition
from model import ScenarioError

ROWS = pd.DataFrame(
    {
        "live_paid": [1, 0, 0, 1],
        "p0_profit": [-1.5, 20.0, 3.0, 0.0],
        "p1_profit": [1.0, 2.0, 3.0, 4.0],
        "users.tolerance.median": [2.0, 10.0, 2.0, 10.0],
        "providers.0.price; providers.1.price": ["4.0; 5.0", "4.0; 5.0", "5.0; 5.0", "5.0; 5.0"],
        "patches": ["none", "bought", "none", "bought"],
    }
)


def holds(text):
    return Condition(text, list(ROWS)).of(ROWS)[0].tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("live_paid == 0", [0, 1, 1, 0]),
        ("p0_profit < 0", [1, 0, 0, 0]),
        ("p0_profit >= p1_profit", [0, 1, 1, 0]),
        ("p0_profit>-1e0 and p0_profit<.5e1", [0, 0, 1, 1]),
        ("0 <= p0_profit < 5", [0, 0, 1, 1]),
        ("users.tolerance.median < 5 and live_paid == 0", [0, 0, 1, 0]),
        ("`users.tolerance.median` < 5", [1, 0, 1, 0]),
        ("`providers.0.price; providers.1.price` == '5.0; 5.0'", [0, 0, 1, 1]),
        ('patches != "none"', [0, 1, 0, 1]),
        ("live_paid == 0 or p0_profit < 0 and patches == 'bought'", [0, 1, 1, 0]),  # and binds closer
        ("(live_paid == 0 or p0_profit < 0) and patches == 'none'", [1, 0, 1, 0]),
    ],
)
def test_a_condition_holds_where_it_says(text, expected):
    assert holds(text) == [bool(x) for x in expected]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "must be comparisons of columns, numbers and texts"),
        ("live_paid", "must be comparisons"),
        ("live_paid = 0", "must be comparisons"),
        ("1 < 2", "must be comparisons"),
        ("not live_paid == 0", "must be comparisons"),
        ("p0_profit + 1 > 2", "must be comparisons"),
        ("p0_profit ** 9 > 2", "must be comparisons"),
        ("live_paid == 0 if 1 else 2", "must be comparisons"),
        ("live_paid in [0]", "must be comparisons"),
        ("live_paid == [0]", "must be comparisons"),
        ("live_paid == 1j", "there is no column 'j'"),
        ("(live_paid == 0", "must be comparisons"),
        ("live_paid == 0; live_paid == 1", "must be comparisons"),
        ("live_paid == 0 # 5", "must be comparisons"),
        ("live_paid() == 0", "must be comparisons"),
        ("live_paid == f'{patches}'", "there is no column 'f'"),
        ("live_paid.__class__ == 0", "there is no column 'live_paid.__class__'; did you mean live_paid?"),
        ("__import__('os').system('true') == 0", "there is no column '__import__'; there are live_paid"),
        ("live_pade == 0", "there is no column 'live_pade'; did you mean live_paid?"),
        ("live_paid == True", "must be comparisons"),
        ("live_paid == nan", "there is no column 'nan'"),
        ("`` == 0", "there is no column '';"),
        ("(" * 400 + "live_paid == 0" + ")" * 400, "must be comparisons"),
        ("live_paid == 0 or " * 100 + "live_paid == 1", "must be at most 1000 characters"),
    ],
)
def test_anything_else_is_refused_in_one_line(text, line):
    with pytest.raises(ScenarioError) as caught:
        Condition(text, list(ROWS))
    told = str(caught.value)
    assert told.startswith("--when = ")
    assert line in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("patches == 1", "must compare numbers with numbers and texts with texts"),
        ("live_paid == 'none'", "must compare numbers with numbers and texts with texts"),
        ("patches < 'none'", "must compare texts by == or != only"),
    ],
)
def test_texts_and_numbers_are_not_mixed(text, line):
    with pytest.raises(ScenarioError, match=line):
        holds(text)


def test_a_row_without_a_value_is_neither_in_nor_out():
    rows = ROWS.assign(live_paid=[None, 0.0, 1.0, None])
    found, known = Condition("live_paid != 1 or p0_profit < 0", list(rows)).of(rows)
    assert known.tolist() == [False, True, True, False]
    assert found.tolist() == [False, True, False, False]


@given(st.text(alphabet="abx_.0 19=<>!'`\"()andor+-*,[]{}:\\\n", max_size=40))
@settings(max_examples=400)
def test_no_text_does_anything_but_compare(text):
    rows = pd.DataFrame({"a": [1.0, 2.0], "b.x": ["x", "y"]})
    try:
        found, known = Condition(text, list(rows)).of(rows)
    except ScenarioError as error:
        assert "\n" not in str(error)  # noqa: PT017 -- most texts are refused, some are not
    else:
        assert found.dtype == known.dtype == np.bool_
        assert len(found) == 2
