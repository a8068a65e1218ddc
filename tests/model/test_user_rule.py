"""A rule of one's own for how users choose."""

import time

import numpy as np
import pytest

from model import Market, ScenarioError
from model.checkpoint import save

BUSY = {"users.count": 1000, "users.tolerance.median": 2.0}


def best(considering):
    """The built-in rule, without noise."""
    gain = considering.gain
    return np.where(gain.max(axis=1) > considering.tolerance, gain.argmax(axis=1), considering.provider)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"users.peer_weight": 5.0},
        {"users.advertising_per_day": 0.01, "users.contract_days": 30},
        {"open_market.arrivals_per_day": 2.0, "open_market.departures_per_year": 0.2},
    ],
)
def test_the_built_in_rule_given_by_hand_changes_no_byte(settings):
    built_in = Market("thought-experiment", rng=1, **BUSY, **settings).run()
    own = Market("thought-experiment", rng=1, choose=best, **BUSY, **settings).run()
    assert len(own.record.moves) > 20
    assert own.record.moves.equals(built_in.record.moves)
    assert own.record.daily.tobytes() == built_in.record.daily.tobytes()


def test_nobody_moves_by_a_rule_that_stays():
    market = Market("thought-experiment", rng=1, choose=lambda c: c.provider, **BUSY).run()
    assert len(market.record.moves) == 0


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (lambda c: c.tolerance, "must return .* whole numbers, one a user; not float64"),
        (lambda c: c.provider + 2, "must return providers from 0 to 1; not 2 to 3"),
        (lambda c: 1 - c.provider, "must leave a user at its own provider, or at one where its gain is not -inf"),
    ],
)
def test_a_wrong_answer_is_refused_in_a_line(rule, line):
    with pytest.raises(ScenarioError, match=f"^choose: {line}"):
        Market("thought-experiment", rng=1, choose=rule, **BUSY).run()


def test_it_is_neither_saved_nor_split_among_threads(tmp_path):
    with pytest.raises(ScenarioError, match="choose: a checkpoint cannot hold a rule"):
        save(Market("thought-experiment", rng=1, choose=best, **BUSY), tmp_path / "there.npz")
    with pytest.raises(ScenarioError, match="threads = 2: must be 1"):
        Market("thought-experiment", rng=1, choose=best, threads=2, **BUSY)


@pytest.mark.slow
def test_it_takes_at_most_three_times_as_long():
    def seconds(rule):
        market = Market("thought-experiment", rng=1, choose=rule, **{"users.count": 100_000})
        start = time.perf_counter()
        market.run()
        return time.perf_counter() - start

    own, built_in = (min(seconds(rule) for _ in range(5)) for rule in (best, None))
    assert own < 3 * built_in
