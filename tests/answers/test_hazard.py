"""The hazard regression finds what was planted, and months are counted as they are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answers.hazard import NEVER, count, hazard_ratio, person_months
from model import Market, Scenario
from model.generators import compress

LIVELY = {"days": 90, "users.count": 300, "flaws.per_year": 40.0, "users.initial_awareness": 0.5}


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


@settings(max_examples=60)
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
    market = Market(Scenario.preset("thought-experiment", **LIVELY), rng=1).run()
    rows = person_months(market, 0)
    moves = market.record.moves.query("`from` == 'Reboot & Co'")
    first = moves.drop_duplicates("user")
    month = (first["day"] // (365 / 12)).astype(int)
    assert rows["month"].max() == 1  # 90 days are two whole months
    assert rows["left"].sum() == (month == 1).sum() > 0
    assert rows["at_risk"].sum() == 150 - (month == 0).sum()
