"""The rule for which sample values are black and white."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_shift.data.decoding.sample_range import at_full_range, to_8_bits
from embedding_shift.errors import InputError


def levels(values, bits=32):
    """Return samples as 8 bits."""
    return to_8_bits(at_full_range(np.asarray(values), bits).values)


def image(values, dtype=np.float32):
    return np.asarray(values, dtype).reshape(1, -1, 1)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1.0001, 300, -1e9, 1e30])
@pytest.mark.parametrize("white", [1, 255, 65535])
@pytest.mark.parametrize("size", [10, 3000])
def test_one_odd_pixel_changes_no_other(odd, white, size):
    values = image(np.linspace(0.1, 0.9, size) * white)
    expected = levels(values)
    assert np.abs(expected.ravel() - np.linspace(0.1, 0.9, size) * 255).max() <= 0.51
    values[0, size // 2] = odd
    others = np.arange(size) != size // 2
    assert np.array_equal(levels(values)[0, others], expected[0, others])


def test_odd_values_become_black_or_white():
    assert levels(image([0.5, np.nan])).ravel().tolist() == [128, 0]
    assert levels(image([0.5, np.inf])).ravel().tolist() == [128, 255]
    assert levels(image([0.5, -np.inf])).ravel().tolist() == [128, 0]


def test_overshoot_of_interpolation_is_clipped():
    values = image(np.clip(np.linspace(-0.2, 1.2, 1000), -0.2, 1.2))
    assert levels(values).min() == 0 and levels(values).max() == 255
    assert levels(values)[0, 500, 0] == 128


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.linspace(0, 3, 1000), r"reach 2\.99.*white is undefined"),
        (np.linspace(0, 3000, 1000), "reach 2997, so that white is undefined"),
        (np.linspace(0, 1e6, 1000), "white is undefined"),
        (np.linspace(-1, 1, 1000), r"as low as -0\.99.*black is undefined"),
        (np.full(1000, np.nan), "1000 of its 1000 pixels are NaN"),
        (np.where(np.arange(1000) < 2, np.nan, 0.5), "2 of its 1000 pixels are NaN"),
    ],
)
def test_images_of_unknown_range_are_rejected(values, reason):
    with pytest.raises(InputError, match=reason):
        levels(image(values))


def test_integers_have_the_range_of_their_bits():
    assert levels(image([0, 1, 2, 3], np.uint8), 2).ravel().tolist() == [0, 85, 170, 255]
    assert levels(image([0, 1024, 4095], np.uint16), 12).ravel().tolist() == [0, 64, 255]
    assert levels(image([0, 385, 32896, 65535], np.uint16), 16).ravel().tolist() == [0, 1, 128, 255]
    assert levels(image([0, 2**31, 2**32 - 1], np.uint32), 32).ravel().tolist() == [0, 128, 255]
    assert levels(image([0, 64, 127], np.int8), 8).ravel().tolist() == [0, 129, 255]
    assert levels(image([0, 16384, 32767], np.int16), 16).ravel().tolist() == [0, 128, 255]


def test_a_negative_pixel_of_signed_samples_is_clipped_and_many_are_rejected():
    values = image(np.arange(1000), np.int16)
    values[0, 7] = -5
    assert levels(values, 16)[0, 7, 0] == 0
    values[0, :50] = -5
    with pytest.raises(InputError, match="black is undefined"):
        levels(values, 16)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 16), st.integers(1, 40), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_scaling_is_exact_for_any_size(bits, width, channels, seed):
    values = np.random.default_rng(seed).integers(0, 2**bits, (3, width, channels)).astype(np.uint16)
    expected = values * (255 / (2**bits - 1))
    assert np.abs(levels(values, bits) - expected).max() <= 0.51
