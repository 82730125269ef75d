"""Which images the explorer shows, and where each stands among all."""

import numpy as np
import pandas as pd
import pytest

from embedding_shift.explorer import neighbours, standing
from embedding_shift.io.values_by_metric import by_metric


def values_of(count, seed=0):
    random = np.random.default_rng(seed)
    return {("noise", "cosine_similarity"): 0.5 + 0.01 * random.normal(size=count)}


def test_all_images_of_a_small_dataset_are_shown_the_farthest_first():
    ids = [f"i{number}" for number in range(20)]
    values = values_of(20)
    values["noise", "cosine_similarity"][7] = 0.1
    shown = standing.choose(ids, [values])
    assert shown.image_ids[0] == "i7" and sorted(shown.image_ids) == sorted(ids) and shown.outliers == 1


def test_a_large_dataset_is_shown_by_all_outliers_and_an_even_sample():
    ids = [f"i{number:05d}" for number in range(13_312)]
    first, second = values_of(len(ids)), values_of(len(ids), seed=1)
    for place in (5, 9_000):
        first["noise", "cosine_similarity"][place] = 0.1
    second["noise", "cosine_similarity"][13_000] = 0.1
    shown = standing.choose(ids, [first, second])
    assert (shown.outliers, shown.left_out) == (3, 0)
    assert set(shown.image_ids[:3]) == {"i00005", "i09000", "i13000"}
    assert len(shown.image_ids) == 3 + standing.SAMPLE == len(set(shown.image_ids))
    sample = np.array([int(name[1:]) for name in shown.image_ids[3:]])
    assert np.all(np.abs(np.diff(np.sort(sample)) - len(ids) / standing.SAMPLE) < 3)


def test_many_outliers_are_bounded():
    ids = [f"i{number:05d}" for number in range(13_312)]
    values = values_of(len(ids))
    values["noise", "cosine_similarity"][:3000] = -np.arange(3000.0)
    shown = standing.choose(ids, [values])
    assert shown.outliers == pytest.approx(3000, abs=2)
    assert len(shown.image_ids) == standing.MOST_OUTLIERS + standing.SAMPLE
    assert shown.image_ids[0] == "i02999"
    assert shown.left_out == shown.outliers - standing.MOST_OUTLIERS


def test_ranks_count_from_the_largest_shift():
    values = np.array([0.9, 0.1, np.nan, 0.5, 0.5])
    assert standing.ranks("cosine_similarity", values) == [4, 1, None, 2, 2]
    assert standing.ranks("l2_distance", values) == [1, 4, None, 2, 2]


def test_undefined_and_equal_values_have_no_outlier_and_no_histogram():
    assert standing.excess(np.full(5, np.nan)).tolist() == [0] * 5
    assert standing.excess(np.ones(5)).tolist() == [0] * 5
    assert standing.histogram(np.full(5, np.nan)) is None
    assert sum(standing.histogram(np.array([1.0, 1.0, np.nan]))["counts"]) == 2


def test_the_long_table_is_read_by_image():
    rows = [("b", "noise", "x", 2.0), ("a", "noise", "x", 1.0), ("a", "noise", "y", np.nan)]
    table = pd.DataFrame(rows, columns=["image_id", "augmentation", "metric", "value"])
    found = standing.values_of(by_metric(table), ["a", "b", "c"])
    np.testing.assert_array_equal(found["noise", "x"], [1, 2, np.nan])
    np.testing.assert_array_equal(found["noise", "y"], [np.nan, np.nan, np.nan])


def test_an_image_is_not_its_own_neighbour_and_equal_ones_keep_their_order():
    embedding = np.array([[1.0, 0], [1, 0], [0, 1], [1, 0]], np.float32)
    found = neighbours.nearest(embedding, [0, 2], k=10)
    assert [place for place, _ in found[0]] == [1, 3, 2]
    assert [place for place, _ in found[1]] == [0, 1, 3]
    assert neighbours.nearest(embedding[:1], [0], k=3) == [[]]
