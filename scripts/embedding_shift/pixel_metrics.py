"""Metrics on pixels: what an augmentation did to the picture itself, one image at a time.

All take two uint8 arrays (size, size, 3), RGB, and return a float.
"""

import cv2
import numpy as np

from embedding_shift import metrics

LUMA = np.array([0.299, 0.587, 0.114])
SMALLEST_DEVIATION = 1e-6
CHANNELS = 3


@metrics.register("patch_similarity", "Patch similarity", "pixels")
def patch_similarity(original, augmented):
    """Mean over a 4×4 grid of 1 / (1 + MSE/255²), over RGB: above 0.5, at most 1."""
    errors = grid(squared_difference(original, augmented), 4).mean(axis=1, dtype=np.float64) / CHANNELS
    return float(np.mean(1 / (1 + errors / 255**2)))


@metrics.register("edge_preservation", "Edge preservation", "pixels")
def edge_preservation(original, augmented):
    """1 − mean absolute difference of the edge maps: 0 to 1."""
    return float(1 - np.mean(np.abs(edge_map(original) - edge_map(augmented))))


@metrics.register("detail_preservation", "Detail preservation", "pixels")
def detail_preservation(original, augmented):
    """Mean over an 8×8 grid of exp(−|ln(σ_a/σ_o)|) of the grey values: 0 to 1.

    Only patches with σ_o ≥ 1e-6 count; NaN where none has, as in a uniform image.
    """
    before, after = (grid(grey(image), 8).std(axis=1) for image in (original, augmented))
    return kept_detail(before, after)


@metrics.register("patch_similarity_as_released", "Patch similarity (as released)", "pixels", in_overview=False)
def patch_similarity_as_released(original, augmented):
    """The patch similarity as the seed paper's scripts computed it: differences and squares wrap in 8 bits."""
    wrapped = (original - augmented) ** 2
    return float(np.mean(1 / (1 + grid(wrapped, 4).mean(axis=1) / 255**2)))


def grey(image):
    """0.299 R + 0.587 G + 0.114 B: uint8 (h, w, 3) to float64 (h, w), 0–255."""
    return image.astype(np.float64) @ LUMA


def squared_difference(original, augmented):
    """Sum over the channels: two uint8 (h, w, 3) to float32 (h, w), which holds these whole numbers exactly."""
    difference = cv2.absdiff(original, augmented)
    squared = cv2.multiply(difference, difference, dtype=cv2.CV_32F)
    return cv2.transform(squared, np.ones((1, CHANNELS)))


def edge_strength(image):
    """(|∂x| + |∂y|)/2 of the grey image by central differences: uint8 (h, w, 3) to float64 (h, w)."""
    picture = grey(image)
    down, right = (
        cv2.Sobel(picture, cv2.CV_64F, axis, 1 - axis, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
        for axis in (0, 1)
    )
    # At the border there is but one neighbour, at half the distance.
    down[[0, -1]] *= 2
    right[:, [0, -1]] *= 2
    return (np.abs(down) + np.abs(right)) / 2


def edge_map(image):
    """The edge strength divided by its own maximum: float64 (h, w), 0–1; all zeros for a uniform image."""
    edges = edge_strength(image)
    strongest = edges.max()
    return edges / strongest if strongest > 0 else edges


def kept_detail(before, after):
    """Mean over patches of min/max of their deviations (n,) and (n,); NaN where no patch of the first has texture."""
    textured = before >= SMALLEST_DEVIATION
    if not textured.any():
        return float("nan")
    before, after = before[textured], after[textured]
    return float(np.mean(np.minimum(before, after) / np.maximum(before, after)))


def grid(array, cells):
    """Cut (h, w, …) into cells×cells patches, dropping a remainder: (cells², values per patch)."""
    height, width = array.shape[0] // cells, array.shape[1] // cells
    array = array[: height * cells, : width * cells]
    patches = array.reshape(cells, height, cells, width, -1).swapaxes(1, 2)
    return patches.reshape(cells * cells, -1)
