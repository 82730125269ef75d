"""The fast elastic transform: the same views as those of albumentations, up to rounding."""

import itertools

import albumentations
import cv2
import numpy as np
import pytest
from scipy import ndimage

from embedding_shift.views import geometry
from embedding_shift.views import transforms as augmentations
from embedding_shift.views.own_transforms import elastic

# Both are rounded to 32 bits many times on the way; bilinear interpolation knows thirty-seconds of a pixel.
SMALLEST_DIFFERENCE = 2e-5


def drawn(transform, shape, seed):
    """The maps that a transform draws for an image of `shape` (height, width)."""
    compose = albumentations.Compose([transform], save_applied_params=True, seed=seed)
    ((_, parameters),) = compose(image=np.zeros((*shape, 3), np.uint8))["applied_transforms"]
    return {name: values for name, values in parameters.items() if name.startswith("map_")}


def both(**parameters):
    return [kind(**parameters, p=1) for kind in (elastic.FastElasticTransform, albumentations.ElasticTransform)]


def assert_same_maps(found, expected):
    assert found.keys() == expected.keys() == {"map_x", "map_y"}
    for name, values in expected.items():
        assert (found[name].dtype, found[name].shape) == (values.dtype, values.shape)
        np.testing.assert_allclose(found[name], values, rtol=0, atol=SMALLEST_DIFFERENCE)


@pytest.mark.parametrize("shape", [(224, 224), (97, 64), (64, 97), (7, 12)])
@pytest.mark.parametrize(("alpha", "sigma"), [(30, 60), (0, 60), (1, 50), (10, 4.3), (5, 1)])
def test_displacements_are_those_of_albumentations(shape, alpha, sigma):
    quick, reference = both(alpha=alpha, sigma=sigma)
    for seed in (0, 1, 2**32 - 1):
        assert_same_maps(drawn(quick, shape, seed), drawn(reference, shape, seed))


OPTIONS = {"approximate": (False, True), "same_dxdy": (False, True), "noise_distribution": ("gaussian", "uniform")}


@pytest.mark.parametrize("options", list(itertools.product(*OPTIONS.values())))
def test_every_option_does_the_same(options):
    quick, reference = both(alpha=30, sigma=20, **dict(zip(OPTIONS, options, strict=True)))
    assert_same_maps(drawn(quick, (60, 45), 5), drawn(reference, (60, 45), 5))


def test_later_draws_of_the_same_transform_are_the_same_too():
    """As many random numbers are drawn: what comes after starts where it would have started."""
    results = []
    for transform in both(alpha=30, sigma=60):
        compose = albumentations.Compose([transform, albumentations.GaussNoise(p=1)], seed=3)
        picture = np.full((50, 50, 3), 128, np.uint8)
        compose(image=picture)
        results.append(compose(image=picture)["image"])
    assert np.array_equal(*results)


def test_views_are_equal_but_for_rare_rounding(kodak_views):
    transforms = both(alpha=30, sigma=60)
    for seed, view in enumerate(kodak_views[:8]):
        quick, reference = (augmentations.apply(transform, view.pixels, seed)[0] for transform in transforms)
        difference = np.abs(quick.astype(int) - reference)
        assert np.mean(difference > 0) < 0.002
        assert np.mean(difference > 3) < 0.0002


def test_coordinates_and_image_are_warped_in_the_same_way():
    quick, reference = both(alpha=30, sigma=60)
    found, expected = (geometry.trace_pixels([(transform, 9)], (224, 224)) for transform in (quick, reference))
    maps = drawn(quick, (224, 224), 9)
    # Off the border, where the last thousandth of a pixel may be from outside.
    inside = found.valid & np.all([(values >= 1) & (values <= 222) for values in maps.values()], axis=0)
    assert inside.mean() > 0.9
    assert np.mean(found.valid != expected.valid) < 1e-3
    # Coordinates are interpolated as pictures are, to thirty-seconds of a pixel.
    for name in "xy":
        np.testing.assert_allclose(getattr(found, name)[inside], getattr(expected, name)[inside], atol=0.04)
        np.testing.assert_allclose(getattr(found, name)[inside], maps[f"map_{name}"][inside], atol=0.02)


def test_the_record_has_the_same_form():
    picture = np.zeros((32, 32, 3), np.uint8)
    quick, reference = (augmentations.apply(transform, picture, 1)[1] for transform in both(alpha=30, sigma=60))
    assert quick.keys() == reference.keys()
    assert all(set(quick[name]) == {"shape", "dtype", "sha256"} for name in ("map_x", "map_y"))
    for record in (quick, reference):
        for name in ("map_x", "map_y"):
            del record[name]["sha256"]
    assert quick == reference


@pytest.mark.parametrize("kind", [elastic.FastElasticTransform, albumentations.ElasticTransform])
def test_the_configuration_gets_each_under_its_own_name_with_the_same_checks(kind):
    assert type(augmentations.build(kind.__name__, {"alpha": 30, "sigma": 60})) is kind
    with pytest.raises(augmentations.InputError, match=r"sigma: .*greater than or equal to 1; found 0"):
        augmentations.build(kind.__name__, {"sigma": 0})


@pytest.mark.parametrize(("size", "sigma"), [(224, 60), (31, 3.7), (2, 5)])
def test_the_matrix_is_a_gaussian_blur_that_repeats_the_border(size, sigma):
    column = np.random.default_rng(0).normal(size=size)
    expected = ndimage.gaussian_filter1d(column, sigma, mode="nearest", radius=cv_radius(sigma))
    np.testing.assert_allclose(elastic.blur_matrix(size, sigma) @ column, expected, atol=1e-6)


def cv_radius(sigma):
    """OpenCV's kernels of floats reach four deviations to either side."""
    return (round(8 * sigma + 1) | 1) // 2


def test_one_matrix_serves_all_images_of_a_size():
    assert elastic.blur_matrix(40, 7.0) is elastic.blur_matrix(40, 7.0)
    assert elastic.blur_matrix(40, 7.0) is not elastic.blur_matrix(40, 7.5)


def test_opencv_warps_by_the_maps(kodak_views):
    maps = drawn(both(alpha=30, sigma=60)[0], (224, 224), 4)
    expected = cv2.remap(kodak_views[0].pixels, maps["map_x"], maps["map_y"], cv2.INTER_LINEAR)
    found, _ = augmentations.apply(both(alpha=30, sigma=60)[0], kodak_views[0].pixels, 4)
    assert np.array_equal(found, expected)
