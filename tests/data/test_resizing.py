"""Squashing images to a square, with and without an antialiasing filter."""

import numpy as np
import pytest
from image_files import ingested
from PIL import Image

from embedding_shift.data import resizing
from embedding_shift.data.sources import folder


@pytest.mark.parametrize("method", resizing.METHODS.values())
def test_enlarging_interpolates_bilinearly(method):
    """Doubling a step of two pixels samples at −1/4, 1/4, 3/4 and 5/4 of it."""
    step = np.array([[[0, 0, 0], [100, 100, 100]]] * 2, np.uint8)
    assert method(step, 4)[0, :, 0].tolist() == [0, 25, 75, 100]
    assert method(np.zeros((5, 9, 3), np.uint8), 4).shape == (4, 4, 3)
    assert np.array_equal(method(np.full((1, 1, 3), 9, np.uint8), 4), np.full((4, 4, 3), 9, np.uint8))


def test_only_the_filter_sees_every_row():
    """At a quarter of the size, bilinear interpolation reads the two inner rows of every four."""
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[0::4] = stripes[3::4] = 200
    assert not resizing.bilinear(stripes, 8).any()
    filtered = resizing.antialiased(stripes, 8)
    assert np.abs(filtered[1:-1].astype(int) - 100).max() <= 1


@pytest.mark.parametrize(("name", "method"), resizing.METHODS.items())
def test_images_are_resized_as_configured(tmp_path, name, method):
    noise = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    _, views = ingested(folder.list_images(tmp_path), resize=name)
    assert np.array_equal(views["a"].pixels, method(noise, 8))


def test_each_method_has_another():
    assert [resizing.other_method(name) for name in resizing.METHODS] == list(resizing.METHODS)[::-1]
