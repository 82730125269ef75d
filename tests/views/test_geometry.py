"""Undoing the geometry: each pixel of a view is compared with the place in the original that it shows."""

import albumentations
import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline import PROJECT

from embedding_shift.metrics import (
    evaluate,
    pixel_metrics,
    registered_metrics,
    registry,
    representation_metrics,
)
from embedding_shift.views import geometry, transforms
from embedding_shift.views.correspondence import Correspondence
from embedding_shift.views.view_record import Step, ViewRecord

SIZE = 224
CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
MOVING = {"shift_scale_rotate", "horizontal_flip", "elastic", "perspective"}
PIXEL_METRICS = ("patch_similarity", "edge_preservation", "detail_preservation")


@pytest.fixture(scope="module")
def photograph():
    return cv2.imread(f"{PROJECT}/tests/data_files/golden/kodim05.original.png")[..., ::-1].copy()


@pytest.fixture(scope="module")
def smooth():
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    waves = [np.sin(5 * x + phase) * np.cos(4 * y - phase) for phase in (0, 1, 2)]
    return np.rint(127.5 + 100 * np.dstack(waves)).astype(np.uint8)


def registered(transform, picture, seed):
    view, _ = transforms.apply(transform, picture, seed)
    correspondence = geometry.trace_pixels([(transform, seed)], picture.shape[:2])
    arguments = correspondence.warp(picture), view, correspondence.valid
    return {name: getattr(registered_metrics, name)(*arguments) for name in PIXEL_METRICS}


def configured(name):
    return transforms.build(CONFIGURED[name]["transform"], CONFIGURED[name].get("parameters", {}))


@pytest.mark.parametrize("fill", [1, 255, (1, 255, 200)])
def test_what_is_filled_in_shows_nothing_of_the_original_whatever_its_colour(fill):
    def correspondence(**parameters):
        transform = transforms.build("Affine", {"rotate": [30, 30], "translate_percent": 0.2} | parameters)
        return geometry.trace_pixels([(transform, 3)], (SIZE, SIZE))

    plain, filled = correspondence(), correspondence(fill=fill)
    assert 0.3 < plain.valid.mean() < 0.95
    for part in ("x", "y", "valid"):
        assert np.array_equal(getattr(filled, part), getattr(plain, part))


def test_only_geometric_transforms_move_pixels():
    assert {name for name in CONFIGURED if geometry.moves_pixels(configured(name))} == MOVING
    for transform in (albumentations.PixelDropout(), albumentations.Morphological(), albumentations.MaskDropout()):
        assert not geometry.moves_pixels(transform)


@pytest.mark.parametrize("name", CONFIGURED)
def test_the_correspondence_follows_from_the_record_alone(name):
    entry = CONFIGURED[name]
    step = Step(entry["transform"], entry.get("parameters", {}), 7, {})
    record = ViewRecord(name, "", (step,), 0, (48, 64))
    found = geometry.correspondence(record)
    assert (found is not None) == (name in MOVING)
    if found:
        expected = geometry.trace_pixels([(configured(name), 7)], (48, 64))
        for part in ("x", "y", "valid"):
            assert np.array_equal(getattr(found, part), getattr(expected, part))


def test_a_flip_is_exactly_one(photograph):
    assert set(registered(configured("horizontal_flip"), photograph, 1).values()) == {1.0}


@settings(max_examples=15, deadline=None)
@given(dx=st.integers(-40, 40), dy=st.integers(-40, 40))
def test_a_shift_by_whole_pixels_is_exactly_one_on_the_overlap(photograph, dx, dy):
    shift = albumentations.Affine(translate_px={"x": (dx, dx), "y": (dy, dy)}, p=1)
    assert set(registered(shift, photograph, 1).values()) == {1.0}
    valid = geometry.trace_pixels([(shift, 1)], (SIZE, SIZE)).valid
    assert valid.sum() == (SIZE - abs(dx)) * (SIZE - abs(dy))


def measured(transform, picture, seed):
    """{metric: value} of the registered metrics, as the pipeline computes them."""
    pixels, _ = transforms.apply(transform, picture, seed)
    found = evaluate.of_pixels(picture, pixels, geometry.trace_pixels([(transform, seed)], (SIZE, SIZE)))
    return {metric.name: value for metric, value in found if metric.kind == "registered_pixels"}


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(MOVING)), seed=st.integers(0, 2**32 - 1))
def test_a_warp_and_nothing_else_is_exactly_one(photograph, smooth, name, seed):
    """Rounding must not put an order on augmentations that do no more than warp."""
    for picture in (photograph, smooth):
        assert set(measured(configured(name), picture, seed).values()) == {1.0}


@pytest.mark.parametrize(
    ("share", "change", "is_rounding"), [(1, 1, True), (1, 2, False), (2e-4, 100, True), (0.01, 100, False)]
)
def test_what_counts_as_rounding(photograph, share, change, is_rounding):
    """One grey level anywhere, or more in very few pixels."""
    view = (photograph // 2)[:, ::-1].copy()
    changed = np.random.default_rng(0).random((SIZE, SIZE)) < share
    view[changed] += np.uint8(change)
    correspondence = geometry.trace_pixels([(configured("horizontal_flip"), 1)], (SIZE, SIZE))
    found = correspondence.undo(photograph // 2, view)
    np.testing.assert_array_equal(found, view if is_rounding else (photograph // 2)[:, ::-1])


def test_a_rotation_by_a_right_angle_agrees_with_numpy(photograph):
    rotation = albumentations.Affine(rotate=(90, 90), p=1)
    correspondence = geometry.trace_pixels([(rotation, 1)], (SIZE, SIZE))
    expected = np.rot90(photograph)
    difference = np.abs(correspondence.warp(photograph).astype(int) - expected)[correspondence.valid]
    assert difference.max() <= 1
    assert correspondence.valid.mean() > 0.99


@pytest.mark.parametrize("name", sorted(set(CONFIGURED) - MOVING))
def test_without_a_warp_registration_changes_nothing(photograph, name):
    view, _ = transforms.apply(configured(name), photograph, 3)
    everything = np.ones((SIZE, SIZE), dtype=bool)
    for metric in PIXEL_METRICS:
        value = getattr(registered_metrics, metric)(photograph, view, everything)
        assert value == pytest.approx(getattr(pixel_metrics, metric)(photograph, view), abs=1e-12)


def test_attention_that_moves_with_the_image_is_the_same_attention():
    attention = np.random.default_rng(0).random((3, 7, 7)).astype(np.float32)
    flip = configured("horizontal_flip")
    correspondence = geometry.trace_pixels([(flip, 1)], (SIZE, SIZE))
    flipped = attention[:, :, ::-1]
    assert registered_metrics.attention_similarity(attention, flipped, correspondence) == pytest.approx(1, abs=1e-12)
    unmoved = Correspondence.identity((SIZE, SIZE))
    assert registered_metrics.attention_similarity(attention, flipped, unmoved) < 0.99


@pytest.mark.parametrize("size", [32, 112, 336])
def test_attention_is_compared_alike_whatever_the_size_of_the_views(size):
    generator = np.random.default_rng(1)
    before, after = generator.random((2, 3, 7, 7)).astype(np.float32)
    unmoved = Correspondence.identity((size, size))
    (expected,) = representation_metrics.attention_similarity(before[np.newaxis], after[np.newaxis])
    assert registered_metrics.attention_similarity(before, after, unmoved) == pytest.approx(expected, abs=1e-3)
    rotation = albumentations.Affine(rotate=(90, 90), p=1)
    correspondence = geometry.trace_pixels([(rotation, 1)], (size, size))
    rotated = np.rot90(before, axes=(1, 2))
    assert registered_metrics.attention_similarity(before, rotated, correspondence) > 0.999


def test_nothing_in_common_is_not_defined(photograph):
    nothing = np.zeros((SIZE, SIZE), dtype=bool)
    for metric in PIXEL_METRICS:
        assert np.isnan(getattr(registered_metrics, metric)(photograph, photograph, nothing))


def looped_patch_similarity(original, augmented, valid):
    """Patch by patch, from the formula."""
    values = []
    for rows, columns in patches(valid.shape, 4):
        inside = valid[rows, columns]
        if inside.any():
            before, after = (image[rows, columns][inside].astype(float) for image in (original, augmented))
            values.append(1 / (1 + np.mean((before - after) ** 2) / 255**2))
    return np.mean(values) if values else np.nan


def looped_detail_preservation(original, augmented, valid):
    values = []
    for rows, columns in patches(valid.shape, 8):
        inside = valid[rows, columns]
        before, after = (
            np.std(image[rows, columns][inside].astype(float) @ [0.299, 0.587, 0.114]) if inside.sum() >= 2 else 0
            for image in (original, augmented)
        )
        if before >= 1e-6:
            values.append(min(before, after) / max(before, after))
    return np.mean(values) if values else np.nan


def looped_edge_preservation(original, augmented, valid):
    height, width = valid.shape
    inside = [
        (y, x) for y in range(height) for x in range(width) if valid[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].all()
    ]
    if not inside:
        return np.nan
    maps = []
    for image in (original, augmented):
        down, right = np.gradient(image.astype(float) @ [0.299, 0.587, 0.114])
        edges = np.array([(abs(down[place]) + abs(right[place])) / 2 for place in inside])
        maps.append(edges / edges.max() if edges.max() > 0 else edges)
    return 1 - np.mean(np.abs(maps[0] - maps[1]))


def patches(shape, cells):
    height, width = shape[0] // cells, shape[1] // cells
    for row in range(cells):
        for column in range(cells):
            yield np.s_[row * height : (row + 1) * height], np.s_[column * width : (column + 1) * width]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(16, 45), st.integers(16, 45)),
    share=st.sampled_from([0, 0.02, 0.5, 0.9, 1]),
    flat=st.booleans(),
)
def test_registered_metrics_agree_with_plain_loops(seed, shape, share, flat):
    generator = np.random.default_rng(seed)
    original, augmented = generator.integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    if flat:
        original[: shape[0] // 2] = 128
    # Blocks of valid pixels, as a warp leaves them, with some holes.
    valid = np.zeros(shape, dtype=bool)
    valid[: round(share * shape[0]) + 1, shape[1] // 5 if share < 1 else 0 :] = True
    valid &= generator.random(shape) < (1 if seed % 2 else share)
    for name in PIXEL_METRICS:
        expected = globals()[f"looped_{name}"](original, augmented, valid)
        found = getattr(registered_metrics, name)(original, augmented, valid)
        assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)
        if valid.all():
            found = getattr(pixel_metrics, name)(original, augmented)
            assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_where_no_pixel_moves_the_unregistered_values_are_used(photograph):
    view, _ = transforms.apply(configured("noise"), photograph, 3)
    values = {metric.name: value for metric, value in evaluate.of_pixels(photograph, view, None)}
    everything = np.ones((SIZE, SIZE), dtype=bool)
    for name in PIXEL_METRICS:
        assert values[f"{name}_registered"] == values[name]
        expected = getattr(registered_metrics, name)(photograph, view, everything)
        assert values[name] == pytest.approx(expected, rel=1e-12)


def test_where_no_pixel_moves_attention_is_compared_as_it_is():
    generator = np.random.default_rng(0)
    original, augmented = generator.random((2, 3, 2, 7, 7)).astype(np.float32)
    unmoved = Correspondence.identity((SIZE, SIZE))
    unregistered = evaluate.of_arrays("attention", original, augmented)
    found, expected = (
        evaluate.of_registered_attention(original, augmented, [correspondence] * 3, unregistered)
        for correspondence in (None, unmoved)
    )
    assert found.keys() == expected.keys() == {"attention_similarity_registered"}
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12)
    nothing = np.zeros((3, 0, 0, 0), np.float32)
    assert evaluate.of_registered_attention(nothing, nothing, [None] * 3, {}) == {}


def test_every_registered_metric_names_the_one_it_equals_without_a_warp():
    for kind in ("pixels", "attention"):
        names = {metric.name for metric in registry.of_kind(kind)}
        assert {metric.unregistered for metric in registry.of_kind(f"registered_{kind}")} <= names
