"""Rows of the long table `image_id, augmentation, metric, value`, as data frames."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.io.long_table_file import COLUMNS
from embedding_shift.metrics import evaluate


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
