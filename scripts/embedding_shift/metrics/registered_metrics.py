"""The pixel and attention metrics with the geometry undone.

The original is warped as the view was, and the two are compared over the pixels that show the same part of the scene.
Without a warp each metric equals its unregistered counterpart. A metric is NaN if no pixel is left to compare. An image
that is compared with itself, as after a pure warp (see `Correspondence.undo`), needs no arithmetic to find equality.
"""

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.metrics import pixel_metrics, registry, representation_metrics
from embedding_shift.metrics.pixel_metrics import Pixels
from embedding_shift.views.correspondence import Correspondence

FEWEST_PIXELS = 2
GRADIENT_REACH = np.ones((3, 3), np.uint8)


def constant_by_construction(metric: str, means: Iterable[float]) -> bool:
    """Return whether a metric is constant under some augmentation because that augmentation only moves pixels.

    A registered pixel metric is exactly 1 then. Tests and correlations over augmentations that include such a constant
    describe the definition of the metric and not the images.

    Args:
        metric: its name.
        means: its mean under every augmentation.
    """
    registered = metric in registry.REGISTRY and registry.REGISTRY[metric].kind == "registered_pixels"
    return registered and any(mean == 1 for mean in means)


@registry.register(
    "patch_similarity_registered",
    "Patch similarity, registered",
    "registered_pixels",
    in_overview=False,
    unregistered="patch_similarity",
    sentence="The patch similarity after the original is warped as the view was.",
)
def patch_similarity(original: Pixels, augmented: Pixels, valid: NDArray[np.bool_]) -> float:
    """Return `pixel_metrics.patch_similarity` over the valid pixels of each patch.

    Args:
        original: uint8 (size, size, 3), RGB, warped as the view was.
        augmented: uint8 (size, size, 3), RGB.
        valid: bool (size, size).
    """
    some = pixel_metrics.patch_counts(valid, 4) > 0
    if not some.any():
        return float("nan")
    if original is augmented:
        return 1.0
    errors = pixel_metrics.patch_errors(original, augmented, 4, valid)[some]
    return float(np.mean(1 / (1 + errors / 255**2)))


@registry.register(
    "edge_preservation_registered",
    "Edge preservation, registered",
    "registered_pixels",
    in_overview=False,
    unregistered="edge_preservation",
    sentence="The edge preservation after the original is warped as the view was.",
)
def edge_preservation(original: Pixels, augmented: Pixels, valid: NDArray[np.bool_]) -> float:
    """Return `pixel_metrics.edge_preservation` over the valid pixels whose neighbours are valid as well."""
    # Pixels at the border of the image have no neighbours beyond it, so these do not make them invalid.
    inside = cv2.erode(valid.astype(np.uint8), GRADIENT_REACH, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    if not inside.any():
        return float("nan")
    if original is augmented:
        return 1.0
    before, after = (pixel_metrics.edge_strength(image) for image in (original, augmented))
    return pixel_metrics.kept_edges(before, after, inside)


@registry.register(
    "detail_preservation_registered",
    "Detail preservation, registered",
    "registered_pixels",
    in_overview=False,
    unregistered="detail_preservation",
    sentence="The detail preservation after the original is warped as the view was.",
)
def detail_preservation(original: Pixels, augmented: Pixels, valid: NDArray[np.bool_]) -> float:
    """Return `pixel_metrics.detail_preservation` over the valid pixels of each patch that has at least two."""
    if original is augmented:
        return 1.0 if pixel_metrics.is_textured(original, 8, valid) else float("nan")
    enough = pixel_metrics.patch_counts(valid, 8) >= FEWEST_PIXELS
    before, after = (pixel_metrics.patch_deviations(image, 8, valid)[enough] for image in (original, augmented))
    return pixel_metrics.kept_detail(before, after)


@registry.register(
    "attention_similarity_registered",
    "Attention similarity, registered",
    "registered_attention",
    in_overview=False,
    unregistered="attention_similarity",
    sentence="The attention similarity after the original is warped as the view was.",
)
def attention_similarity(original: NDArray[Any], augmented: NDArray[Any], correspondence: Correspondence) -> float:
    """Return `representation_metrics.attention_similarity` of maps that are scaled and compared over the valid pixels.

    Args:
        original, augmented: attention (heads, rows, cols).
        correspondence: Correspondence of the view, at any size.
    """
    size = representation_metrics.ATTENTION_MAP_SIZE
    correspondence = correspondence.scaled(size)
    if not correspondence.valid.any():
        return float("nan")
    before, after = (
        cv2.resize(attention.astype(np.float64).mean(axis=0), (size, size), interpolation=cv2.INTER_LINEAR)
        for attention in (original, augmented)
    )
    before = correspondence.warp(before)
    before, after = (representation_metrics.scaled(array[correspondence.valid]) for array in (before, after))
    return float(1 / (1 + np.mean((before - after) ** 2)))
