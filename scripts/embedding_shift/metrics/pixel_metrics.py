"""Metrics on pixels: what an augmentation did to the image itself, one image at a time.

All take two uint8 arrays (size, size, 3), RGB, and return a float.
"""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.metrics import registry
from embedding_shift.metrics.image_features import once_per_image
from embedding_shift.views import luma as grey_values
from embedding_shift.views.luma import LUMA_UNIT

Pixels = NDArray[np.uint8]
Plane = NDArray[Any]  # float32 (h, w)

SMALLEST_DEVIATION = 1e-6
CHANNELS = 3

luma = once_per_image(grey_values.luma)


@registry.register(
    "patch_similarity",
    "Patch similarity",
    "pixels",
    formula=r"\operatorname{mean}_k\,1/(1+\mathrm{MSE}_k/255^2)",
    sentence="How alike the colours are in the patches of a $4\\times4$ grid.",
)
def patch_similarity(original: Pixels, augmented: Pixels) -> float:
    """Return the mean over a 4×4 grid of 1 / (1 + MSE/255²), over RGB: above 0.5, at most 1."""
    errors = patch_errors(original, augmented, 4)
    return float(np.mean(1 / (1 + errors / 255**2)))


@registry.register(
    "edge_preservation",
    "Edge preservation",
    "pixels",
    formula=r"1-\operatorname{mean}\lvert E_o-E_a\rvert",
    sentence="How alike the edge strengths $E$ are, each divided by its maximum.",
)
def edge_preservation(original: Pixels, augmented: Pixels) -> float:
    """Return 1 − mean absolute difference of the edge strengths, each divided by its own maximum: 0 to 1."""
    return kept_edges(edge_strength(original), edge_strength(augmented))


@registry.register(
    "detail_preservation",
    "Detail preservation",
    "pixels",
    formula=r"\operatorname{mean}_k\exp(-\lvert\ln(\sigma_{a,k}/\sigma_{o,k})\rvert)",
    sentence="How alike the contrasts $\\sigma$ are in the patches of an $8\\times8$ grid.",
)
def detail_preservation(original: Pixels, augmented: Pixels) -> float:
    """Return the mean over an 8×8 grid of exp(−|ln(σ_a/σ_o)|), σ being the deviation of the grey values: 0 to 1.

    Only patches with σ_o ≥ 1e-6 count. The result is NaN if there is none, as in a uniform image.
    """
    return kept_detail(*(patch_deviations(image, 8) for image in (original, augmented)))


@registry.register(
    "patch_similarity_as_released",
    "Patch similarity (as released)",
    "pixels",
    in_overview=False,
    formula=r"\operatorname{mean}_k\,1/(1+\mathrm{MSE}_k/255^2)",
    sentence="The patch similarity with the 8-bit arithmetic of the released scripts, which overflows.",
)
def patch_similarity_as_released(original: Pixels, augmented: Pixels) -> float:
    """Return the patch similarity as the scripts of the original paper compute it: 8-bit arithmetic wraps around."""
    wrapped = np.square(original - augmented)
    sums = np.array([cv2.norm(wrapped[patch], cv2.NORM_L1) for patch in _patch_slices(wrapped.shape[:2], 4)])
    errors = sums / max(wrapped.shape[0] // 4 * (wrapped.shape[1] // 4), 1) / CHANNELS
    return float(np.mean(1 / (1 + errors / 255**2)))


def textured_share(image: Pixels) -> float:
    """Return the share of the patches of `detail_preservation` that count for an original image, 0 to 1."""
    return float(np.mean(patch_deviations(image, 8) >= SMALLEST_DEVIATION))


@once_per_image
def edge_strength(image: Pixels) -> Plane:
    """Return |∂x| + |∂y| of the grey image by central differences: uint8 (h, w, 3) to float32 (h, w).

    One grey level per pixel is 2 × LUMA_UNIT.
    """
    grey = luma(image)
    height, width = grey.shape
    down, right = np.empty_like(grey), np.empty_like(grey)
    if height > 2:
        cv2.absdiff(grey[2:], grey[:-2], down[1:-1])
    if width > 2:
        cv2.absdiff(grey[:, 2:], grey[:, :-2], right[:, 1:-1])
    # A pixel at the border has one neighbour only, at half the distance.
    for border, neighbour in ((0, min(1, height - 1)), (-1, max(height - 2, 0))):
        down[border] = 2 * np.abs(grey[border] - grey[neighbour])
    for border, neighbour in ((0, min(1, width - 1)), (-1, max(width - 2, 0))):
        right[:, border] = 2 * np.abs(grey[:, border] - grey[:, neighbour])
    return cv2.add(down, right, down)


def kept_edges(before: Plane, after: Plane, inside: NDArray[Any] | None = None) -> float:
    """Return 1 − mean absolute difference of two edge strengths (h, w), each divided by its maximum: 0 to 1.

    Args:
        before, after: float32 (h, w). All zeros, as of a uniform image, stay zeros.
        inside: uint8 (h, w), 0 for pixels that do not count; None if all pixels count.
    """
    strongest = [cv2.minMaxLoc(edges, inside)[1] for edges in (before, after)]
    one, other = (1 / strength if strength > 0 else 0.0 for strength in strongest)
    difference = cv2.addWeighted(before, one, after, -other, 0, dtype=cv2.CV_64F)
    pixels = difference.size if inside is None else cv2.countNonZero(inside)
    return 1 - cv2.norm(difference, cv2.NORM_L1, inside) / pixels


def kept_detail(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return the mean over patches of min/max of their deviations (n,) and (n,).

    Only patches whose deviation in `before` is at least 1e-6 count; NaN if there is none.
    """
    textured = before >= SMALLEST_DEVIATION
    if not textured.any():
        return float("nan")
    before, after = before[textured], after[textured]
    return float(np.mean(np.minimum(before, after) / np.maximum(before, after)))


def patch_errors(
    original: Pixels, augmented: Pixels, cells: int, inside: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return the mean squared difference over the channels in each of cells×cells patches: float64 (cells²,).

    Args:
        original, augmented: uint8 (h, w, 3). If a side is not a multiple of `cells`, the rest is ignored.
        cells: number of patches in each direction.
        inside: bool (h, w), the pixels that count; None for all. A patch without any has error 0.
    """
    difference = cv2.absdiff(original, augmented)
    patches = _patch_slices(difference.shape[:2], cells)
    if inside is None:
        counts: Any = (difference.shape[0] // cells) * (difference.shape[1] // cells)
    else:
        difference = cv2.bitwise_and(difference, difference, mask=inside.view(np.uint8))
        counts = patch_counts(inside, cells)
    # OpenCV adds the squares of one array up as whole numbers; with a mask, or of two arrays, it rounds.
    sums = [cv2.norm(difference[patch], cv2.NORM_L2SQR) for patch in patches]
    return np.array(sums) / np.maximum(counts, 1) / CHANNELS


@once_per_image
def patch_deviations(image: Pixels, cells: int, inside: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Return the standard deviation of the grey values, 0–255, in each of cells×cells patches: float64 (cells²,).

    Args:
        image: uint8 (h, w, 3).
        cells, inside: see `patch_errors`.
    """
    grey = luma(image)
    height, width = grey.shape[0] // cells, grey.shape[1] // cells
    values = grey[: height * cells, : width * cells].astype(np.float64)
    counts: Any = max(height * width, 1)
    if inside is not None:
        values *= inside[: height * cells, : width * cells]
        counts = np.maximum(patch_counts(inside, cells).reshape(cells, cells), 1)
    sums = _patch_sums(values, cells)
    squares = _patch_sums(np.square(values, out=values), cells)
    # The deviations from whole numbers near the means: all sums are whole numbers that float64 holds exactly, so that
    # nothing is lost in differences.
    near = np.rint(sums / counts)
    rest = sums - counts * near
    squares -= near * (sums + rest)
    return np.sqrt(squares / counts - (rest / counts) ** 2).ravel() / LUMA_UNIT


def is_textured(image: Pixels, cells: int, inside: NDArray[np.bool_]) -> bool:
    """Return whether `patch_deviations` of any patch is at least 1e-6: unless all its pixels are equal, it is.

    Args:
        image, cells, inside: see `patch_deviations`; a patch has less than a million pixels.
    """
    grey, mask = luma(image), inside.view(np.uint8)
    ranges = (cv2.minMaxLoc(grey[patch], mask[patch]) for patch in _patch_slices(grey.shape, cells))
    return any(lowest < highest for lowest, highest, *_ in ranges)


def patch_counts(inside: NDArray[np.bool_], cells: int) -> NDArray[np.int_]:
    """Return the number of true pixels of bool (h, w) in each of cells×cells patches: int (cells²,)."""
    mask = inside.view(np.uint8)
    return np.array([cv2.countNonZero(mask[patch]) for patch in _patch_slices(mask.shape[:2], cells)])


@lru_cache(maxsize=8)
def _patch_slices(shape: tuple[int, int], cells: int) -> list[tuple[slice, slice]]:
    """Return the rows and columns of each of cells×cells patches of an array of `shape` (h, w)."""
    height, width = shape[0] // cells, shape[1] // cells
    starts = range(cells)
    return [
        (slice(row * height, (row + 1) * height), slice(column * width, (column + 1) * width))
        for row in starts
        for column in starts
    ]


def _patch_sums(plane: NDArray[np.float64], cells: int) -> NDArray[np.float64]:
    """Return the sums of the values (cells × rows, cells × columns) in each of cells×cells patches: (cells, cells)."""
    height, width = plane.shape
    bands = plane.reshape(cells, height // cells, width).sum(axis=1)
    return bands.reshape(cells, cells, width // cells).sum(axis=2)
