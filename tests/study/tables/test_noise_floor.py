"""The noise floor, from pairs of images and from few images."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from study_tables import BOOTSTRAP

from embedding_shift.statistics import bootstrap
from embedding_shift.study.measurement import study_pixels
from embedding_shift.study.tables import noise_floor
from embedding_shift.study.variants import reference_views, variant_names


def test_pairs_are_resampled_by_image():
    """The mean over pairs of (x + y)/2 is the mean of the images, and so is its interval."""
    x = np.random.default_rng(0).normal(size=60)
    pairs = np.array(list(combinations(range(60), 2)))
    low, high = noise_floor.pair_interval(pairs, x[pairs].mean(axis=1), 2000, 0.95, 1)
    reference = bootstrap.bootstrap_mean(x, 2000, 0.95, 1)
    assert high - low == pytest.approx(reference[1] - reference[0], rel=0.1)
    assert low < x.mean() < high


@pytest.mark.parametrize("images", [1, 2, 3])
def test_noise_floor_of_few_images(images, kodak_views):
    views = list(reference_views.references(kodak_views[:images], kodak_views[:images]))
    pixels = {}
    for view in views:
        image_id, variant = variant_names.split(view.image_id)
        pixels.setdefault(variant, {})[image_id] = view.pixels
    rows = study_pixels.reference_pixel_rows(pixels["original"], pixels["jpeg_95"])
    table = noise_floor.table(rows, *BOOTSTRAP)
    assert list(table.columns) == ["reference", "metric", "mean", "ci_low", "ci_high"]
    assert not table.drop(columns=["ci_low", "ci_high"]).isna().any().any()
    alone = table["reference"].eq("another_photograph") if images == 2 else pd.Series(images == 1, table.index)
    assert table["ci_low"].isna().equals(alone), "one image, or one pair of images, has no interval"
    assert ("another_photograph" in set(table["reference"])) == (images > 1)
    jpeg = table[table["reference"] == "jpeg_95"].set_index("metric")["mean"]
    assert 0.9 < jpeg["ssim"] < 1
    assert 0 < jpeg["rmse"] < 10
