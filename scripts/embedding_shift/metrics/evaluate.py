"""Apply the registered metrics to views and to what the encoder made of them: one value per image and metric."""

from itertools import zip_longest

import numpy as np

from embedding_shift.errors import InputError

# The modules of metrics are imported for what they enter in the registry.
from embedding_shift.io import array_files, shards
from embedding_shift.metrics import registry


def write(path, image_ids, values, augmentation):
    """Write metrics of one augmentation as `.npz`, on their way to the long table.

    Args:
        path: where to.
        image_ids: (N,)
        values: {metric: float (N,)}
        augmentation: its name.
    """
    array_files.write(path, image_ids, augmentation=np.full(len(image_ids), augmentation), **values)


def of_shards(original_shard, augmented_shard, warp_of=None):
    """Return the pixel metrics, registered and not, of two shards that hold the same images.

    Args:
        original_shard, augmented_shard: paths.
        warp_of: function of a view that returns its geometry.Correspondence; None where no pixel moves.

    Returns:
        image ids (list of N) and {metric: float64 (N,)}, NaN where a metric is not defined.
    """
    names = [metric.name for kind in ("pixels", "registered_pixels") for metric in registry.of_kind(kind)]
    image_ids, values = [], {name: [] for name in names}
    for original, augmented in zip_longest(shards.read(original_shard), shards.read(augmented_shard)):
        found, expected = (view.image_id if view else "no more" for view in (augmented, original))
        if found != expected:
            raise InputError(f"{augmented_shard} holds {found!r} where {original_shard} holds {expected!r}")
        image_ids.append(original.image_id)
        for metric, value in of_pixels(original.pixels, augmented, warp_of):
            values[metric.name].append(value)
    return image_ids, {name: np.array(column, dtype=np.float64) for name, column in values.items()}


def of_pixels(original, augmented, warp_of=None):
    """Yield (metric, value) of the pixel metrics, registered and not, of one view.

    Args:
        original: pixels (size, size, 3) of the original.
        augmented: the View.
        warp_of: as of `of_shards`.
    """
    values = {metric.name: metric.function(original, augmented.pixels) for metric in registry.of_kind("pixels")}
    for name, value in values.items():
        yield registry.REGISTRY[name], value
    correspondence = warp_of(augmented) if warp_of else None
    warped = correspondence.undo(original, augmented.pixels) if correspondence else None
    for metric in registry.of_kind("registered_pixels"):
        if correspondence:
            yield metric, metric.function(warped, augmented.pixels, correspondence.valid)
        else:
            yield metric, values[metric.unregistered]


def of_arrays(kind, before, after):
    """Return {metric: float (N,)} of the metrics of one kind; none for an encoder without attention maps.

    Args:
        kind: "embedding" or "attention".
        before, after: arrays (N, …) of the same images' original and augmented views.
    """
    return {metric.name: metric.function(before, after) for metric in registry.of_kind(kind) if _has_values(before)}


def of_registered_attention(image_ids, before, after, warp_of):
    """Return {metric: float64 (N,)} of the attention metrics with the geometry undone; none without attention maps.

    Args:
        image_ids: (N,)
        before, after: attention (N, heads, rows, columns) of the original and of the augmented views.
        warp_of: function of an image id that returns its geometry.Correspondence; None where no pixel moves, so that
            the unregistered values are the same.
    """
    registered = registry.of_kind("registered_attention") if _has_values(before) else []
    if not warp_of:
        return {metric.name: registry.REGISTRY[metric.unregistered].function(before, after) for metric in registered}
    values = {metric.name: [] for metric in registered}
    for image_id, first, second in zip(image_ids, before, after, strict=True) if registered else ():
        warp = warp_of(image_id)
        for metric in registered:
            values[metric.name].append(metric.function(first, second, warp))
    return {name: np.array(column, dtype=np.float64) for name, column in values.items()}


def _has_values(array):
    """Whether each image has any: an encoder without attention maps has arrays of shape (N, 0, 0, 0)."""
    return 0 not in array.shape[1:]
