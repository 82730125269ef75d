"""How far three images stray from all."""

from itertools import combinations

import numpy as np
import pytest
from study_tables import AUGMENTATIONS, study_table

from embedding_shift.claims import few_images
from embedding_shift.io.values_by_metric import by_metric


def values_of(values, metric="cosine_similarity"):
    return by_metric(study_table(values[..., np.newaxis], metric).drop(columns="variant"))


def test_samples_are_three_different_images_and_all_of_them_occur():
    drawn = few_images.samples(5, 1)
    assert drawn.shape == (few_images.SAMPLES, 3)
    assert {tuple(sorted(row)) for row in drawn.tolist()} == set(combinations(range(5), 3))
    assert np.array_equal(few_images.samples(5, 1), drawn) and not np.array_equal(few_images.samples(5, 2), drawn)
    assert set(map(frozenset, few_images.samples(3, 1).tolist())) == {frozenset({0, 1, 2})}


def test_the_deviation_is_that_of_a_mean_of_three():
    """√((1 − 3/n) / 3) times the standard deviation, by the formula of sampling without replacement."""
    shift = np.random.default_rng(0).uniform(0.1, 0.9, (12, 3))
    (row,) = few_images.table(values_of(1 - shift), 0.95, 1).to_dict("records")
    expected = np.sqrt((1 - 3 / 12) / 3) * shift.std(axis=0, ddof=1) / shift.mean(axis=0)
    assert row["deviation"] == pytest.approx(np.median(expected), rel=0.05)
    assert (row["metric"], row["images"], row["n"]) == ("cosine_similarity", 3, 12)


def test_an_order_that_all_images_share_is_kept():
    order = np.array([0.2, 0.5, 0.8]) + np.linspace(0, 0.1, 8)[:, np.newaxis]
    (row,) = few_images.table(values_of(order), 0.95, 1).to_dict("records")
    assert (row["kendall_tau"], row["tau_low"], row["rank_changes"], row["changes_high"]) == (1, 1, 0, 0)
    chance = np.random.default_rng(1).normal(size=(40, 3))
    (row,) = few_images.table(values_of(chance, "l2_distance"), 0.95, 1).to_dict("records")
    assert row["tau_low"] == -1 and row["tau_high"] == 1 and row["changes_high"] == 3


def test_no_more_than_three_images_or_a_single_augmentation_stray_from_nothing():
    values = np.random.default_rng(1).random((5, 3))
    assert few_images.table(values_of(values[:3]), 0.95, 1).empty
    assert few_images.table(values_of(values[:, :1]), 0.95, 1).empty
    assert list(few_images.table(values_of(values[:3]), 0.95, 1).columns) == few_images.COLUMNS
    assert len(AUGMENTATIONS) == 3 and len(few_images.table(values_of(values), 0.95, 1)) == 1
