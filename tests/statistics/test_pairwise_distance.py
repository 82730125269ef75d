"""Mean distances between augmentations."""

import numpy as np
import pytest

from embedding_shift.metrics import representation_metrics
from embedding_shift.statistics.pairwise_distance import pairwise_cosine_distance


def test_pairwise_distance_is_the_mean_over_images_of_one_minus_cosine():
    embeddings = np.random.default_rng(0).normal(size=(3, 5, 8)).astype(np.float32)
    distance = pairwise_cosine_distance(list(embeddings))
    assert np.array_equal(distance, distance.T)
    assert not distance.diagonal().any()
    for i, j in ((0, 1), (0, 2), (1, 2)):
        cosine = representation_metrics.cosine_similarity(embeddings[i], embeddings[j])
        assert distance[i, j] == pytest.approx(1 - cosine.mean(), abs=1e-12)
