"""The long table `image_id, augmentation, metric, value`, and the table of values that it leaves out."""

from collections.abc import Iterator, Mapping, Sequence
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


def join(
    augmentations: Sequence[str], parts: Sequence[Sequence[str | Path]]
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Join files of metrics into the long table, one metric of one augmentation at a time.

    Rows whose value is not finite are left out, because the metric is not defined for the image. Tables with a column
    `n` show how many remain.

    Args:
        augmentations: names, in the order of the rows. Within an augmentation the metrics have the order of the
            registry; within a metric the images are sorted.
        parts: for each augmentation, files with the metrics of some images by name.

    Yields:
        The rows with COLUMNS, and those left out with EXCLUSION_COLUMNS.
    """
    for augmentation, paths in zip(augmentations, parts, strict=True):
        values: dict[str, list[ArrayByImage]] = {}
        for path in paths:
            arrays = array_files.read(path)
            image_ids = arrays.pop("image_id")
            for name, array in arrays.items():
                values.setdefault(name, []).append((image_ids, array))
        for metric in registry.in_order():
            if metric.name in values:
                yield _split(values.pop(metric.name), metric, augmentation)


def _split(
    parts: Sequence[ArrayByImage], metric: registry.Metric, augmentation: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of one metric of one augmentation, and those whose value is not finite with the reason."""
    image_ids, values = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.argsort(image_ids, kind="stable")
    image_ids, values = image_ids[order], values[order]
    kept = np.isfinite(values)
    # A data frame takes longer to sort and to divide. Without `str`, pandas could not tell the type of empty columns.
    names = {"augmentation": augmentation, "metric": metric.name}
    excluded = _table(image_ids[~kept], **names, reason=REASONS[metric.kind])
    return _table(image_ids[kept], **names).assign(value=values[kept]), excluded


def _table(image_ids: NDArray[Any], **names: str) -> pd.DataFrame:
    """Return a data frame of the image ids (N,) and of columns with the same name in every row."""
    columns = {name: pd.array([value] * len(image_ids), dtype="str") for name, value in names.items()}
    return pd.DataFrame({"image_id": pd.array(image_ids, dtype="str")} | columns)
