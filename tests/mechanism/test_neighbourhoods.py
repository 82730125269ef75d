"""Neighbours against brute force, against chance, and against what other libraries define."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
import torch
from calibrated_similarity import calibrate
from scipy.spatial.distance import cdist
from sklearn import manifold
from sklearn.neighbors import NearestNeighbors

from embedding_shift.mechanism import neighbourhoods


def representations(n=40, seed=0):
    generator = np.random.default_rng(seed)
    before = generator.normal(size=(n, 6))
    return before, before + 0.7 * generator.normal(size=(n, 6))


def neighbours_of(values, k):
    return neighbourhoods.nearest(neighbourhoods.similarities(values, values), k)


def trustworthiness_by_definition(before, after, k):
    """1 − 2 / (n k (2 n − 3 k − 1)) Σ (rank − k) over new neighbours, as in scikit-learn, with the cosine distance."""
    n = len(before)
    ranks = cdist(before, before, "cosine").argsort(axis=1).argsort(axis=1)  # the image itself has rank 0
    old, new = (cdist(values, values, "cosine").argsort(axis=1)[:, 1 : k + 1] for values in (before, after))
    excess = sum(ranks[i, j] - k for i in range(n) for j in set(new[i]) - set(old[i]))
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * excess


def test_neighbours_and_overlap_equal_brute_force():
    before, after = representations()
    old, new = (cdist(values, values, "cosine").argsort(axis=1)[:, 1:6] for values in (before, after))
    np.testing.assert_array_equal(neighbours_of(before, 5), old)
    expected = [len(set(one) & set(other)) / 5 for one, other in zip(old, new, strict=True)]
    found = neighbourhoods.overlap(neighbours_of(before, 5), neighbours_of(after, 5))
    np.testing.assert_allclose(found, expected)


def test_trustworthiness_and_continuity_follow_their_definition():
    before, after = representations()
    similarity = [neighbourhoods.similarities(values, values) for values in (before, after)]
    found = neighbourhoods.trustworthiness(similarity[0], neighbours_of(after, 5))
    assert found == pytest.approx(trustworthiness_by_definition(before, after, 5), rel=1e-10)
    found = neighbourhoods.trustworthiness(similarity[1], neighbours_of(before, 5))
    assert found == pytest.approx(trustworthiness_by_definition(after, before, 5), rel=1e-10)
    assert neighbourhoods.trustworthiness(similarity[0], neighbours_of(before, 5)) == 1


def test_neighbours_trustworthiness_and_continuity_equal_those_of_scikit_learn():
    before, after = representations(n=60, seed=3)
    for values in (before, after):
        model = NearestNeighbors(n_neighbors=5, metric="cosine").fit(values)
        np.testing.assert_array_equal(neighbours_of(values, 5), model.kneighbors(return_distance=False))
    similarity = [neighbourhoods.similarities(values, values) for values in (before, after)]
    # It ranks the first argument by a metric, and the second by the Euclidean distance.
    units = [values / np.linalg.norm(values, axis=1, keepdims=True) for values in (before, after)]
    found = neighbourhoods.trustworthiness(similarity[0], neighbours_of(after, 5))
    assert found == pytest.approx(manifold.trustworthiness(units[0], units[1], n_neighbors=5), rel=1e-10)
    found = neighbourhoods.trustworthiness(similarity[1], neighbours_of(before, 5))
    assert found == pytest.approx(manifold.trustworthiness(units[1], units[0], n_neighbors=5), rel=1e-10)


def test_p_value_of_the_overlap_equals_that_of_calibrated_similarity():
    before, after = representations(n=30, seed=4)

    def mean_overlap(first, second):
        old, new = (neighbours_of(values.numpy(), 4) for values in (first, second))
        return float(neighbourhoods.overlap(old, new).mean())

    for other in (after, np.random.default_rng(5).normal(size=after.shape)):
        generator = np.random.default_rng(7)
        # The same permutations: here they move the images of the view, there they name the images that come to a place.
        drawn = iter([torch.from_numpy(np.argsort(generator.permutation(30))) for _ in range(99)])
        first, second = (torch.from_numpy(values) for values in (before, other))
        expected = calibrate(first, second, mean_overlap, K=99, perm_fn=lambda *_, drawn=drawn: next(drawn))[1]
        found = neighbourhoods.permutation_p(neighbours_of(before, 4), neighbours_of(other, 4), 99, 7)
        assert found == pytest.approx(float(expected))


def test_chance_is_the_mean_over_all_sets_of_neighbours():
    """For one image with n − 1 = 6 others and k = 2: the mean overlap with every pair of others."""
    mean = np.mean([len({0, 1} & set(pair)) / 2 for pair in combinations(range(6), 2)])
    assert neighbourhoods.chance(7, 2) == pytest.approx(mean)


def test_overlap_of_independent_representations_is_chance_and_its_p_value_uniform():
    overlaps, p = [], []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        old, new = (neighbours_of(generator.normal(size=(15, 5)), 3) for _ in range(2))
        overlaps.append(neighbourhoods.overlap(old, new).mean())
        p.append(neighbourhoods.permutation_p(old, new, 99, seed))
    assert abs(np.mean(overlaps) - neighbourhoods.chance(15, 3)) < 3 * np.std(overlaps) / np.sqrt(200)
    assert np.mean(np.array(p) <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert neighbourhoods.permutation_p(old, old, 99, 0) == 0.01


def test_recall_among_fewer_equals_the_mean_over_all_draws():
    ranks = np.array([1.0, 2.0, 5.0])
    others = range(7)  # of 8 originals
    for candidates in (1, 3, 8):
        expected = [
            np.mean([min(draw, default=99) >= rank - 1 for draw in combinations(others, candidates - 1)])
            for rank in ranks
        ]
        assert neighbourhoods.recall_among(ranks, 8, candidates) == pytest.approx(np.mean(expected))
    assert comb(7, 2) == 21


def test_ranks_and_margins_of_the_own_original():
    similarity = np.array([[0.9, 0.1, 0.2], [0.5, 0.5, 0.1], [0.3, 0.2, 0.1]])
    np.testing.assert_allclose(neighbourhoods.ranks_of_own(similarity), [1, 1.5, 3])
    np.testing.assert_allclose(neighbourhoods.margins(similarity), [0.7, 0, -0.2])


def test_hubness_is_the_skewness_of_occurrences():
    from scipy.stats import skew

    found = neighbours_of(representations()[0], 5)
    assert neighbourhoods.hubness(found) == pytest.approx(skew(np.bincount(found.ravel(), minlength=40)))
    assert neighbourhoods.hubness(np.array([[1], [2], [0]])) == 0


def test_equal_representations_have_neighbours_in_their_order():
    np.testing.assert_array_equal(neighbours_of(np.ones((4, 2)), 2), [[1, 2], [0, 2], [0, 1], [0, 1]])
    assert not neighbourhoods.similarities(np.zeros((2, 3)), np.ones((2, 3))).any()
