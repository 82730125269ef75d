"""The split of the variance."""

import numpy as np
import pytest
from study_tables import AUGMENTATIONS, study_table

from embedding_shift.study import variance


def test_effects_without_noise_are_their_own_variances():
    image, kind = np.array([1.0, 4.0, 7.0, 2.0]), np.array([0.0, 3.0, 9.0])
    values = np.repeat((image[:, np.newaxis] + kind)[..., np.newaxis], 2, axis=2)
    expected = {"image": image.var(ddof=1), "augmentation": kind.var(ddof=1), "image_by_augmentation": 0, "draw": 0}
    assert variance.components(values) == pytest.approx(expected, abs=1e-12)


def test_components_are_recovered_from_simulated_data():
    generator = np.random.default_rng(5)
    scale = {"image": 2.0, "augmentation": 3.0, "image_by_augmentation": 1.0, "draw": 0.5}
    image, kind, both, draw = (
        generator.normal(0, deviation, shape)
        for deviation, shape in zip(
            scale.values(), [(150, 1, 1), (1, 150, 1), (150, 150, 1), (150, 150, 3)], strict=True
        )
    )
    found = variance.components(image + kind + both + draw)
    assert found == pytest.approx({name: deviation**2 for name, deviation in scale.items()}, rel=0.25)


@pytest.mark.parametrize("shape", [(1, 3, 2), (2, 3, 1), (1, 3, 1), (2, 1, 2), (1, 1, 1), (1, 1, 3)])
def test_any_design_has_components(shape):
    values = np.random.default_rng(0).normal(size=shape)
    table = variance.table(study_table(values), AUGMENTATIONS[: shape[1]], shape[2])
    assert not table.isna().any().any()
    assert table.empty == (np.prod(shape) == 1)
    assert (table["variance"] >= 0).all()
    assert table["share"].sum() == pytest.approx(0 if table.empty or not table["variance"].any() else 1)
