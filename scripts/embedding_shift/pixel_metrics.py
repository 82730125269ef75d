"""Metrics on pixels: what an augmentation did to the picture itself, one image at a time.

All take two uint8 arrays (size, size, 3), RGB, and return a float.
"""

import numpy as np

from embedding_shift import metrics

LUMA = np.array([0.299, 0.587, 0.114])
SMALLEST_DEVIATION = 1e-6


@metrics.register("patch_similarity", "Patch similarity", "pixels")
def patch_similarity(original, augmented):
    """Mean over a 4×4 grid of 1 / (1 + MSE/255²), over RGB: above 0.5, at most 1."""
    squared = (original.astype(np.float64) - augmented.astype(np.float64)) ** 2
    return float(np.mean(1 / (1 + _grid(squared, 4).mean(axis=1) / 255**2)))


@metrics.register("edge_preservation", "Edge preservation", "pixels")
def edge_preservation(original, augmented):
    """1 − mean absolute difference of the edge maps: 0 to 1."""
    return float(1 - np.mean(np.abs(edge_map(original) - edge_map(augmented))))


@metrics.register("detail_preservation", "Detail preservation", "pixels")
def detail_preservation(original, augmented):
    """Mean over an 8×8 grid of exp(−|ln(σ_a/σ_o)|) of the grey values: 0 to 1.

    Only patches with σ_o ≥ 1e-6 count; NaN where none has, as in a uniform image.
    """
    before = _grid(grey(original), 8).std(axis=1)
    after = _grid(grey(augmented), 8).std(axis=1)
    textured = before >= SMALLEST_DEVIATION
    if not textured.any():
        return float("nan")
    before, after = before[textured], after[textured]
    return float(np.mean(np.minimum(before, after) / np.maximum(before, after)))


@metrics.register("patch_similarity_as_released", "Patch similarity (as released)", "pixels", in_overview=False)
def patch_similarity_as_released(original, augmented):
    """The patch similarity as the seed paper's scripts computed it: differences and squares wrap in 8 bits."""
    wrapped = (original - augmented) ** 2
    return float(np.mean(1 / (1 + _grid(wrapped, 4).mean(axis=1) / 255**2)))


def grey(image):
    """0.299 R + 0.587 G + 0.114 B: uint8 (h, w, 3) to float64 (h, w), 0–255."""
    return image.astype(np.float64) @ LUMA


def edge_strength(image):
    """(|∂x| + |∂y|)/2 of the grey image by central differences: uint8 (h, w, 3) to float64 (h, w)."""
    down, right = np.gradient(grey(image))
    return (np.abs(down) + np.abs(right)) / 2


def edge_map(image):
    """The edge strength divided by its own maximum: float64 (h, w), 0–1; all zeros for a uniform image."""
    edges = edge_strength(image)
    strongest = edges.max()
    return edges / strongest if strongest > 0 else edges


def _grid(array, cells):
    """Cut (h, w, …) into cells×cells patches, dropping a remainder: (cells², values per patch)."""
    height, width = array.shape[0] // cells, array.shape[1] // cells
    array = array[: height * cells, : width * cells]
    patches = array.reshape(cells, height, cells, width, -1).swapaxes(1, 2)
    return patches.reshape(cells * cells, -1)
