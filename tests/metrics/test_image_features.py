"""Results for an image are remembered as long as nothing can change it."""

import numpy as np
import pytest

from embedding_shift.metrics import image_features


@pytest.fixture
def counted():
    """A remembered function (the mean of an image and numbers), and the list of its computations."""
    calls = []

    @image_features.once_per_image
    def mean(image, *numbers):
        calls.append(numbers)
        return float(np.mean([image.mean(), *map(np.mean, numbers)]))

    return mean, calls


def image(value):
    pixels = np.full((2, 2, 3), value, np.uint8)
    pixels.flags.writeable = False
    return pixels


def test_a_result_is_computed_once_per_image_and_number(counted):
    mean, calls = counted
    one, equal = image(4), image(4)
    assert [mean(one), mean(one, 8), mean(one), mean(equal), mean(one, 8)] == [4, 6, 4, 4, 6]
    assert calls == [(), (8,), ()]


def test_an_image_that_can_change_is_computed_every_time(counted):
    mean, _ = counted
    pixels = np.zeros((2, 2, 3), np.uint8)
    assert mean(pixels) == 0
    pixels[:] = 5
    assert mean(pixels) == 5


def test_arrays_beside_the_image_are_never_compared(counted):
    mean, calls = counted
    pixels = image(1)
    mask = np.array([3.0, 5.0])
    assert [mean(pixels, mask), mean(pixels, mask)] == [2.5, 2.5]
    assert len(calls) == 2


def test_the_image_that_is_used_all_the_time_is_not_forgotten(counted):
    mean, calls = counted
    original = image(1)
    for value in range(10):
        mean(original)
        mean(image(value))
    assert len(calls) == 1 + 10
