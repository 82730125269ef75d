"""How alike two sets of representations of the same images are: debiased linear CKA, and coherence of the shift."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
FEWEST_IMAGES = 4  # below this the debiased HSIC divides by zero
ROUNDING = 1e-12  # relative to the squared lengths: below it, a difference of representations is a rounding error


def hsic(first: FloatArray, second: FloatArray) -> float:
    """Debiased HSIC of linear kernels, HSIC₁ (Song et al. 2012, JMLR 13:1393–1434), without a matrix of image pairs.

    Args:
        first, second: centred representations (n, d) and (n, e) of the same images, n ≥ 4.
    """
    n = len(first)
    squares = [(values**2).sum(1) for values in (first, second)]
    sums = [values @ values.sum(0) - square for values, square in zip((first, second), squares, strict=True)]
    products = ((first.T @ second) ** 2).sum() - squares[0] @ squares[1]
    return _combine(n, products, *sums)


def hsic_of_products(first: FloatArray, second: FloatArray) -> float:
    """Return `hsic` from matrices of products between images (n, n), which need not have their diagonal."""
    first, second = _without_diagonal(first), _without_diagonal(second)
    return _combine(len(first), (first * second).sum(), first.sum(0), second.sum(0))


def _combine(n: int, products: float, first: FloatArray, second: FloatArray) -> float:
    between = first.sum() * second.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (first @ second)
    return float((products + between) / (n * (n - 3)))


def _without_diagonal(products: FloatArray) -> FloatArray:
    return products - np.diag(np.diag(products))


class Cka(NamedTuple):
    """Debiased CKA and the 95 % quantile of its permutation null; NaN where it is not defined."""

    value: float
    null_q95: float


def cka(first: FloatArray, second: FloatArray, permutations: int = 0, seed: int = 0) -> Cka:
    """Debiased linear CKA (Nguyen, Raghu and Kornblith 2021) with the null in which images are permuted.

    Args:
        first, second: representations (n, d) and (n, e) of the same images.
        permutations: number of permutations; 0 for no null.
        seed: of the permutations.

    Returns:
        NaN for fewer than FEWEST_IMAGES images, and for representations that do not vary.
    """
    n = len(first)
    if n < FEWEST_IMAGES or _is_constant(first) or _is_constant(second):
        return Cka(np.nan, np.nan)
    first, second = (values - values.mean(0) for values in (first, second))
    left, right = (_without_diagonal(values @ values.T) for values in (first, second))
    norm = hsic_of_products(left, left) * hsic_of_products(right, right)
    if norm <= 0:
        return Cka(np.nan, np.nan)
    generator, sums = np.random.default_rng(seed), right.sum(0)
    null, flat, permuted = [], right.ravel(), np.empty((n, n))
    for _ in range(permutations):
        order = generator.permutation(n)
        # All places are in range; with "clip", NumPy writes to `out` without a copy.
        np.take(flat, (n * order)[:, np.newaxis] + order, out=permuted, mode="clip")
        products = float(np.vdot(left, permuted))
        null.append(_combine(n, products, left.sum(0), sums[order]) / np.sqrt(norm))
    value = hsic_of_products(left, right) / np.sqrt(norm)
    return Cka(value, float(np.quantile(null, 0.95)) if null else np.nan)


def _is_constant(values: FloatArray) -> bool:
    centred = values - values.mean(0)
    return bool((centred**2).sum() <= ROUNDING * (values**2).sum())


def coherence(shift: FloatArray) -> float:
    """Return the share of a shift that all images have in common.

    1 if every image moves by the same vector, 0 on average if the directions are independent. It estimates
    |E δ|² / E|δ|² without bias of the numerator.

    Args:
        shift: (n, d). NaN for one image or without any shift.
    """
    return float(_coherence(shift.sum(0)[np.newaxis], shift)[0])


def _coherence(sums: FloatArray, shift: FloatArray) -> FloatArray:
    """Return the coherence for several sums of the shift, (S, d), whose terms may have other signs."""
    n, squares = len(shift), (shift**2).sum()
    if n < 2 or squares == 0:
        return np.full(len(sums), np.nan)
    return ((sums**2).sum(1) - squares) / (n * (n - 1)) / (squares / n)


class CoherenceTest(NamedTuple):
    """Coherence per layer, its p value, and the place of the first layer with p ≤ LEVEL, or None."""

    coherence: FloatArray
    p: FloatArray
    first: int | None


LEVEL = 0.05


def flip_test(shifts: list[FloatArray], flips: int, seed: int) -> CoherenceTest:
    """Test in which layers an augmentation shifts all images alike.

    If an augmentation has no direction of its own, the shift of any image may as well have the other sign. The null
    flips the signs of whole images, in all layers at once, and takes the maximum over the layers, so that the test
    holds for all layers together (Westfall and Young 1993).

    Args:
        shifts: the shift (n, d) in every layer.
        flips: number of random sign flips.
        seed: of the flips.
    """
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(flips, len(shifts[0])))
    observed = np.array([coherence(shift) for shift in shifts])
    null = np.array([_coherence(signs @ shift, shift) for shift in shifts])
    known = np.isfinite(observed)
    p = np.full(len(shifts), np.nan)
    if known.any():
        largest = null[known].max(0)
        p[known] = [(1 + (largest >= value).sum()) / (flips + 1) for value in observed[known]]
    below = np.flatnonzero(p <= LEVEL)
    return CoherenceTest(observed, p, int(below[0]) if len(below) else None)
