"""Mean distances between augmentations."""

import numpy as np
import pytest

from embedding_shift.errors import InputError
from embedding_shift.metrics import representation_metrics
from embedding_shift.statistics import pairwise_distance
from embedding_shift.statistics.pairwise_distance import pairwise_cosine_distance


def test_pairwise_distance_is_the_mean_over_images_of_one_minus_cosine():
    embeddings = np.random.default_rng(0).normal(size=(3, 5, 8)).astype(np.float32)
    distance = pairwise_cosine_distance(list(embeddings))
    assert np.array_equal(distance, distance.T)
    assert not distance.diagonal().any()
    for i, j in ((0, 1), (0, 2), (1, 2)):
        cosine = representation_metrics.cosine_similarity(embeddings[i], embeddings[j])
        assert distance[i, j] == pytest.approx(1 - cosine.mean(), abs=1e-12)


def test_the_number_of_images_in_memory_changes_no_digit(monkeypatch):
    embeddings = np.random.default_rng(0).normal(size=(3, 1000, 8)).astype(np.float32)
    embeddings[1, 17], embeddings[2, 400] = 0, np.nan
    expected = pairwise_cosine_distance(list(embeddings))
    monkeypatch.setattr(pairwise_distance, "IMAGES_AT_ONCE", 17)
    np.testing.assert_array_equal(pairwise_cosine_distance(list(embeddings)), expected)


def test_images_without_a_direction_are_refused():
    for count in (1, 3):
        with pytest.raises(InputError, match="no image has an embedding that is finite and not zero"):
            pairwise_cosine_distance(list(np.zeros((count, 2, 8))))
