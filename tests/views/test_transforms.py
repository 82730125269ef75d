"""Augmentations: the configured ones draw within their ranges, and a view depends on seed, image and name alone."""

import random

import albumentations
import cv2
import numpy as np
import pytest
import yaml
from pipeline import PROJECT

from embedding_shift.config.entries import steps_of
from embedding_shift.errors import InputError
from embedding_shift.io import shards
from embedding_shift.views import augment, seeds, transforms
from embedding_shift.views.view_record import ViewRecord

CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
SIZE = 224


def built(name):
    entry = CONFIGURED[name]
    return transforms.build(entry["transform"], entry.get("parameters", {}))


def drawn(name, seeds=range(40)):
    """The parameters drawn for an image with each seed."""
    picture = np.full((SIZE, SIZE, 3), 128, np.uint8)
    return [transforms.apply(built(name), picture, seed)[1] for seed in seeds]


def augmented(originals, name="color_jitter", root_seed=1):
    entry = CONFIGURED[name]
    return {view.image_id: view for view in augment.augment(originals, name, steps_of(entry), root_seed)}


def assert_spread(values, low, high):
    """All values lie in [low, high], and together they cover most of it."""
    assert low <= min(values) <= low + 0.25 * (high - low)
    assert high - 0.25 * (high - low) <= max(values) <= high


@pytest.mark.parametrize("name", CONFIGURED)
def test_every_configured_augmentation_is_deterministic_and_keeps_shape(name, kodak_views):
    original = kodak_views[4].pixels
    before = original.copy()
    first, first_drawn = transforms.apply(built(name), original, 7)
    again, again_drawn = transforms.apply(built(name), original, 7)
    assert first.shape == original.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert first_drawn == again_drawn
    assert np.array_equal(original, before)
    assert not np.array_equal(first, original)


@pytest.mark.parametrize("name", [name for name in CONFIGURED if name != "horizontal_flip"])
def test_another_seed_gives_another_view(name, kodak_views):
    original = kodak_views[4].pixels
    different = {transforms.apply(built(name), original, seed)[0].tobytes() for seed in range(8)}
    assert len(different) > 1


def test_noise_draws_its_deviation_within_the_range():
    """The noise itself, in units of 255; its mean is 0 and its deviation the one that was drawn."""
    picture = np.full((SIZE, SIZE, 3), 128, np.uint8)
    deviations = []
    for seed in range(20):
        compose = albumentations.Compose([built("noise")], save_applied_params=True, seed=seed)
        noise = compose(image=picture)["applied_transforms"][0][1]["noise_map"] / 255
        assert abs(noise.mean()) < 0.02
        deviations.append(noise.std())
        expected = np.clip(128 + 255 * noise.astype(float), 0, 255)
        assert np.abs(transforms.apply(built("noise"), picture, seed)[0] - expected).max() <= 1
    assert_spread(deviations, 0.435, 0.885)


def test_noise_is_recorded_by_its_checksum():
    (record,) = drawn("noise", [3])
    assert record["noise_map"]["shape"] == [SIZE, SIZE, 3]
    assert len(record["noise_map"]["sha256"]) == 64


def test_blur_draws_gaussian_kernels_of_3_to_7():
    kernels = [record["kernel"] for record in drawn("blur")]
    assert {len(np.trim_zeros(np.round(kernel, 12))) for kernel in kernels} <= {3, 5, 7}
    assert all(sum(kernel) == pytest.approx(1, abs=1e-6) for kernel in kernels)
    assert all(kernel == pytest.approx(kernel[::-1]) for kernel in kernels)


@pytest.mark.parametrize(
    ("name", "parameter", "low", "high"),
    [
        ("color_jitter", "brightness", 0.8, 1.2),
        ("color_jitter", "contrast", 0.8, 1.2),
        ("color_jitter", "saturation", 0.8, 1.2),
        ("color_jitter", "hue", -0.2, 0.2),
        ("brightness_contrast", "alpha", 0.8, 1.2),
        ("brightness_contrast", "beta", -0.2 * 255, 0.2 * 255),
        ("shift_scale_rotate", "rotate", -15, 15),
    ],
)
def test_drawn_values_lie_in_their_ranges(name, parameter, low, high):
    assert_spread([record[parameter] for record in drawn(name)], low, high)


def test_shift_and_scale_lie_in_their_ranges():
    """Read off the matrix: the scale is its columns' length; the shift is where it takes the centre."""
    records = drawn("shift_scale_rotate")
    centre = (SIZE - 1) / 2
    matrices = np.array([record["matrix"] for record in records])
    scales = [record["scale"][axis] for record in records for axis in "xy"]
    assert_spread(scales, 0.9, 1.1)
    shifts = (matrices @ [centre, centre, 1])[:, :2] - centre
    assert_spread(shifts.ravel() / SIZE, -0.0626, 0.0626)


def test_coarse_dropout_makes_6_to_8_square_holes(kodak_views):
    counts = set()
    for record in drawn("coarse_dropout"):
        counts.add(len(record["holes"]))
        assert all((right - left, bottom - top) == (16, 16) for left, top, right, bottom in record["holes"])
    assert counts == {6, 7, 8}
    view, record = transforms.apply(built("coarse_dropout"), kodak_views[0].pixels, 5)
    outside = np.ones((SIZE, SIZE), bool)
    for left, top, right, bottom in record["holes"]:
        outside[top:bottom, left:right] = False
        assert len(np.unique(view[top:bottom, left:right])) > 200
    assert np.array_equal(view[outside], kodak_views[0].pixels[outside])


def test_horizontal_flip_mirrors(kodak_views):
    view, _ = transforms.apply(built("horizontal_flip"), kodak_views[0].pixels, 5)
    assert np.array_equal(view, kodak_views[0].pixels[:, ::-1])


def test_perspective_moves_the_corners_with_the_configured_deviation():
    """The scale is the standard deviation of a corner's displacement, as a share of the side."""
    corners = np.array([[[0, 0], [SIZE, 0], [0, SIZE], [SIZE, SIZE]]], np.float64)
    inverses = [np.linalg.inv(record["matrix"]) for record in drawn("perspective", range(100))]
    displacements = np.array([cv2.perspectiveTransform(corners, inverse) - corners for inverse in inverses]) / SIZE
    assert 0.05 < np.sqrt(np.mean(displacements**2)) < 0.1


def test_the_seed_depends_on_all_four():
    seed = seeds.seed(1, "ab", "noise", 0)
    others = [(2, "ab", "noise", 0), (1, "ac", "noise", 0), (1, "ab", "blur", 0), (1, "ab", "noise", 1)]
    assert seed == seeds.seed(1, "ab", "noise")
    assert seed not in {seeds.seed(*other) for other in others}
    assert 0 <= seed < 2**32


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_view_does_not_depend_on_its_companions(name, kodak_views):
    originals = kodak_views[:4]
    expected = augmented(originals, name)
    shuffled = random.Random(0).sample(originals, 3)
    for view in augmented(shuffled, name).values():
        assert np.array_equal(view.pixels, expected[view.image_id].pixels)
        assert view.record == expected[view.image_id].record


def test_a_view_depends_on_the_content_and_not_on_the_id(kodak_views):
    one = kodak_views[0]
    other = shards.View("another_id", one.pixels, one.record)
    found = augmented([one, other])
    assert np.array_equal(found[one.image_id].pixels, found["another_id"].pixels)


def test_another_root_seed_gives_another_view(kodak_views):
    one, other = (augmented(kodak_views[:1], root_seed=seed)["kodim01"] for seed in (1, 2))
    assert not np.array_equal(one.pixels, other.pixels)


def test_a_view_records_how_it_was_made(kodak_views):
    (view,) = augmented(kodak_views[:1]).values()
    digest = kodak_views[0].record["image_sha256"]
    assert view.record["augmentation"] == "color_jitter"
    assert view.record["transform"] == "ColorJitter"
    assert view.record["image_sha256"] == digest
    assert view.record["seed"] == seeds.seed(1, digest, "color_jitter")
    assert view.record["arguments"] == CONFIGURED["color_jitter"]["parameters"]
    assert view.record["draw"] == 0
    assert view.record["shape"] == [SIZE, SIZE]
    assert 0.8 <= view.record["parameters"]["brightness"] <= 1.2


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_record_is_enough_to_make_the_view_again(tmp_path, kodak_views, name):
    """From the shard, where a record is JSON."""
    shards.write(tmp_path / "views.tar", augmented(kodak_views[:2], name).values())
    for original, view in zip(kodak_views, shards.read(tmp_path / "views.tar"), strict=False):
        record = ViewRecord.from_json(view.record)
        assert record.as_json() == view.record
        (step,) = record.steps
        pixels, drawn = transforms.apply(transforms.build(step.transform, step.arguments), original.pixels, step.seed)
        assert np.array_equal(pixels, view.pixels) and drawn == step.parameters
        assert step.seed == seeds.seed(1, record.image_sha256, record.augmentation, record.draw)
        assert record.shape == view.pixels.shape[:2]


def test_a_record_of_another_form_is_refused(kodak_views):
    (view,) = augmented(kodak_views[:1]).values()
    record = dict(view.record)
    del record["arguments"]
    with pytest.raises(InputError, match="the record of a view has no 'arguments'; delete the shard"):
        ViewRecord.from_json(record)


@pytest.mark.parametrize(
    ("transform", "parameters", "message"),
    [
        ("GausNoise", {}, r"unknown transform 'GausNoise'; allowed are the transforms of albumentations 2\.0\.8"),
        ("Compose", {}, r"unknown transform 'Compose'"),
        ("numpy", {}, r"unknown transform 'numpy'"),
        ("ConstrainedCoarseDropout", {}, r"^ConstrainedCoarseDropout needs a mask or boxes"),
        ("GaussNoise", {"sigma": 1}, r"unknown argument 'sigma' of GaussNoise; allowed are std_range, mean_range"),
        ("GaussNoise", {"p": 0.5}, r"unknown argument 'p' of GaussNoise"),
        ("GaussNoise", {"std_range": [0, 2]}, r"^GaussNoise: std_range: .*>= 0 and <= 1; found \(0, 2\)$"),
        ("GaussNoise", {"std_range": "loud"}, r"^GaussNoise: std_range: .*valid tuple; found 'loud'$"),
        ("BasicTransform", {}, r"^BasicTransform: NotImplementedError$"),
        ("RandomCrop", {"width": 8}, r"^RandomCrop: height: Field required"),
        ("CropAndPad", {}, r"^CropAndPad: its arguments: .*; found \{"),
    ],
)
def test_a_wrong_entry_is_reported(transform, parameters, message):
    with pytest.raises(InputError, match=message):
        transforms.build(transform, parameters)


@pytest.mark.parametrize(
    ("transform", "parameters", "message"),
    [
        ("RandomCrop", {"height": 8, "width": 8}, r"RandomCrop returns uint8 of shape \(8, 8, 3\); a view must be"),
        ("Normalize", {}, r"Normalize returns float32 of shape \(32, 32, 3\); a view must be uint8"),
        ("RandomCrop", {"height": 64, "width": 64}, r"RandomCrop cannot be applied to an image of shape \(32, 32, 3\)"),
        ("ImageOnlyTransform", {}, r"ImageOnlyTransform cannot be applied .*: NotImplementedError"),
        ("BBoxSafeRandomCrop", {}, r"BBoxSafeRandomCrop cannot be applied .*: it needs 'bboxes'"),
    ],
)
def test_a_transform_that_makes_no_view_is_reported(transform, parameters, message):
    with pytest.raises(InputError, match=message):
        transforms.apply(transforms.build(transform, parameters), np.zeros((32, 32, 3), np.uint8), 1)


@pytest.mark.parametrize(
    ("transform", "parameters", "message"),
    [
        ("GaussNoise", {"sigma": 1}, r"^augmentation 'mine': unknown argument 'sigma' of GaussNoise"),
        ("Normalize", {}, r"^augmentation 'mine', image 'kodim01': Normalize returns float32"),
    ],
)
def test_a_wrong_entry_is_reported_with_its_name(kodak_views, transform, parameters, message):
    with pytest.raises(InputError, match=message):
        list(augment.augment(kodak_views[:1], "mine", [{"transform": transform, "parameters": parameters}], 1))


def test_a_registered_transform_can_be_configured(monkeypatch, kodak_views):
    monkeypatch.setattr(transforms, "CUSTOM_TRANSFORMS", {})

    @transforms.register_transform
    class AddConstant(albumentations.ImageOnlyTransform):
        def __init__(self, value=10, p=0.5):
            super().__init__(p=p)
            self.value = value

        def apply(self, img, **_):
            return cv2.add(img, (self.value,) * 4)

    steps = [{"transform": "AddConstant", "parameters": {"value": 30}}]
    (view,) = augment.augment(kodak_views[:1], "brighter", steps, 1)
    assert np.array_equal(view.pixels, np.minimum(kodak_views[0].pixels.astype(int) + 30, 255))
    with pytest.raises(InputError, match="unknown argument 'amount' of AddConstant; allowed are value"):
        transforms.build("AddConstant", {"amount": 1})


@pytest.mark.parametrize("name", ["ElasticTransform", "HorizontalFlip", "BasicTransform"])
def test_a_transform_of_ones_own_does_not_hide_one_of_albumentations(name):
    with pytest.raises(InputError, match=rf"has a transform '{name}'; give the registered class another name"):
        transforms.register_transform(type(name, (albumentations.ImageOnlyTransform,), {}))
    assert type(transforms.build("ElasticTransform", {})) is albumentations.ElasticTransform
    assert name not in transforms.CUSTOM_TRANSFORMS
