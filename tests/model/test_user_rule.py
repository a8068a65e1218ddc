"""Rules of one's own for how users listen and choose."""

import numpy as np
import pytest

from model import Market, ScenarioError
from model.checkpoint import save

BUSY = {"users.count": 1000, "users.tolerance.median": 2.0}


def best(considering):
    """The built-in rule, without noise."""
    gain = considering.gain
    return np.where(gain.max(axis=1) > considering.tolerance, gain.argmax(axis=1), considering.provider)


def average(listening):
    """The built-in rule."""
    talk = listening.market.settings.word_of_mouth
    worse = listening.mean > listening.belief
    weight = 1 - (1 - np.where(worse, min(1.0, talk.listen * talk.negativity), talk.listen)) ** listening.messages
    told = listening.belief + weight * (listening.mean - listening.belief)
    return np.where(listening.messages == 0, listening.belief, np.where(np.isnan(told), listening.mean, told))


@pytest.mark.parametrize("rules", [{"choose": best}, {"listen": average}, {"listen": average, "choose": best}])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"word_of_mouth.negativity": 2.0},
        {"users.peer_weight": 5.0},
        {"users.advertising_per_day": 0.01, "users.contract_days": 30},
        {"open_market.arrivals_per_day": 2.0, "open_market.departures_per_year": 0.2},
    ],
)
def test_the_built_in_rules_given_by_hand_change_no_byte(settings, rules):
    built_in = Market("thought-experiment", rng=1, **BUSY, **settings).run()
    own = Market("thought-experiment", rng=1, **rules, **BUSY, **settings).run()
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


def test_nobody_moves_who_hears_of_no_other_provider():
    market = Market("thought-experiment", rng=1, listen=lambda heard: heard.belief, **BUSY).run()
    assert len(market.record.moves) == 0


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (lambda heard: heard.messages[:, 0], "must return beliefs of shape"),
        (lambda heard: heard.mean, "must return beliefs that are numbers from 0"),
        (lambda heard: heard.belief - 1e9, "must return beliefs that are numbers from 0"),
    ],
)
def test_wrong_beliefs_are_refused_in_a_line(rule, line):
    with pytest.raises(ScenarioError, match=f"^listen: {line}"):
        Market("thought-experiment", rng=1, listen=rule, **BUSY).run()


def test_it_is_neither_saved_nor_split_among_threads(tmp_path):
    with pytest.raises(ScenarioError, match="listen, choose: a checkpoint cannot hold a rule"):
        save(Market("thought-experiment", rng=1, choose=best, **BUSY), tmp_path / "there.npz")
    with pytest.raises(ScenarioError, match="threads = 2: must be 1"):
        Market("thought-experiment", rng=1, choose=best, threads=2, **BUSY)
