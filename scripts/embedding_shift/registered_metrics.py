"""The pixel and attention metrics once the geometry is undone.

The original is warped as the view was, and the two are compared over the pixels that show the same part of the
scene; without a warp each metric equals its unregistered counterpart. NaN where no pixel is left to compare.
"""

import cv2
import numpy as np

from embedding_shift import metrics, pixel_metrics, shift_metrics

FEWEST_PIXELS = 2
GRADIENT_REACH = np.ones((3, 3), np.uint8)


@metrics.register("patch_similarity_registered", "Patch similarity, registered", "registered_pixels", in_overview=False)
def patch_similarity(original, augmented, valid):
    """As pixel_metrics.patch_similarity, over the valid pixels of each patch.

    Args:
        original: uint8 (size, size, 3), RGB, warped as the view was.
        augmented: uint8 (size, size, 3), RGB.
        valid: bool (size, size).
    """
    squared = (original.astype(np.float64) - augmented.astype(np.float64)) ** 2
    similarities = [
        1 / (1 + patch[inside].mean() / 255**2)
        for patch, inside in zip(_patches(squared, 4), _patches(valid, 4), strict=True)
        if inside.any()
    ]
    return float(np.mean(similarities)) if similarities else float("nan")


@metrics.register(
    "edge_preservation_registered", "Edge preservation, registered", "registered_pixels", in_overview=False
)
def edge_preservation(original, augmented, valid):
    """As pixel_metrics.edge_preservation, over the pixels whose neighbours are valid too."""
    # Beyond the picture's border lies nothing that a gradient would reach.
    inside = cv2.erode(valid.astype(np.uint8), GRADIENT_REACH, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    if not inside.any():
        return float("nan")
    before, after = (_edges(image, inside) for image in (original, augmented))
    return float(1 - np.mean(np.abs(before - after)))


@metrics.register(
    "detail_preservation_registered", "Detail preservation, registered", "registered_pixels", in_overview=False
)
def detail_preservation(original, augmented, valid):
    """As pixel_metrics.detail_preservation, over the valid pixels of each patch that has at least two."""
    before, after = (pixel_metrics.grey(image) for image in (original, augmented))
    ratios = []
    for first, second, inside in zip(_patches(before, 8), _patches(after, 8), _patches(valid, 8), strict=True):
        if inside.sum() < FEWEST_PIXELS:
            continue
        deviations = first[inside].std(), second[inside].std()
        if deviations[0] >= pixel_metrics.SMALLEST_DEVIATION:
            ratios.append(min(deviations) / max(deviations))
    return float(np.mean(ratios)) if ratios else float("nan")


@metrics.register(
    "attention_similarity_registered", "Attention similarity, registered", "registered_attention", in_overview=False
)
def attention_similarity(original, augmented, correspondence):
    """As shift_metrics.attention_similarity, the maps scaled and compared over the valid pixels.

    Args:
        original, augmented: attention (heads, rows, cols).
        correspondence: geometry.Correspondence of the view, at any size.
    """
    size = correspondence.valid.shape[::-1]
    if not correspondence.valid.any():
        return float("nan")
    before, after = (
        cv2.resize(attention.astype(np.float64).mean(axis=0), size, interpolation=cv2.INTER_LINEAR)
        for attention in (original, augmented)
    )
    before = correspondence.warp(before)
    before, after = (shift_metrics.scaled(array[correspondence.valid]) for array in (before, after))
    return float(1 / (1 + np.mean((before - after) ** 2)))


def _edges(image, inside):
    edges = pixel_metrics.edge_strength(image)[inside]
    strongest = edges.max()
    return edges / strongest if strongest > 0 else edges


def _patches(array, cells):
    """Yield cells×cells patches of (h, w, …), row by row, dropping a remainder."""
    height, width = array.shape[0] // cells, array.shape[1] // cells
    for row in range(cells):
        for column in range(cells):
            yield array[row * height : (row + 1) * height, column * width : (column + 1) * width]
