"""The value of information agrees with its closed form for two actions and a normal gain, and with nested sampling."""

import math

import numpy as np
import pytest
from scipy import stats

from answers.decision.worth import of_a_survey, perfect, regressed, split

MEAN, WEIGHTS, NOISE = 0.5, np.array([2.0, 1.0, 0.0]), 3.0
DRAWS, REPETITIONS = 1000, 8


def loss(mean, deviation):
    """Return the expected value of perfect information about a normal gain with this mean and deviation."""
    z = mean / deviation
    return deviation * stats.norm.pdf(z) - abs(mean) * stats.norm.cdf(-abs(z))


def drawn(seed):
    """Return the gains of doing nothing and something, each with the noise of a seed, and the unknowns."""
    rng = np.random.default_rng(seed)
    unknowns = rng.normal(size=(DRAWS, 3))
    gain = MEAN + unknowns @ WEIGHTS + NOISE * rng.normal(size=DRAWS)
    return np.column_stack([np.zeros(DRAWS), gain]), unknowns


def four_errors(values, expected, bias=0.0):
    return abs(np.mean(values) - expected) < 4 * np.std(values, ddof=1) / math.sqrt(len(values)) + bias


@pytest.mark.parametrize(("known", "deviation"), [([0, 1, 2], math.sqrt(5)), ([0], 2.0), ([1], 1.0)])
def test_information_is_worth_its_closed_form(known, deviation):
    found = [perfect(gains, unknowns[:, known]) for gains, unknowns in map(drawn, range(REPETITIONS))]
    assert four_errors([one.value for one in found], loss(MEAN, deviation))
    spread = np.std([one.value for one in found], ddof=1)
    assert 0.4 * spread < np.mean([one.error for one in found]) < 3 * spread  # the error that it says it has


def test_information_is_worth_what_nested_sampling_says():
    rng = np.random.default_rng(5)

    def gain_at(x, y):
        return np.exp(x) - 2.0 + 0.8 * x * y

    outer = rng.normal(size=2000)
    inner = rng.normal(size=(2000, 500))
    known = gain_at(outer[:, None], inner).mean(axis=1)
    expected = np.maximum(known, 0.0).mean() - max(known.mean(), 0.0)
    values = []
    for seed in range(REPETITIONS):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(2, DRAWS))
        gains = np.column_stack([np.zeros(DRAWS), gain_at(x, y) + 0.5 * rng.normal(size=DRAWS)])
        values.append(perfect(gains, x[:, None]).value)
    assert four_errors(values, expected, bias=0.02)


def test_what_changes_nothing_is_worth_nothing():
    gains, unknowns = drawn(1)
    assert perfect(gains, unknowns[:, [2]]).value < 0.03
    certain = np.column_stack([np.zeros(DRAWS), np.full(DRAWS, 3.0)])
    assert perfect(certain, unknowns).value == 0


def test_a_survey_is_worth_more_the_more_are_asked_and_less_than_knowing():
    gains, unknowns = drawn(2)
    shares = stats.norm.cdf(unknowns[:, 0])
    few, many = (np.mean([of_a_survey(gains, shares, n, seed).value for seed in range(6)]) for n in (3, 1000))
    assert few < many
    assert many == pytest.approx(perfect(gains, unknowns[:, [0]]).value, rel=0.1)


def test_the_variance_is_split_into_what_made_it():
    gains, unknowns = drawn(3)
    found = split(gains[:, 1], unknowns)
    whole = 4 + 1 + NOISE**2
    assert found.seeds == pytest.approx(NOISE**2 / whole, abs=0.06)
    assert found.alone == pytest.approx([4 / whole, 1 / whole, 0], abs=0.05)
    assert found.common == pytest.approx(0, abs=0.04)
    x, y = np.random.default_rng(4).normal(size=(2, DRAWS))
    together = split(x * y, np.column_stack([x, y]))
    assert together.common > 0.9


def test_a_regression_is_the_mean_given_the_unknowns():
    x = np.linspace(-2, 2, 500)
    noisy = np.sin(2 * x) + 0.3 * np.random.default_rng(6).normal(size=500)
    assert np.abs(regressed(noisy, x[:, None]) - np.sin(2 * x)).mean() < 0.08
