"""CKA and coherence: identities, invariances, and nulls that hold their level."""

import numpy as np
import pytest

from embedding_shift.mechanism import similarity


def independent(seed, n=24, d=48):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, d)), generator.normal(size=(n, d))


def test_features_and_products_give_the_same_hsic():
    first, second = (values - values.mean(0) for values in independent(0))
    by_features = similarity.hsic(first, second)
    by_products = similarity.hsic_of_products(first @ first.T, second @ second.T)
    assert by_features == pytest.approx(by_products, rel=1e-12)


def test_hsic_equals_the_sum_over_quadruples():
    """HSIC₁ is the mean over all quadruples of different images (Song et al. 2012, equation 5)."""
    first, second = (values - values.mean(0) for values in independent(3, n=5, d=3))
    left, right = first @ first.T, second @ second.T
    terms = []
    for i, j, q, r in np.ndindex(5, 5, 5, 5):
        if len({i, j, q, r}) == 4:
            terms.append(left[i, j] * (right[i, j] + right[q, r] - 2 * right[i, q]))
    assert similarity.hsic(first, second) == pytest.approx(np.mean(terms), rel=1e-12)


def test_cka_of_equal_representations_is_one_and_does_not_see_rotation_scale_or_shift():
    first, _ = independent(0)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(48, 48)))[0]
    assert similarity.cka(first, first).value == pytest.approx(1, abs=1e-12)
    assert similarity.cka(first, 2.5 * first @ rotation + 7).value == pytest.approx(1, abs=1e-10)


def test_cka_of_independent_representations_is_zero_on_average_and_exceeds_its_null_as_often_as_it_should():
    found = [similarity.cka(*independent(seed, n=12, d=20), permutations=99, seed=seed) for seed in range(300)]
    values = np.array([cka.value for cka in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    exceeded = np.mean([cka.value > cka.null_q95 for cka in found])
    assert 0.05 - 3 * np.sqrt(0.05 * 0.95 / 300) < exceeded < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_cka_needs_four_images(n):
    assert np.isnan(similarity.cka(*independent(0, n=n), permutations=9)).all()


def test_cka_of_a_constant_is_not_defined():
    first, _ = independent(0)
    constant = np.full_like(first, 0.1)
    assert np.isnan(similarity.cka(first, constant)).all()
    assert np.isnan(similarity.cka(constant, first)).all()


def test_coherence_is_one_for_a_common_shift_and_zero_on_average_for_independent_ones():
    common = np.tile(np.random.default_rng(0).normal(size=30), (10, 1))
    assert similarity.coherence(common) == pytest.approx(1)
    values = [similarity.coherence(independent(seed)[0]) for seed in range(200)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(200)


def test_coherence_of_one_image_or_without_shift_is_not_defined():
    assert np.isnan(similarity.coherence(np.ones((1, 3))))
    assert np.isnan(similarity.coherence(np.zeros((5, 3))))


def test_flips_of_symmetric_shifts_hold_their_level_over_all_layers_together():
    """Any layer is called first in about 5 % of data sets in which no augmentation has a direction."""
    first = []
    for seed in range(400):
        layers = [np.random.default_rng([seed, layer]).normal(size=(10, 6)) for layer in range(5)]
        first.append(similarity.flip_test(layers, 99, seed).first is not None)
    assert 0.05 - 3 * np.sqrt(0.05 * 0.95 / 400) < np.mean(first) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_first_layer_is_where_a_direction_appears():
    generator = np.random.default_rng(0)
    layers = [generator.normal(size=(20, 8)) + 3 * (layer >= 2) for layer in range(4)]
    found = similarity.flip_test(layers, 999, 0)
    assert found.first == 2
    assert found.coherence[3] > 0.8


def test_a_layer_without_shift_has_no_p_value_and_does_not_disturb_the_others():
    shift = np.random.default_rng(0).normal(size=(20, 8)) + 3
    alone, beside = (similarity.flip_test(layers, 99, 0) for layers in ([shift], [np.zeros((20, 8)), shift]))
    assert np.isnan(beside.p[0])
    assert beside.p[1] == alone.p[0]
    assert beside.first == 1
