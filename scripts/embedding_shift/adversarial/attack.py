"""Projected gradient descent on one image, away from its embedding (Madry et al. 2018, arXiv:1706.06083)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
# Returns the shift of a view, and its gradient with respect to the 8-bit values, of the shape of the view.
ShiftGradient = Callable[[Pixels], tuple[float, NDArray[np.float32]]]

SPAN = 2.5  # that all steps together can cover, in ε: enough to cross the allowed range of 2 ε


class Attack(NamedTuple):
    """The result of an attack.

    Attributes:
        pixels: uint8 (size, size, 3), the view; every value differs from the image's by at most ε.
        shift: its 1 − cosine.
        start_shift: 1 − cosine of the random start, which is at most `shift`.
    """

    pixels: Pixels
    shift: float
    start_shift: float


def attack(gradient: ShiftGradient, original: Pixels, epsilon: int, steps: int, seed: int) -> Attack:
    """Search the view of an image that moves the embedding farthest.

    The search starts at uniform random changes, because the gradient is zero at the image itself. It follows the signs
    of the gradient and stays within ε. Every place is rounded to a view in 8 bits, whose shift and gradient count, and
    the view with the largest shift is returned. Where the gradient is not defined, the search stays.

    Args:
        gradient: the shift of a view and its gradient.
        original: the image, uint8 (size, size, 3).
        epsilon: largest change of a value, in grey levels, from 1.
        steps: number of steps, from 1.
        seed: seed of the start.
    """
    lowest, highest = np.clip(original.astype(np.float64) + np.array([-epsilon, epsilon])[:, None, None, None], 0, 255)
    start = np.random.default_rng(seed).uniform(-epsilon, epsilon, original.shape)
    place = np.clip(original + start, lowest, highest)
    best = Attack(original, -np.inf, np.nan)
    for step in range(steps + 1):
        view = np.rint(place).astype(np.uint8)
        shift, slope = gradient(view)
        if step == 0:
            best = Attack(view, shift, shift)
        elif shift > best.shift:
            best = best._replace(pixels=view, shift=shift)
        place = np.clip(place + SPAN * epsilon / steps * np.sign(np.nan_to_num(slope)), lowest, highest)
    return best


def random_signs(original: Pixels, epsilon: int, seed: int) -> Pixels:
    """Return the image with every value changed by ε up or down at random, as far as it stays from 0 to 255."""
    signs = 2 * np.random.default_rng(seed).integers(2, size=original.shape) - 1
    return np.clip(original + epsilon * signs, 0, 255).astype(np.uint8)
