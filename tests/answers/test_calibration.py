"""The thought experiment is calibrated: the median run loses 20 % of the rebooting host's users in a year."""

import pytest

from answers.validation.leaving import a_fifth


@pytest.mark.slow
def test_the_median_run_loses_a_fifth():
    (finding,) = a_fifth(201)
    assert abs(finding.z) < 2
