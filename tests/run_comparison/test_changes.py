"""Comparing runs: nothing changes by itself, real changes are found, and chance gives the stated share of alarms."""

import gc

import numpy as np
import pandas as pd
import pytest

from embedding_shift.plots import run_changes, style
from embedding_shift.run_comparison import changes
from embedding_shift.statistics.bootstrap import Settings

SETTINGS = Settings(200, 0.95, 1)
IMAGES = [f"i{number:02d}" for number in range(24)]


def compared(before, after):
    """Compare two data frames, images × augmentations, of cosine similarities."""
    rows = [
        ("data", "encoder", "cosine_similarity", name, *changes.paired(before[name], after[name], SETTINGS, place))
        for place, name in enumerate(before)
    ]
    return changes.tested(pd.DataFrame(rows, columns=[*changes.SHIFT_COLUMNS[:11], "p_value"]), 0.05)


def values(generator, shift=0.0):
    """Return similarities of 24 images under three augmentations, of which the image explains a part."""
    image = generator.normal(0.7, 0.05, (24, 1))
    return pd.DataFrame(image + generator.gumbel(shift, 0.05, (24, 3)), index=IMAGES, columns=list("abc"))


def test_equal_runs_have_no_change():
    one = values(np.random.default_rng(0))
    found = compared(one, one)
    assert (found["change"] == 0).all() and (found["p_holm"] == 1).all()
    assert not found["beyond_interval"].any() and not found["significant"].any()


def test_a_change_is_found_on_the_images_in_common():
    one = values(np.random.default_rng(0))
    other = one.assign(b=one["b"] - 0.1 - np.random.default_rng(1).uniform(0, 0.01, 24)).drop("i00")
    found = compared(one, other).set_index("augmentation")
    assert (found["n"] == 23).all()
    assert list(found.index[found["significant"]]) == ["b"]
    assert found.loc["b", "ci_high"] < 0 and found.loc["b", "beyond_interval"]


def test_rounding_of_another_machine_is_no_change():
    one = values(np.random.default_rng(0))
    found = compared(one, one - 1e-9)
    assert (found["p_holm"] < 0.05).all()
    assert not found["significant"].any() and not found["beyond_interval"].any()


@pytest.mark.slow
def test_chance_raises_the_stated_share_of_alarms(monkeypatch):
    monkeypatch.setattr(gc, "collect", lambda: 0)  # statsmodels collects all garbage with every correction
    generator = np.random.default_rng(5)
    runs = 120
    found = [compared(values(generator), values(generator)) for _ in range(runs)]
    per_row = np.mean([each["beyond_interval"].mean() for each in found])
    per_run = np.mean([each["significant"].any() for each in found])
    assert 0.02 < per_row < 0.09
    assert 0 < per_run < 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize("models", [1, 2])
def test_the_figure_shows_every_metric_and_marks_significant_changes(models):
    one = values(np.random.default_rng(0))
    found = compared(one, one.assign(b=one["b"] - 0.1))
    found = pd.concat([found.assign(model=f"encoder_{number}") for number in range(models)])
    style.apply()
    figure = run_changes.draw(pd.concat([found, found.assign(metric="l2_distance")]))
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == ["Cosine similarity", "L2 distance"]
    labels = [label.get_text() for label in shown[0].get_yticklabels()]
    assert len(labels) == 3 * models and labels[0] == ("a" if models == 1 else "a, data, encoder_0")
