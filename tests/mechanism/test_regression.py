"""Ridge regression: the shortcut for leaving images out equals leaving them out."""

import numpy as np
import pytest

from embedding_shift.mechanism import regression


def left_out_one_by_one(features, target, penalty):
    errors, spread = [], []
    for row in range(len(features)):
        others = np.arange(len(features)) != row
        centre, mean = features[others].mean(0), target[others].mean()
        x = features[others] - centre
        slope = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ (target[others] - mean))
        errors.append(target[row] - mean - (features[row] - centre) @ slope)
        spread.append(target[row] - mean)
    return 1 - np.sum(np.square(errors)) / np.sum(np.square(spread))


def test_r2_equals_leaving_every_image_out():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(20, 4))
    target = features @ generator.normal(size=4) + 0.3 * generator.normal(size=20)
    centred = features - features.mean(0)
    expected = left_out_one_by_one(features, target, np.sum(centred**2) / 20)
    assert regression.leave_one_out(features, target).r2 == pytest.approx(expected, rel=1e-10)


def test_p_values_hold_their_level():
    p = []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        p.append(regression.leave_one_out(generator.normal(size=(12, 30)), generator.normal(size=12), 99, seed).p)
    assert np.mean(np.array(p) <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("case", ["few images", "constant features", "constant target"])
def test_what_cannot_be_predicted_is_not_defined(case):
    features, target = np.random.default_rng(0).normal(size=(10, 3)), np.arange(10.0)
    if case == "few images":
        features, target = features[:4], target[:4]
    elif case == "constant features":
        features = np.ones_like(features)
    else:
        target = np.ones_like(target)
    assert np.isnan(regression.leave_one_out(features, target, 9)).all()
