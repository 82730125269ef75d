"""The figure of damage over shift: its ticks do not touch, whatever the range."""

import numpy as np
import pytest

from embedding_shift.plots.damage import root_ticks


@pytest.mark.parametrize(
    ("bounds", "ticks"),
    [((0.004, 0.9), [0.05, 0.2, 0.5]), ((0, 0.9), [0, 0.05, 0.2, 0.5]), ((0, 0.05), [0, 0.005, 0.02, 0.05])],
)
def test_ticks_are_round_and_do_not_touch(bounds, ticks):
    found = root_ticks(*bounds)
    assert found == pytest.approx(ticks)
    assert np.diff(np.sqrt(found)).min() >= np.ptp(np.sqrt(bounds)) / 5


def test_a_short_range_may_have_no_round_value():
    assert root_ticks(0.021, 0.022) == []
