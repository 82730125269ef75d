"""The figures of the attack: what they draw, on a few and on no values."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from embedding_shift.adversarial import attacked_views, curves, detection, exchange, transfer
from embedding_shift.io import shards
from embedding_shift.plots import style
from embedding_shift.plots.adversarial import attack_curve, attack_detection, attack_strip, attack_transfer

AUGMENTATIONS = [style.Augmentation("noise", "Noise", "#117733"), style.Augmentation("blur", "Blur", "#882255")]


@pytest.fixture(autouse=True)
def styled():
    style.apply()
    yield
    plt.close("all")


def curve(spread=0.1):
    rows = [
        (epsilon, "cosine_similarity", 8, 1 - shift, 1 - shift - spread, 1 - shift + spread, *[0.999] * 3)
        for epsilon, shift in ((2, 0.3), (8, 0.9))
    ]
    return pd.DataFrame(rows, columns=curves.COLUMNS)


def rates():
    rows = [
        ("noise", 8, 1.1, np.nan, np.nan, np.nan, np.nan, np.nan, "farther than the attack at ε = 8"),
        ("blur", 8, 0.1, 1.0, 0.5, 3.0, 0, 2, ""),
    ]
    return pd.DataFrame(rows, columns=exchange.COLUMNS)


def texts(figure):
    return {text.get_text() for text in figure.findobj(plt.Text)}


def test_the_curve_shows_the_attack_random_signs_and_the_rates():
    figure = attack_curve.draw(curve(), rates(), AUGMENTATIONS, 0.95)
    figure.draw_without_rendering()
    left, right = figure.axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), [0.3, 0.9])
    np.testing.assert_allclose(left.lines[1].get_ydata(), [0.001, 0.001])
    places = {(float(line.get_xdata()[0]), line.get_marker()) for line in right.lines if line.get_marker() in "o>"}
    assert places == {(8.0, ">"), (1.0, "o")}
    assert "8 images; 95 % bootstrap intervals" in texts(figure)


def test_one_image_has_no_bands_and_none_a_sentence():
    figure = attack_curve.draw(curve(spread=np.nan), rates(), AUGMENTATIONS, 0.95)
    figure.draw_without_rendering()
    assert "8 images" in texts(figure)
    empty = attack_curve.draw(curve()[:0], rates()[:0], AUGMENTATIONS, 0.95)
    assert "No attacked image has a cosine similarity." in texts(empty)


def test_the_strip_shows_views_and_differences(tmp_path):
    original = shards.View("a", np.full((32, 32, 3), 100, np.uint8), {"image_sha256": "ab"})
    shards.write(tmp_path / "original/00000.tar", [original])

    def gradient(view):
        return 0.25, np.ones(view.shape, np.float32)

    shards.write(tmp_path / "views.tar", attacked_views.views_of(original, gradient, [2, 4], 2, 1))
    figure = attack_strip.draw(tmp_path / "views.tar", tmp_path, 1)
    figure.draw_without_rendering()
    assert len(figure.axes[0].images) == 1 + 3 * 2
    assert {"Original", "ε = 2", "ε = 4", "attack", "difference", "random signs", "0.75"} <= texts(figure)


def test_the_heatmap_shows_every_pair_at_every_epsilon():
    rows = [
        (attacked, measured, epsilon, 8, 0.5 if attacked == measured else 0.02, 0, 1, 0.001, 0, 1)
        for attacked in "ab"
        for measured in "ab"
        for epsilon in (1, 4)
    ]
    table = pd.DataFrame(rows, columns=transfer.COLUMNS)
    figure = attack_transfer.draw(table, ["a", "b"], ["First", "Second"])
    figure.draw_without_rendering()
    panels = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title(loc="left") for axes in panels] == ["ε = 1", "ε = 4"]
    own, others = ["0.50", "0.001"], ["0.020", "0.001"]
    assert [text.get_text() for text in panels[0].texts] == [*own, *others, *others, *own]
    empty = attack_transfer.draw(table[:0], ["a", "b"], ["First", "Second"])
    assert "No attacked image has a cosine similarity." in texts(empty)


def test_every_augmentation_has_a_point_per_epsilon():
    rows = [
        (epsilon, name, score, 8, 0.25, 0.125, 0.5)
        for epsilon in (1, 4)
        for name in ("blur", "noise")
        for score in ("size", "direction", "layer")
    ]
    table = pd.DataFrame(rows, columns=detection.COLUMNS)
    shown = [style.Augmentation(name, name.title(), "#332288") for name in ("blur", "noise")]
    figure = attack_detection.draw(table, shown, 0.95)
    figure.draw_without_rendering()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["By size", "By direction", "By layers"]
    for axes in figure.axes:
        points = [line for line in axes.lines if line.get_marker() == "o"]
        assert [list(line.get_xdata()) for line in points] == [[0.25, 0.25], [0.25, 0.25]]
    assert {"ε = 1", "ε = 4", "Blur", "AUC (0.5 is chance)"} <= texts(figure)
    assert "Fewer than three images are attacked." in texts(attack_detection.draw(table[:0], shown, 0.95))


def test_a_difference_of_epsilon_is_black_or_white():
    original = np.full((1, 3, 3), 100, np.uint8)
    view = original + np.array([0, 4, -4], np.int8)[None, :, None].astype(np.uint8)
    assert attack_strip.difference(original, view, 4)[0, :, 0].tolist() == [127, 255, 0]
