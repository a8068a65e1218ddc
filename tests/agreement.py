"""Whether two markets, or two studies' folders, hold the same to the last bit."""

import numpy as np
import pandas as pd

from batch.analysis import open_study

TABLES = ("runs", "series", "flows", "moves")


def same_markets(one, other):
    assert one.day == other.day
    np.testing.assert_array_equal(one.record.daily, other.record.daily)
    for mine, theirs in zip(one.record.move_columns, other.record.move_columns, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for name, column in one.users._asdict().items():
        np.testing.assert_array_equal(column, getattr(other.users, name), err_msg=name)
    assert one.record.outages.equals(other.record.outages)
    assert one.record.responses == other.record.responses


def same_folders(one, other):
    for name in TABLES:
        here, there = (getattr(open_study(folder), name)() for folder in (one, other))
        pd.testing.assert_frame_equal(here, there, check_exact=True)
    return True
