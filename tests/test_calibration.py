"""The thought experiment is calibrated: the median run loses 20 % of the rebooting host's users in a year."""

import numpy as np
import pytest

from model import Market


@pytest.mark.slow
def test_the_median_run_loses_a_fifth():
    lost = []
    for seed in range(1, 202):
        record = Market("thought-experiment", rng=seed).run().record
        lost.append(record.column("left")[:, 0].sum() / record.users_at_start[0])
    # The sample median's standard error is about 1.25 sd / sqrt(n) for a bell-shaped sample.
    error = 1.25 * np.std(lost, ddof=1) / np.sqrt(len(lost))
    assert abs(np.median(lost) - 0.20) < 2 * error
