"""Paired differences between encoders."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from embedding_shift.io.values_by_metric import by_metric
from embedding_shift.statistics import bootstrap, encoder_differences, paired_tests

SETTINGS = bootstrap.Settings(200, 0.95, 1)
GENERATOR = np.random.default_rng(0)
IMAGES = np.array([f"i{place:02d}" for place in range(12)])


def long_table(metric="cosine_similarity", ids=IMAGES, **values):
    frames = [
        pd.DataFrame({"image_id": ids, "augmentation": name, "metric": metric, "value": column})
        for name, column in values.items()
    ]
    return pd.concat(frames, ignore_index=True)


def compare(tables, weights=None):
    values = {name: by_metric(table) for name, table in tables.items()}
    return encoder_differences.table(values, weights or {name: name for name in tables}, SETTINGS)


def test_a_row_is_the_paired_test_of_the_same_images():
    one, other = GENERATOR.random((2, 12))
    shuffled = GENERATOR.permutation(12)
    tables = {"m": long_table(blur=one), "n": long_table(ids=IMAGES[shuffled], blur=other[shuffled])}
    (row,) = compare(tables).to_dict("records")
    assert row["mean_difference"] == pytest.approx(np.mean(one - other))
    assert row["ci_low"] < row["mean_difference"] < row["ci_high"]
    assert row["p_value"] == row["p_holm"] == pytest.approx(stats.wilcoxon(one - other).pvalue)
    assert row["cohens_dz"] == pytest.approx(paired_tests.standardised_difference(one - other))


def test_the_correction_is_over_all_augmentations_and_pairs_of_a_metric():
    tables = {name: long_table(a=GENERATOR.random(12), b=GENERATOR.random(12)) for name in "mno"}
    frame = compare(tables)
    assert len(frame) == 6
    assert frame["p_holm"].min() == pytest.approx(min(1, 6 * frame["p_value"].min()))
    assert list(frame["augmentation"]) == ["a", "b"] * 3


def test_distances_and_the_same_weights_are_not_compared():
    tables = {name: long_table("l2_distance", blur=GENERATOR.random(12)) for name in "mn"}
    assert compare(tables).empty and list(compare(tables).columns) == encoder_differences.COLUMNS
    tables = {name: long_table(blur=GENERATOR.random(12)) for name in "mno"}
    frame = compare(tables, {"m": "same", "n": "same", "o": "other"})
    assert list(zip(frame["first"], frame["second"], strict=True)) == [("m", "o"), ("n", "o")]


def test_one_image_has_no_interval_and_equal_values_do_not_differ():
    tables = {name: long_table(ids=IMAGES[:1], blur=[value]) for name, value in (("m", 0.5), ("n", 0.25))}
    (row,) = compare(tables).to_dict("records")
    assert row["n"] == 1 and np.isnan([row["ci_low"], row["ci_high"]]).all()
    tables = {name: long_table(blur=np.full(12, 0.5)) for name in "mn"}
    (row,) = compare(tables).to_dict("records")
    assert (row["mean_difference"], row["p_holm"]) == (0, 1)


def test_images_that_one_encoder_lacks_are_left_out():
    tables = {"m": long_table(blur=GENERATOR.random(12)), "n": long_table(ids=IMAGES[2:], blur=GENERATOR.random(10))}
    assert compare(tables)["n"].tolist() == [10]


@pytest.mark.slow
def test_intervals_cover_the_true_difference():
    one, other = np.random.default_rng(1).exponential(size=(2, 200, 12))
    tables = {"m": one, "n": other}
    frame = compare({name: long_table(**{f"a{i}": row for i, row in enumerate(rows)}) for name, rows in tables.items()})
    covered = (frame["ci_low"] <= 0) & (frame["ci_high"] >= 0)
    assert len(frame) == 200 and 0.9 <= covered.mean() <= 0.99
