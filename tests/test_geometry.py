"""Undoing the geometry: what moved is compared with where it came from."""

from pathlib import Path

import albumentations
import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline import PROJECT

from embedding_shift import augmentations, geometry, pixel_metrics, registered_metrics

SIZE = 224
CONFIGURED = yaml.safe_load((Path(__file__).parents[1] / "config.yaml").read_text())["augmentations"]
MOVING = {"shift_scale_rotate", "horizontal_flip", "elastic", "perspective"}
PIXEL_METRICS = ("patch_similarity", "edge_preservation", "detail_preservation")


@pytest.fixture(scope="module")
def photograph():
    return cv2.imread(f"{PROJECT}/tests/data/golden/kodim05.original.png")[..., ::-1].copy()


@pytest.fixture(scope="module")
def smooth():
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    waves = [np.sin(5 * x + phase) * np.cos(4 * y - phase) for phase in (0, 1, 2)]
    return np.rint(127.5 + 100 * np.dstack(waves)).astype(np.uint8)


def registered(transform, picture, seed):
    view, _ = augmentations.apply(transform, picture, seed)
    correspondence = geometry.correspondence(transform, seed, picture.shape[:2])
    arguments = correspondence.warp(picture), view, correspondence.valid
    return {name: getattr(registered_metrics, name)(*arguments) for name in PIXEL_METRICS}


def configured(name):
    return augmentations.build(CONFIGURED[name]["transform"], CONFIGURED[name].get("parameters", {}))


def test_only_geometric_transforms_move_pixels():
    assert {name for name in CONFIGURED if geometry.moves_pixels(configured(name))} == MOVING


def test_a_flip_is_exactly_one(photograph):
    assert set(registered(configured("horizontal_flip"), photograph, 1).values()) == {1.0}


@settings(max_examples=15, deadline=None)
@given(dx=st.integers(-40, 40), dy=st.integers(-40, 40))
def test_a_shift_by_whole_pixels_is_exactly_one_on_the_overlap(photograph, dx, dy):
    shift = albumentations.Affine(translate_px={"x": (dx, dx), "y": (dy, dy)}, p=1)
    assert set(registered(shift, photograph, 1).values()) == {1.0}
    valid = geometry.correspondence(shift, 1, (SIZE, SIZE)).valid
    assert valid.sum() == (SIZE - abs(dx)) * (SIZE - abs(dy))


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(sorted(MOVING)), seed=st.integers(0, 2**32 - 1))
def test_any_drawn_warp_of_a_smooth_picture_is_above_099(smooth, name, seed):
    values = registered(configured(name), smooth, seed)
    assert values["patch_similarity"] > 0.99
    assert values["edge_preservation"] > 0.99


def test_a_rotation_by_a_right_angle_agrees_with_numpy(photograph):
    rotation = albumentations.Affine(rotate=(90, 90), p=1)
    correspondence = geometry.correspondence(rotation, 1, (SIZE, SIZE))
    expected = np.rot90(photograph)
    difference = np.abs(correspondence.warp(photograph).astype(int) - expected)[correspondence.valid]
    assert difference.max() <= 1
    assert correspondence.valid.mean() > 0.99


@pytest.mark.parametrize("name", sorted(set(CONFIGURED) - MOVING))
def test_without_a_warp_registration_changes_nothing(photograph, name):
    view, _ = augmentations.apply(configured(name), photograph, 3)
    everything = np.ones((SIZE, SIZE), dtype=bool)
    for metric in PIXEL_METRICS:
        value = getattr(registered_metrics, metric)(photograph, view, everything)
        assert value == pytest.approx(getattr(pixel_metrics, metric)(photograph, view), abs=1e-12)


def test_attention_that_moves_with_the_picture_is_the_same_attention():
    attention = np.random.default_rng(0).random((3, 7, 7)).astype(np.float32)
    flip = configured("horizontal_flip")
    correspondence = geometry.correspondence(flip, 1, (SIZE, SIZE))
    flipped = attention[:, :, ::-1]
    assert registered_metrics.attention_similarity(attention, flipped, correspondence) == pytest.approx(1, abs=1e-12)
    unmoved = geometry.Correspondence.identity((SIZE, SIZE))
    assert registered_metrics.attention_similarity(attention, flipped, unmoved) < 0.99


def test_nothing_in_common_is_not_defined(photograph):
    nothing = np.zeros((SIZE, SIZE), dtype=bool)
    for metric in PIXEL_METRICS:
        assert np.isnan(getattr(registered_metrics, metric)(photograph, photograph, nothing))
