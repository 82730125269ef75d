"""The figure of shift and damage: points, curves through doses, correlations, and ticks."""

import numpy as np
import pandas as pd
import pytest

from embedding_shift.plots import style
from embedding_shift.plots.words import damage
from embedding_shift.plots.words.damage import root_ticks
from embedding_shift.words.downstream.damage import COLUMNS
from embedding_shift.words.downstream.damage_forecast import COLUMNS as FORECAST_COLUMNS
from embedding_shift.words.downstream.damage_forecast import EVERY, EVERY_DOSE
from embedding_shift.words.downstream.dose_damage import COLUMNS as DOSE_COLUMNS

AUGMENTATIONS = [style.Augmentation("noise", "Noise", "#117733"), style.Augmentation("blur", "Blur", "#882255")]
COMPARISON = pd.DataFrame(
    [("clip", "noise", "cosine_similarity", 0.5), ("clip", "blur", "cosine_similarity", 0.75)],
    columns=["model", "augmentation", "metric", "mean"],
)

pytestmark = pytest.mark.usefixtures("styled")


def drawn(doses):
    rows = [
        ("clip", name, "top1_flips", 24, mean, 0.1, 0.9, mean, 0.1, 0.9, "")
        for name, mean in (("noise", 0.75), ("blur", 0.25))
    ]
    forecasts = [("clip", EVERY, "top1_flips", 2, 1.0, 0.5, 1.0)]
    forecasts += [("clip", EVERY_DOSE, "top1_flips", 4, 0.8, 0.5, 1.0)] if doses else []
    return damage.draw(
        pd.DataFrame(rows, columns=["model", *COLUMNS]),
        pd.DataFrame(doses, columns=["model", *DOSE_COLUMNS]),
        pd.DataFrame(forecasts, columns=["model", *FORECAST_COLUMNS]),
        COMPARISON,
        AUGMENTATIONS,
        ["clip"],
        ["CLIP"],
    )


def points(axes, color):
    """Return the places of all marks in a colour, curve by curve."""
    lines = [line for line in axes.lines if line.get_color() == color and line.get_marker() not in ("None", None, "")]
    return [[(float(x), float(y)) for x, y in line.get_xydata()] for line in lines if len(line.get_xdata())]


def test_doses_are_curves_beside_the_points_of_the_run():
    doses = [("clip", "noise", dose, "top1_flips", 8, dose / 2, dose, 0.1, 0.9) for dose in (0.5, 1.0)]
    doses += [("clip", "noise", 1.0, "kl_divergence", 8, 0.5, 7.0, 6.0, 8.0)]
    (axes,) = drawn(doses).axes
    assert points(axes, "#117733") == [[(0.25, 0.5), (0.5, 1.0)], [(0.5, 0.75)]]
    assert points(axes, "#882255") == [[(0.25, 0.25)]]
    assert axes.get_title(loc="left").endswith("ρ = 1.00; over doses 0.80")


def test_without_doses_there_are_points_only():
    (axes,) = drawn([]).axes
    assert points(axes, "#117733") == [[(0.5, 0.75)]]
    assert axes.get_title(loc="left").endswith("ρ = 1.00")


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
