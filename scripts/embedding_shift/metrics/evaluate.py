"""Apply the registered metrics to images and to the output of the encoder: one value per image and metric."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.metrics import registry
from embedding_shift.metrics.pixel_metrics import Pixels
from embedding_shift.views.correspondence import Correspondence


def of_pixels(
    original: Pixels, augmented: Pixels, correspondence: Correspondence | None
) -> Iterator[tuple[registry.Metric, float]]:
    """Yield (metric, value) of the pixel metrics, registered and not, of one view.

    Args:
        original, augmented: uint8 (size, size, 3), RGB.
        correspondence: Correspondence of the view; None if no pixel moved, so that the registered values are the
            unregistered ones.
    """
    values = {metric.name: metric.function(original, augmented) for metric in registry.of_kind("pixels")}
    for name, value in values.items():
        yield registry.REGISTRY[name], value
    warped = correspondence.undo(original, augmented) if correspondence else None
    for metric in registry.of_kind("registered_pixels"):
        if correspondence:
            yield metric, metric.function(warped, augmented, correspondence.valid)
        else:
            yield metric, values[metric.unregistered]


def of_arrays(kind: str, before: NDArray[Any], after: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Return {metric: float64 (N,)} of the metrics of one kind; empty for an encoder without attention maps.

    Args:
        kind: "embedding" or "attention".
        before, after: arrays (N, …) of the original and the augmented views of the same images.
    """
    return {metric.name: metric.function(before, after) for metric in registry.of_kind(kind) if _has_values(before)}


def of_registered_attention(
    before: NDArray[Any],
    after: NDArray[Any],
    correspondences: Iterable[Correspondence | None],
    unregistered: Mapping[str, NDArray[np.float64]],
) -> dict[str, NDArray[np.float64]]:
    """Return {metric: float64 (N,)} of the attention metrics with the geometry undone.

    Args:
        before, after: attention (N, heads, rows, columns) of the original and the augmented views. The result is empty
            for an encoder without attention maps.
        correspondences: the N Correspondences of the views; None for a view in which no pixel moved, so that its
            registered values are the unregistered ones.
        unregistered: {metric: (N,)} of the unregistered metrics.
    """
    if not _has_values(before):
        return {}
    values: dict[str, list[float]] = {metric.name: [] for metric in registry.of_kind("registered_attention")}
    pairs = zip(before, after, correspondences, strict=True)
    for place, (original, augmented, correspondence) in enumerate(pairs):
        for name, column in values.items():
            metric = registry.REGISTRY[name]
            if correspondence:
                column.append(metric.function(original, augmented, correspondence))
            else:
                column.append(float(unregistered[metric.unregistered][place]))
    return {name: np.array(column, dtype=np.float64) for name, column in values.items()}


def _has_values(array: NDArray[Any]) -> bool:
    """Return whether images have values: an encoder without attention maps has arrays of shape (N, 0, 0, 0)."""
    return 0 not in array.shape[1:]
