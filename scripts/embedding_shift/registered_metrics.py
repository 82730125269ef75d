"""The pixel and attention metrics once the geometry is undone.

The original is warped as the view was, and the two are compared over the pixels that show the same part of the
scene; without a warp each metric equals its unregistered counterpart (that of attention where the views have the
size at which shift_metrics compares maps). NaN where no pixel is left to compare.
"""

import cv2
import numpy as np

from embedding_shift import metrics, pixel_metrics, shift_metrics

FEWEST_PIXELS = 2
GRADIENT_REACH = np.ones((3, 3), np.uint8)


@metrics.register(
    "patch_similarity_registered",
    "Patch similarity, registered",
    "registered_pixels",
    in_overview=False,
    unregistered="patch_similarity",
)
def patch_similarity(original, augmented, valid):
    """As pixel_metrics.patch_similarity, over the valid pixels of each patch.

    Args:
        original: uint8 (size, size, 3), RGB, warped as the view was.
        augmented: uint8 (size, size, 3), RGB.
        valid: bool (size, size).
    """
    errors = pixel_metrics.grid(pixel_metrics.squared_difference(original, augmented), 4)
    inside = pixel_metrics.grid(valid, 4)
    some = inside.any(axis=1)
    if not some.any():
        return float("nan")
    errors = errors[some].mean(axis=1, dtype=np.float64, where=inside[some]) / pixel_metrics.CHANNELS
    return float(np.mean(1 / (1 + errors / 255**2)))


@metrics.register(
    "edge_preservation_registered",
    "Edge preservation, registered",
    "registered_pixels",
    in_overview=False,
    unregistered="edge_preservation",
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
    "detail_preservation_registered",
    "Detail preservation, registered",
    "registered_pixels",
    in_overview=False,
    unregistered="detail_preservation",
)
def detail_preservation(original, augmented, valid):
    """As pixel_metrics.detail_preservation, over the valid pixels of each patch that has at least two."""
    inside = pixel_metrics.grid(valid, 8)
    enough = inside.sum(axis=1) >= FEWEST_PIXELS
    before, after = (
        pixel_metrics.grid(pixel_metrics.grey(image), 8)[enough].std(axis=1, where=inside[enough])
        for image in (original, augmented)
    )
    return pixel_metrics.kept_detail(before, after)


@metrics.register(
    "attention_similarity_registered",
    "Attention similarity, registered",
    "registered_attention",
    in_overview=False,
    unregistered="attention_similarity",
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
