"""Augmentations of several transforms: one record per step, draws of their own, and a geometry that can be undone."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_shift.config.entries import steps_of
from embedding_shift.errors import InputError
from embedding_shift.io import shards
from embedding_shift.metrics import evaluate, registered_metrics
from embedding_shift.views import augment, augmentation_table, geometry, seeds, transforms
from embedding_shift.views.steps import Steps, is_applied, step_seed
from embedding_shift.views.view_record import ViewRecord

SIZE = 224
NOISE = {"transform": "GaussNoise", "parameters": {"std_range": [0.1, 0.2]}}
BLUR = {"transform": "GaussianBlur", "parameters": {"blur_limit": [3, 7]}}
DROPOUT = {"transform": "CoarseDropout", "parameters": {"fill": "random"}}
FLIP, TURN_OVER = ({"transform": name, "parameters": {}} for name in ("HorizontalFlip", "VerticalFlip"))
WARP = {"transform": "Affine", "parameters": {"rotate": [-30, 30], "scale": [0.8, 1.2]}}
TILT = {"transform": "Perspective", "parameters": {"scale": [0.05, 0.1]}}


def views_of(originals, steps, name="mine"):
    return list(augment.augment(originals, name, steps, 1))


def moved(dx):
    return {"transform": "Affine", "parameters": {"translate_px": {"x": [dx, dx]}}}


def test_a_list_of_one_transform_gives_the_bytes_of_the_transform(tmp_path, kodak_views):
    entries = {"plain": {**BLUR}, "list": {"transform": [BLUR], "parameters": {}}}
    for name, entry in entries.items():
        shards.write(tmp_path / f"{name}.tar", views_of(kodak_views[:2], steps_of(entry)))
    assert (tmp_path / "plain.tar").read_bytes() == (tmp_path / "list.tar").read_bytes()
    _, record = next(shards.read_records(tmp_path / "plain.tar"))
    keys = "arguments augmentation draw image_sha256 parameters seed shape transform"
    assert sorted(record) == keys.split()


def test_transforms_are_applied_in_order_and_each_is_recorded(tmp_path, kodak_views):
    steps = [WARP, NOISE, DROPOUT]
    shards.write(tmp_path / "views.tar", views_of(kodak_views[:2], steps))
    for original, view in zip(kodak_views, shards.read(tmp_path / "views.tar"), strict=False):
        record = ViewRecord.from_json(view.record)
        assert record.as_json() == view.record
        assert sorted(view.record) == ["augmentation", "draw", "image_sha256", "shape", "steps"]
        assert [{"transform": step.transform, "parameters": step.arguments} for step in record.steps] == steps
        pixels = original.pixels
        for step in record.steps:
            built = transforms.build(step.transform, step.arguments)
            pixels, drawn = transforms.apply(built, pixels, step.seed)
            assert drawn == step.parameters
        np.testing.assert_array_equal(pixels, view.pixels)
        found = [step.seed for step in record.steps]
        assert found[0] == seeds.seed(1, record.image_sha256, "mine", 0) and len(set(found)) == 3


def sometimes(step, probability):
    return {**step, "probability": probability}


def test_a_step_is_applied_to_its_share_of_the_images_and_its_draws_stay(kodak_views):
    """The other steps and the draws of the step do not depend on the probability, and a larger one removes no image."""
    names, always = [f"a{number}" for number in range(12)], [FLIP, NOISE, WARP]
    applied = {}
    for probability in (0.3, 0.7):
        steps = steps_of({"transform": [FLIP, sometimes(NOISE, probability), WARP]})
        for name in names:
            (view,), (whole,) = (views_of(kodak_views[:1], each, name) for each in (steps, always))
            record = ViewRecord.from_json(json.loads(json.dumps(view.record)))
            assert record.as_json() == view.record
            assert [step.applied for step in record.steps][::2] == [True, True]
            middle = view.record["steps"][1]
            applied[name, probability] = record.steps[1].applied
            if record.steps[1].applied:
                assert view.record == whole.record
                np.testing.assert_array_equal(view.pixels, whole.pixels)
            else:
                assert middle == whole.record["steps"][1] | {"parameters": {}, "applied": False}
    shares = [sum(applied[name, probability] for name in names) for probability in (0.3, 0.7)]
    assert 0 < shares[0] < shares[1] < len(names)
    assert all(applied[name, 0.7] for name in names if applied[name, 0.3])


def test_the_share_of_the_images_is_the_probability():
    drawn = [is_applied(seed, 0.2) for seed in range(20_000)]
    assert np.mean(drawn) == pytest.approx(0.2, abs=0.01)
    assert all(is_applied(seed, 1) for seed in range(1000))


def test_a_step_that_is_not_applied_moves_no_pixel_and_leaves_a_plain_record():
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    entry = {"transform": [sometimes(FLIP, 1e-9)], "parameters": {}}
    view, applied = Steps(steps_of(entry)).apply(pixels, 7)
    np.testing.assert_array_equal(view, pixels)
    record = ViewRecord("mine", "", applied, 0, (SIZE, SIZE))
    assert record.as_json()["applied"] is False and ViewRecord.from_json(record.as_json()) == record
    assert geometry.correspondence(record) is None
    (_, second) = Steps(steps_of({"transform": [WARP, sometimes(FLIP, 1e-9)]})).apply(pixels, 7)
    found, alone = geometry.correspondence(ViewRecord("mine", "", second, 0, (SIZE, SIZE))), correspondence([WARP])
    np.testing.assert_array_equal(found.x, alone.x)


def test_a_certain_step_is_the_step_without_probability():
    listed = [FLIP, sometimes(NOISE, 1), sometimes(WARP, 0.5)]
    assert steps_of({"transform": listed}) == [FLIP, NOISE, sometimes(WARP, 0.5)]


def test_equal_transforms_of_a_list_draw_different_numbers(kodak_views):
    """With equal seeds, the second noise would repeat the first."""
    (view,) = views_of(kodak_views[:1], [NOISE, NOISE])
    first, second = (step["parameters"]["noise_map"]["sha256"] for step in view.record["steps"])
    assert first != second
    assert 0 <= step_seed(2**32 - 1, 3) < 2**32


def test_a_view_does_not_depend_on_other_images(kodak_views):
    together = {view.image_id: view for view in views_of(kodak_views[:3], [TILT, NOISE])}
    (alone,) = views_of(kodak_views[2:3], [TILT, NOISE])
    np.testing.assert_array_equal(alone.pixels, together[alone.image_id].pixels)
    assert alone.record == together[alone.image_id].record


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"transform": "Blurr", "parameters": {}}, "unknown transform 'Blurr'"),
        ({"transform": "Blur", "parameters": {"limit": 3}}, "unknown argument 'limit' of Blur"),
        (
            {"transform": "RandomCrop", "parameters": {"height": 8, "width": 8}},
            r"RandomCrop returns .*; a view must be",
        ),
        ({"transform": "Normalize", "parameters": {}}, "Normalize returns float32"),
        ({"transform": "BBoxSafeRandomCrop", "parameters": {}}, "BBoxSafeRandomCrop cannot be .* it needs 'bboxes'"),
        ({"transform": "MaskDropout", "parameters": {}}, r"MaskDropout cannot be .* requires \['mask'\]"),
    ],
)
def test_a_faulty_transform_is_named_with_its_place_before_the_first_view(kodak_views, step, message):
    for steps, place in (([FLIP, step], 1), ([step, FLIP, NOISE], 0)):
        named = rf"transform\.{place} \({step['transform']}\): {message}"
        with pytest.raises(InputError, match=f"^augmentation 'mine': {named}"):
            augmentation_table.rows({"mine": {"transform": steps, "parameters": {}}}, 32)
        with pytest.raises(InputError, match=f"^augmentation 'mine'(, image 'kodim01')?: {named}"):
            views_of(kodak_views[:1], steps)


def test_the_table_holds_every_transform():
    (row,) = augmentation_table.rows({"mine": {"transform": [FLIP, NOISE], "parameters": {}}}, 32)
    assert row["transform"] == "HorizontalFlip + GaussNoise"
    assert json.loads(row["parameters"]) == [{}, {"std_range": [0.1, 0.2]}]
    (row,) = augmentation_table.rows({"mine": {"transform": [FLIP, sometimes(NOISE, 0.3)], "parameters": {}}}, 32)
    assert json.loads(row["parameters"]) == [{}, {"std_range": [0.1, 0.2], "probability": 0.3}]


def correspondence(steps, seed=7, shape=(SIZE, SIZE)):
    pixels = np.zeros((*shape, 3), np.uint8)
    _, applied = Steps(steps).apply(pixels, seed)
    return geometry.correspondence(ViewRecord("mine", "", applied, 0, shape))


def test_only_steps_that_move_pixels_count():
    assert correspondence([NOISE, BLUR, DROPOUT]) is None
    found, alone = correspondence([WARP, NOISE, DROPOUT]), correspondence([WARP])
    for part in ("x", "y", "valid"):
        np.testing.assert_array_equal(getattr(found, part), getattr(alone, part))


def test_two_flips_are_a_turn_by_180_degrees():
    found = correspondence([FLIP, NOISE, TURN_OVER], shape=(48, 64))
    y, x = np.mgrid[0:48, 0:64]
    np.testing.assert_allclose(found.x, 63 - x, atol=1e-4)
    np.testing.assert_allclose(found.y, 47 - y, atol=1e-4)
    assert found.valid.all()


def test_what_one_shift_lost_the_shift_back_does_not_return():
    found = correspondence([moved(30), moved(-50)])
    _, x = np.mgrid[0:SIZE, 0:SIZE]
    shown = (x + 20 >= 0) & (x + 20 < SIZE - 30) & (x + 50 < SIZE)
    np.testing.assert_array_equal(found.valid, shown)
    np.testing.assert_allclose(found.x[shown], (x + 20)[shown], atol=1e-3)


def test_attention_follows_the_image_through_all_steps():
    attention = np.random.default_rng(0).random((3, 7, 7)).astype(np.float32)
    found = correspondence([FLIP, NOISE, TURN_OVER])
    turned = attention[:, ::-1, ::-1]
    assert registered_metrics.attention_similarity(attention, turned, found) == pytest.approx(1, abs=1e-9)
    assert registered_metrics.attention_similarity(attention, turned, correspondence([FLIP])) < 0.99


def test_the_order_of_warps_matters(kodak_views):
    """A mark in the image is found where the correspondence says, only in the order in which they were applied."""
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    cv2.circle(image, (70, 90), 5, (255, 255, 255), -1)
    turn = {"transform": "Affine", "parameters": {"rotate": [40, 40]}}
    errors = []
    for steps in ([turn, moved(30)], [moved(30), turn]):
        view, applied = Steps([turn, moved(30)]).apply(image, 1)
        found = geometry.correspondence(
            ViewRecord("mine", "", applied if steps[0] is turn else applied[::-1], 0, (SIZE,) * 2)
        )
        errors.append(np.abs(found.warp(image).astype(int) - view)[found.valid].mean())
    assert errors[0] < 0.1 < 0.5 < errors[1]


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.sampled_from([FLIP, WARP, TILT, TURN_OVER]), min_size=2, max_size=3),
    seed=st.integers(0, 2**32 - 1),
)
def test_warps_and_nothing_else_are_exactly_one(kodak_views, steps, seed):
    """As with one warp, interpolating twice must not put an order on augmentations."""
    original = kodak_views[0].pixels
    view, applied = Steps(steps).apply(original, seed)
    found = geometry.correspondence(ViewRecord("mine", "", applied, 0, (SIZE, SIZE)))
    values = [
        value for metric, value in evaluate.of_pixels(original, view, found) if metric.kind == "registered_pixels"
    ]
    assert set(values) == {1.0}
