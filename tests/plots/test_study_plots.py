"""The figures of the study: words that can be read, whatever the range of the values."""

from itertools import combinations, product
from math import nan

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from typesetting import SIZES

from embedding_shift.adversarial import exchange
from embedding_shift.augmentation_card import table
from embedding_shift.io import tables
from embedding_shift.metrics import registry
from embedding_shift.plots import labels, style
from embedding_shift.plots.study import augmentation_card, dose_response, equal_damage, noise_floor


@pytest.fixture(autouse=True)
def styled():
    style.apply()
    yield
    plt.close("all")


def overlap(texts):
    """Whether any two of the texts overlap, once they are drawn."""
    boxes = [text.get_window_extent() for text in texts]
    return any(first.overlaps(second) for first, second in combinations(boxes, 2))


@pytest.mark.parametrize(
    ("low", "high"), [(0.12, 0.2), (0.12, 0.7), (0.03, 0.3), (0.02, 0.9), (3e-4, 0.9), (1e-7, 4e-5), (1e-9, 1)]
)
def test_labels_of_a_logarithmic_axis_are_some_and_do_not_overlap(low, high):
    figure, axes = plt.subplots(figsize=(1.6, 1.6))
    axes.set_xscale("log")
    axes.plot([low, high], [0, 1])
    style.label_log_axis(axes)
    figure.draw_without_rendering()
    left, right = axes.get_xlim()
    ticks = [*axes.xaxis.get_major_ticks(), *axes.xaxis.get_minor_ticks()]
    shown = [tick.label1 for tick in ticks if left <= tick.get_loc() <= right and tick.label1.get_text()]
    assert 2 <= len(shown) <= 6
    assert not overlap(shown)


@pytest.mark.parametrize("jpeg", [3e-9, 1e-4, 0.03])
def test_names_of_floor_and_ceiling_do_not_overlap(jpeg):
    shifts = {
        "re-encoding": 0.0,
        "other_batch_size": 0.0,
        "other_precision": 9e-6,
        "jpeg_95": jpeg,
        "another_photograph": 7e-6,
    }
    columns = ["reference", "metric", "mean"]
    floor = pd.DataFrame([(name, "cosine_similarity", 1 - shift) for name, shift in shifts.items()], columns=columns)
    summary = pd.DataFrame(
        [("blur", "cosine_similarity", 0.9999, 0.9998, 0.99995)],
        columns=["augmentation", "metric", "mean", "ci_low", "ci_high"],
    )
    starts = pd.DataFrame([("blur", "cosine_similarity", 0.99995)], columns=["augmentation", "metric", "mean"])
    figure = noise_floor.draw(floor, starts, summary, [style.Augmentation("blur", "Blur", "#332288")], 0.95)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert len(axes.texts) == len(shifts) and not overlap(axes.texts)
    assert all(text.get_window_extent().y1 <= figure.bbox.y1 for text in axes.texts)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.000"), (3.79e-5, "3.8e-05"), (0.0012, "0.0012"), (0.0123, "0.012"), (0.99999, "1.000"), (5.701, "5.70")],
)
def test_small_means_keep_their_digits(value, text):
    assert labels.mean_text(value) == text


def test_long_labels_are_shortened_and_still_differ():
    assert labels.shortened(["Noise", "A label, which is longer"], 10) == ["Noise", "A label…"]
    same_beginning = ["Gaussian noise, weak", "Gaussian noise, strong"]
    assert labels.shortened(same_beginning, 12) == ["Gaussi…weak", "Gaussi…trong"]
    hidden = ["Gaussian noise 1, added", "Gaussian noise 2, added"]
    assert labels.shortened(hidden, 12) == hidden


def test_the_augmentations_of_figures_have_short_labels(tmp_path):
    rows = [{"augmentation": "a", "label": "x " * labels.LONGEST, "color": "#000000"}]
    tables.write_rows(tmp_path / "augmentations.csv", list(rows[0]), rows)
    (found,) = style.read_augmentations(tmp_path / "augmentations.csv")
    assert len(found.label) <= labels.LONGEST and found.label.endswith("…")


def test_a_line_of_a_label_breaks_after_an_underscore():
    assert style.wrapped("left_to_right and back", 10) == "left_to_\nright and\nback"


@pytest.mark.slow
def test_figures_of_the_main_text_have_the_sizes_that_the_limit_on_its_pages_is_tested_with():
    """Of nine augmentations, of which eight have doses."""
    nine = [style.Augmentation(f"a{place}", f"A{place}", "#332288") for place in range(9)]
    eight = [augmentation.name for augmentation in nine[:8]]
    bounds = {"mean": 0.5, "ci_low": 0.4, "ci_high": 0.6}
    summary = pd.DataFrame([{"augmentation": each.name, "metric": "cosine_similarity", **bounds} for each in nine])
    shown = [*(metric.name for metric in registry.in_order() if metric.in_overview), *labels.DAMAGE]
    doses = [
        {"augmentation": name, "dose": dose, "metric": metric, "n": 8, **bounds}
        for name, dose, metric in product(eight, (0.0, 1.0), shown)
    ]
    floor = pd.DataFrame([("jpeg_95", "cosine_similarity", 0.9)], columns=["reference", "metric", "mean"])
    equal = summary[summary["augmentation"].isin(eight)].rename(columns={"mean": "value"})
    equal = equal.assign(damage="rmse", level=25.0, value_at_setting=0.5, rank=range(8), rank_at_setting=range(8))
    figures = {
        "noise_floor": noise_floor.draw(floor, summary.head(0), summary, nine, 0.95),
        "dose_response": dose_response.draw(pd.DataFrame(doses), nine, dict.fromkeys(eight, 1.0), 0.95),
        "equal_damage": equal_damage.draw(equal, nine, 0.95),
    }
    for name, figure in figures.items():
        assert tuple(figure.get_size_inches()) == pytest.approx(SIZES[name], abs=0.01), name


def test_a_card_shows_values_intervals_and_reasons():
    rows = [
        ("blur", "shift", 0.5, 0.4, 0.6, ""),
        ("noise", "shift", 20.0, nan, nan, exchange.ROUGH),
        ("blur", "neighbours_half_dose", 0.2, 0.1, nan, "the upper bound is above dose 1"),
        ("noise", "neighbours_half_dose", nan, nan, nan, "not at dose 1"),
    ]
    frame = pd.DataFrame(rows, columns=table.COLUMNS)
    shown = [style.Augmentation(name, name.title(), "#332288") for name in ("blur", "noise")]
    figure = augmentation_card.draw(frame, shown)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == [
        "0.50",
        "[0.40, 0.60]",
        "≈ 20",
        "0.20",
        "[0.10, –]",
        "not at dose 1",
    ]
    assert not overlap(axes.texts)
