"""The long table, `image_id, augmentation, metric, value`, and what it leaves out."""

import numpy as np
import pandas as pd

from embedding_shift.errors import InputError
from embedding_shift.io import array_files
from embedding_shift.metrics import evaluate, registry

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


def read_part(path):
    """Return the rows of a file that `measurement.write` wrote."""
    arrays = array_files.read(path)
    return rows(arrays.pop("image_id"), arrays, arrays.pop("augmentation"))


def rows(image_ids, values, augmentation):
    """Return the rows of the long table for one augmentation.

    Args:
        image_ids: (N,)
        values: {metric: (N,)}
        augmentation: its name, once or (N,).
    """
    parts = [
        pd.DataFrame({"image_id": image_ids, "augmentation": augmentation, "metric": metric, "value": column})
        for metric, column in values.items()
    ]
    return pd.concat([pd.DataFrame(columns=COLUMNS).astype({"value": np.float64}), *parts], ignore_index=True)


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
    return rows(image_ids, evaluate.of_arrays(kind, before, after), augmentation)


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
    reasons = table["metric"].map(lambda name: REASONS[registry.REGISTRY[name].kind]).astype(object)
    return _in_order(table.assign(reason=reasons), augmentations, EXCLUSION_COLUMNS)


def _in_order(table, augmentations, columns):
    order = pd.DataFrame(
        {
            "augmentation": table["augmentation"].map(augmentations.index),
            "metric": table["metric"].map([metric.name for metric in registry.in_order()].index),
            "image_id": table["image_id"],
        }
    )
    return table.loc[order.sort_values(list(order)).index, columns].reset_index(drop=True)
