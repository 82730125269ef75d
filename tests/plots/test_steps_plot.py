"""The figure of what the transforms of a list contribute."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from embedding_shift.plots import style
from embedding_shift.plots.study import steps
from embedding_shift.study.tables.step_contributions import COLUMNS

AUGMENTATIONS = [style.Augmentation(name, name.upper(), "#332288") for name in ("plain", "one", "two")]


@pytest.fixture(autouse=True)
def styled():
    style.apply()
    yield
    plt.close("all")


def table(names, low=0.01):
    rows = [
        (name, step, "Blur", metric, contribution, 8, 8 - step, mean, mean - low, mean + low)
        for name in names
        for metric in ("cosine_similarity", "l2_distance")
        for contribution in ("added", "lost")
        for step, mean in enumerate((0.5, -0.125, 0.25), start=1)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_every_bar_begins_where_the_one_before_ends():
    figure = steps.draw(table(["one", "two"]), AUGMENTATIONS, 0.95)
    assert len(figure.axes) == 4
    left, right = figure.axes[:2]
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in left.patches]
    np.testing.assert_allclose(ends, [(0, 0.5), (0.5, 0.375), (0.375, 0.625)])
    assert [bar.get_x() for bar in right.patches] == [0, 0, 0]
    assert left.get_title(loc="left") == "ONE"
    assert [text.get_text() for text in left.get_yticklabels()] == [f"{n}  Blur ({8 - n} of 8)" for n in (1, 2, 3)]
    assert "95 % intervals" in figure.axes[2].get_xlabel()


def test_a_single_image_has_no_intervals_and_a_table_without_rows_gives_a_sentence():
    figure = steps.draw(table(["one"], np.nan), AUGMENTATIONS, 0.95)
    figure.draw_without_rendering()
    assert "interval" not in figure.axes[0].get_xlabel()
    assert "No list of transforms" in steps.draw(table([]), AUGMENTATIONS, 0.95).axes[0].texts[0].get_text()
