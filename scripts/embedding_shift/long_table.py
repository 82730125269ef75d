"""Compute metrics and put them in the long table: `image_id, augmentation, metric, value`."""

from itertools import zip_longest

import numpy as np
import pandas as pd

# The modules of metrics are imported for what they enter in the registry.
from embedding_shift import metrics, pixel_metrics, registered_metrics, shards, shift_metrics  # noqa: F401
from embedding_shift.errors import InputError

COLUMNS = ["image_id", "augmentation", "metric", "value"]
EXCLUSION_COLUMNS = ["image_id", "augmentation", "metric", "reason"]
# Why a metric of each kind may have no finite value.
REASONS = {
    "embedding": "the embedding of the original or of the view is not finite, or has length zero",
    "attention": "the attention map of the original or of the view is not finite",
    "pixels": "no part of the original has any texture to compare",
    "registered_pixels": "with the geometry undone, no pixel or no texture is left to compare",
    "registered_attention": "with the geometry undone, no pixel is left to compare, or an attention map is not finite",
}


def pixel_rows(original_shard, augmented_shard, augmentation, warp_of=None):
    """Return the pixel metrics, registered and not, of every image of two shards that hold the same images.

    Args:
        original_shard, augmented_shard: paths.
        augmentation: its name.
        warp_of: function of a view that returns its geometry.Correspondence; None where no pixel moves.
    """
    rows = []
    for original, augmented in zip_longest(shards.read(original_shard), shards.read(augmented_shard)):
        found, expected = (view.image_id if view else "no more" for view in (augmented, original))
        if found != expected:
            raise InputError(f"{augmented_shard} holds {found!r} where {original_shard} holds {expected!r}")
        for metric, value in pixel_values(original.pixels, augmented, warp_of):
            rows.append((original.image_id, augmentation, metric.name, value))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"value": np.float64})


def pixel_values(original, augmented, warp_of=None):
    """Yield (metric, value) of the pixel metrics, registered and not, of one view.

    Args:
        original: pixels (size, size, 3) of the original.
        augmented: the View.
        warp_of: as of `pixel_rows`.
    """
    values = {metric.name: metric.function(original, augmented.pixels) for metric in metrics.of_kind("pixels")}
    for name, value in values.items():
        yield metrics.REGISTRY[name], value
    correspondence = warp_of(augmented) if warp_of else None
    warped = correspondence.warp(original) if correspondence else None
    for metric in metrics.of_kind("registered_pixels"):
        if correspondence:
            yield metric, metric.function(warped, augmented.pixels, correspondence.valid)
        else:
            yield metric, values[metric.unregistered]


def shift_rows(kind, original, augmented, augmentation):
    """Return the metrics of one kind ("embedding" or "attention"); no rows for an encoder without attention maps.

    Args:
        original: image ids (N,) and array (N, …) of the original views.
        augmented: the same of the augmented views.
        augmentation: its name.
    """
    image_ids, before = original
    augmented_ids, after = augmented
    if not np.array_equal(image_ids, augmented_ids):
        raise InputError(f"the {kind} files of 'original' and {augmentation!r} do not hold the same images")
    parts = [_no_rows()]
    for metric in metrics.of_kind(kind) if _has_values(before) else ():
        values = metric.function(before, after)
        columns = {"image_id": image_ids, "augmentation": augmentation, "metric": metric.name, "value": values}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def registered_attention_rows(original, augmented, augmentation, warp_of):
    """Return the attention metrics with the geometry undone; arguments as of `shift_rows`.

    `warp_of` is a function of an image id that returns its geometry.Correspondence; None where no pixel moves and the
    views are of shift_metrics.ATTENTION_MAP_SIZE, so that the unregistered values are the same.
    """
    image_ids, before = original
    after = augmented[1]
    parts = [_no_rows()]
    for metric in metrics.of_kind("registered_attention") if _has_values(before) else ():
        if warp_of:
            pairs = zip(image_ids, before, after, strict=True)
            values = [metric.function(first, second, warp_of(image_id)) for image_id, first, second in pairs]
        else:
            values = metrics.REGISTRY[metric.unregistered].function(before, after)
        columns = {"image_id": image_ids, "augmentation": augmentation, "metric": metric.name, "value": values}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _has_values(array):
    """Whether each image has any: an encoder without attention maps has arrays of shape (N, 0, 0, 0)."""
    return 0 not in array.shape[1:]


def _no_rows():
    return pd.DataFrame(columns=COLUMNS).astype({"value": np.float64})


def merge(tables, augmentations):
    """Join the parts of the long table, sorted by augmentation and metric (in their own orders), then image.

    Rows whose value is not finite are left out: their metric is not defined for their image, and `n` says so.
    """
    table = pd.concat(tables, ignore_index=True)
    return _in_order(table[np.isfinite(table["value"])], augmentations, COLUMNS)


def exclusions(tables, augmentations):
    """Return what `merge` leaves out, in the same order: data frame with EXCLUSION_COLUMNS.

    Args:
        tables, augmentations: as of `merge`.
    """
    table = pd.concat(tables, ignore_index=True)
    table = table[~np.isfinite(table["value"])]
    reasons = table["metric"].map(lambda name: REASONS[metrics.REGISTRY[name].kind]).astype(object)
    return _in_order(table.assign(reason=reasons), augmentations, EXCLUSION_COLUMNS)


def _in_order(table, augmentations, columns):
    order = pd.DataFrame(
        {
            "augmentation": table["augmentation"].map(augmentations.index),
            "metric": table["metric"].map([metric.name for metric in metrics.in_order()].index),
            "image_id": table["image_id"],
        }
    )
    return table.loc[order.sort_values(list(order)).index, columns].reset_index(drop=True)
