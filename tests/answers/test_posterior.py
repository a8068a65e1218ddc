"""A posterior from simulations: intervals hold the truth as often as they say, and are about as narrow as can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from answers.posterior import Posterior, corrected, uncorrected
from model import ScenarioError

NOISE = np.array([0.5, 1.0])
MIX = np.array([[1.0, 0.0], [0.5, 1.0]])  # summaries by unknowns
TRUTHS = 400


def normal(number, rng):
    """Return unknowns on the unit scale and summaries of a normal model, whose posterior is known."""
    normal = rng.normal(size=(number, 2))
    return stats.norm.cdf(normal), normal @ MIX.T + NOISE * rng.normal(size=(number, 2))


def exact():
    """Return how the posterior's means follow from the summaries, and its standard deviations."""
    precision = np.eye(2) + MIX.T @ np.diag(NOISE**-2) @ MIX
    return np.linalg.inv(precision) @ MIX.T @ np.diag(NOISE**-2), np.sqrt(np.diag(np.linalg.inv(precision)))


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(1)
    posterior = Posterior(*normal(1500, rng), seed=1)
    units, summaries = normal(TRUTHS, rng)
    return units, summaries, posterior.given(summaries)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_intervals_hold_the_truth_as_often_as_they_say(found, level):
    units, _, conditionals = found
    intervals = np.array([one.interval(level) for one in conditionals])
    inside = ((intervals[:, 0] <= units) & (units <= intervals[:, 1])).mean(axis=0)
    held = 375  # simulations that correct the ranks: they have an error too
    error = np.sqrt(level * (1 - level) * (1 / TRUTHS + 1 / held))
    assert (np.abs(inside - level) < 4 * error).all()


def test_ranks_of_truths_are_uniform(found):
    units, _, conditionals = found
    ranks = np.array([one.cdf(row)[0] for one, row in zip(conditionals, units, strict=True)])
    for k in range(2):
        assert stats.kstest(ranks[:, k], "uniform").pvalue > 1e-3


def test_intervals_are_nearly_as_narrow_as_the_exact_ones(found):
    _, summaries, conditionals = found
    means, deviations = exact()
    centre = summaries @ means.T
    quantile = stats.norm.ppf(0.9)
    widths = stats.norm.cdf(centre + quantile * deviations) - stats.norm.cdf(centre - quantile * deviations)
    seen = np.array([np.diff(one.interval(0.8), axis=0)[0] for one in conditionals])
    assert (seen.mean(axis=0) < 1.25 * widths.mean(axis=0)).all()


def test_draws_have_the_quantiles_and_hang_together_as_they_should(found):
    _, _, conditionals = found
    draws = conditionals[0].draws(20_000, np.random.default_rng(0))
    levels = np.array([0.1, 0.5, 0.9])
    assert np.quantile(draws, levels, axis=0) == pytest.approx(conditionals[0].quantiles(levels), abs=0.01)
    together = [stats.spearmanr(*one.draws(500, np.random.default_rng(1)).T)[0] for one in conditionals[:40]]
    assert np.mean(together) < 0  # the second summary tells half the first unknown plus the second


def test_summaries_that_tell_nothing_leave_the_prior():
    rng = np.random.default_rng(2)
    units, _ = normal(800, rng)
    (one,) = Posterior(units, rng.normal(size=(800, 3)), seed=0).given(rng.normal(size=(1, 3)))
    low, high = one.interval(0.8)
    assert np.abs(high - low - 0.8).max() < 0.12


@given(st.lists(st.integers(1, 999), min_size=1, max_size=30, unique=True), st.floats(0, 1))
def test_correcting_and_its_inverse_undo_each_other(ranks, chance):
    ranks = np.sort(ranks) / 1000
    assert corrected(ranks, uncorrected(ranks, np.array([chance])))[0] == pytest.approx(chance, abs=1e-6)


def test_too_few_simulations_are_refused():
    with pytest.raises(ScenarioError, match="simulations = 100: must be at least 160"):
        Posterior(*normal(100, np.random.default_rng(0)))
