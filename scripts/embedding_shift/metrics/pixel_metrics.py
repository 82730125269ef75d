"""Metrics on pixels: what an augmentation did to the picture itself, one image at a time.

All take two uint8 arrays (size, size, 3), RGB, and return a float.
"""

import cv2
import numpy as np

from embedding_shift.metrics import registry

# Of red, green and blue in the grey value, in thousandths: on 8 bits all that follows is whole numbers, which float32
# holds exactly up to 2**24, so that single precision is as exact as double, and faster.
LUMA = np.array([[299, 587, 114]], dtype=np.float32)
LUMA_UNIT = 1000
SMALLEST_DEVIATION = 1e-6
CHANNELS = 3


@registry.register("patch_similarity", "Patch similarity", "pixels")
def patch_similarity(original, augmented):
    """Mean over a 4×4 grid of 1 / (1 + MSE/255²), over RGB: above 0.5, at most 1."""
    errors = patch_means(squared_difference(original, augmented), 4) / CHANNELS
    return float(np.mean(1 / (1 + errors / 255**2)))


@registry.register("edge_preservation", "Edge preservation", "pixels")
def edge_preservation(original, augmented):
    """1 − mean absolute difference of the edge strengths, each divided by its own maximum: 0 to 1."""
    return kept_edges(edge_strength(original), edge_strength(augmented))


@registry.register("detail_preservation", "Detail preservation", "pixels")
def detail_preservation(original, augmented):
    """Mean over an 8×8 grid of exp(−|ln(σ_a/σ_o)|) of the grey values: 0 to 1.

    Only patches with σ_o ≥ 1e-6 count; NaN where none has, as in a uniform image.
    """
    return kept_detail(*(patch_deviations(image, 8) for image in (original, augmented)))


@registry.register("patch_similarity_as_released", "Patch similarity (as released)", "pixels", in_overview=False)
def patch_similarity_as_released(original, augmented):
    """The patch similarity as the seed paper's scripts computed it: differences and squares wrap in 8 bits."""
    wrapped = (original - augmented) ** 2
    errors = patch_means(sum_of_channels(wrapped.astype(np.float32)), 4) / CHANNELS
    return float(np.mean(1 / (1 + errors / 255**2)))


def luma(image):
    """299 R + 587 G + 114 B: uint8 (h, w, 3) to float32 (h, w), whole thousandths of a grey level."""
    return cv2.transform(image.astype(np.float32), LUMA)


def sum_of_channels(picture):
    """Float32 (h, w, 3) to float32 (h, w)."""
    return cv2.transform(picture, np.ones((1, CHANNELS), np.float32))


def squared_difference(original, augmented):
    """Sum over the channels: two uint8 (h, w, 3) to float32 (h, w), whole numbers."""
    difference = cv2.absdiff(original, augmented)
    return sum_of_channels(cv2.multiply(difference, difference, dtype=cv2.CV_32F))


def edge_strength(image):
    """|∂x| + |∂y| of the grey image by central differences: uint8 (h, w, 3) to float32 (h, w), in a unit of its own."""
    grey = luma(image)
    down, right = (
        cv2.Sobel(grey, cv2.CV_32F, axis, 1 - axis, ksize=1, borderType=cv2.BORDER_REPLICATE) for axis in (0, 1)
    )
    # At the border there is but one neighbour, at half the distance.
    down[[0, -1]] *= 2
    right[:, [0, -1]] *= 2
    return np.abs(down, out=down) + np.abs(right, out=right)


def kept_edges(before, after, inside=None):
    """1 − mean absolute difference of two edge strengths (h, w), each divided by its maximum: 0 to 1.

    Args:
        before, after: float32 (h, w); zeros, as of a uniform image, stay zeros.
        inside: uint8 (h, w), 0 where nothing is to be looked at; None to look everywhere.
    """
    strongest = [cv2.minMaxLoc(edges, inside)[1] for edges in (before, after)]
    one, other = (1 / strength if strength > 0 else 0.0 for strength in strongest)
    difference = cv2.addWeighted(before, one, after, -other, 0, dtype=cv2.CV_64F)
    pixels = difference.size if inside is None else cv2.countNonZero(inside)
    return 1 - cv2.norm(difference, cv2.NORM_L1, inside) / pixels


def kept_detail(before, after):
    """Mean over patches of min/max of their deviations (n,) and (n,); NaN where no patch of the first has texture."""
    textured = before >= SMALLEST_DEVIATION
    if not textured.any():
        return float("nan")
    before, after = before[textured], after[textured]
    return float(np.mean(np.minimum(before, after) / np.maximum(before, after)))


def patch_means(picture, cells, inside=None):
    """Mean of (h, w) in each of cells×cells patches: float64 (cells²,).

    Args:
        picture: its remainder, where the sides are no multiples of `cells`, is dropped.
        cells: patches in each direction.
        inside: bool (h, w), the pixels that count; None for all. A patch without any has the mean 0.
    """
    patches, weights, counts = _patches(picture, cells, inside)
    return (np.einsum("aibj,aibj->ab", patches, weights) / np.maximum(counts, 1)).ravel()


def patch_deviations(image, cells, inside=None):
    """Standard deviation of the grey values, 0–255, in each of cells×cells patches: float64 (cells²,).

    Args:
        image: uint8 (h, w, 3).
        cells, inside: as of `patch_means`.
    """
    patches, weights, counts = _patches(luma(image), cells, inside)
    counts = np.maximum(counts, 1)
    means = np.einsum("aibj,aibj->ab", patches, weights) / counts
    deviations = patches - means[:, np.newaxis, :, np.newaxis]
    variances = np.einsum("aibj,aibj,aibj->ab", deviations, deviations, weights) / counts
    return np.sqrt(variances).ravel() / LUMA_UNIT


def patch_counts(inside, cells):
    """Number of true pixels of bool (h, w) in each of cells×cells patches: (cells²,)."""
    return _patches(inside, cells, None)[0].sum(axis=(1, 3)).ravel()


def _patches(picture, cells, inside):
    """Return float64 (cells, rows, cells, columns) of a picture and of the weights of its pixels, and their sums."""
    height, width = picture.shape[0] // cells, picture.shape[1] // cells

    def cut(array):
        whole = array[: height * cells, : width * cells].astype(np.float64)
        return whole.reshape(cells, height, cells, width)

    if inside is None:
        weights = np.broadcast_to(1.0, (cells, height, cells, width))
        return cut(picture), weights, height * width
    weights = cut(inside)
    return cut(picture), weights, np.einsum("aibj->ab", weights)
