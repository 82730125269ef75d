"""The long table `image_id, augmentation, metric, value`, and the table of values that it leaves out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io import array_files
from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.metrics import evaluate, registry

COLUMNS = ["image_id", "augmentation", "metric", "value"]
EXCLUSION_COLUMNS = ["image_id", "augmentation", "metric", "reason"]
# Reasons why a metric of each kind may have no finite value.
REASONS = {
    "embedding": "the embedding of the original or of the view is not finite, or has length zero",
    "attention": "the attention map of the original or of the view is not finite",
    "pixels": "no part of the original has any texture to compare",
    "registered_pixels": "with the geometry undone, no pixel or no texture is left to compare",
    "registered_attention": "with the geometry undone, no pixel is left to compare, or an attention map is not finite",
}


def read_part(path: str | Path) -> pd.DataFrame:
    """Return the rows of a file that `stored_views.write` wrote."""
    arrays = array_files.read(path)
    return rows(arrays.pop("image_id"), arrays, arrays.pop("augmentation"))


def rows(image_ids: NDArray[Any], values: Mapping[str, NDArray[Any]], augmentation: str | NDArray[Any]) -> pd.DataFrame:
    """Return the rows of the long table for one augmentation.

    Args:
        image_ids: (N,).
        values: {metric: (N,)}.
        augmentation: name of the augmentation, once or (N,).
    """
    parts = [
        pd.DataFrame({"image_id": image_ids, "augmentation": augmentation, "metric": metric, "value": column})
        for metric, column in values.items()
    ]
    return pd.concat([pd.DataFrame(columns=COLUMNS).astype({"value": np.float64}), *parts], ignore_index=True)


def shift_rows(kind: str, original: ArrayByImage, augmented: ArrayByImage, augmentation: str) -> pd.DataFrame:
    """Return the rows of the metrics of one kind; none for an encoder without attention maps.

    Args:
        kind: "embedding" or "attention".
        original: image ids (N,) and array (N, …) of the original views.
        augmented: the same of the augmented views.
        augmentation: name of the augmentation.

    Raises:
        InputError: the two do not hold the same images.
    """
    image_ids, before = original
    augmented_ids, after = augmented
    if not np.array_equal(image_ids, augmented_ids):
        raise InputError(f"the {kind} files of 'original' and {augmentation!r} do not hold the same images")
    return rows(image_ids, evaluate.of_arrays(kind, before, after), augmentation)


def merge(tables: Sequence[pd.DataFrame], augmentations: Sequence[str]) -> pd.DataFrame:
    """Join the parts of the long table and sort its rows.

    Rows whose value is not finite are left out, because the metric is not defined for the image. Tables with a column
    `n` show how many remain.

    Args:
        tables: parts of the long table.
        augmentations: names, in the order of the rows. Within an augmentation the metrics have the order of the
            registry; within a metric the images are sorted.
    """
    table = pd.concat(tables, ignore_index=True)
    return _in_order(table[np.isfinite(table["value"])], augmentations, COLUMNS)


def exclusions(tables: Sequence[pd.DataFrame], augmentations: Sequence[str]) -> pd.DataFrame:
    """Return the rows that `merge` leaves out, in the same order, with EXCLUSION_COLUMNS.

    Args:
        tables, augmentations: see `merge`.
    """
    table = pd.concat(tables, ignore_index=True)
    table = table[~np.isfinite(table["value"])]
    reasons = table["metric"].map(lambda name: REASONS[registry.REGISTRY[name].kind]).astype(object)
    return _in_order(table.assign(reason=reasons), augmentations, EXCLUSION_COLUMNS)


def _in_order(table: pd.DataFrame, augmentations: Sequence[str], columns: list[str]) -> pd.DataFrame:
    order = pd.DataFrame(
        {
            "augmentation": table["augmentation"].map(augmentations.index),
            "metric": table["metric"].map([metric.name for metric in registry.in_order()].index),
            "image_id": table["image_id"],
        }
    )
    sorted_rows = order.sort_values(["augmentation", "metric", "image_id"]).index
    return table.loc[sorted_rows][columns].reset_index(drop=True)
