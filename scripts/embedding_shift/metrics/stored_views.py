"""Measure stored views. Their records tell how to undo the geometry."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io import array_files, shards
from embedding_shift.metrics import evaluate, registry
from embedding_shift.views import geometry
from embedding_shift.views.record import ViewRecord

Values = dict[str, NDArray[np.float64]]


def pixel_metrics(original_shard: str | Path, augmented_shard: str | Path) -> tuple[list[str], Values]:
    """Return the pixel metrics, registered and not, of two shards that hold the same images.

    Args:
        original_shard, augmented_shard: paths of the shards.

    Returns:
        N image ids, and {metric: float64 (N,)}; NaN if a metric is not defined.

    Raises:
        InputError: a shard is damaged, or the shards do not hold the same images in the same order.
    """
    names = [metric.name for kind in ("pixels", "registered_pixels") for metric in registry.of_kind(kind)]
    image_ids: list[str] = []
    values: dict[str, list[float]] = {name: [] for name in names}
    for original, view in zip_longest(shards.read(original_shard), shards.read(augmented_shard)):
        found, expected = (one.image_id if one else "no more" for one in (view, original))
        if found != expected:
            raise InputError(f"{augmented_shard} holds {found!r} where {original_shard} holds {expected!r}")
        image_ids.append(original.image_id)
        correspondence = geometry.correspondence(ViewRecord.from_json(view.record))
        for metric, value in evaluate.of_pixels(original.pixels, view.pixels, correspondence):
            values[metric.name].append(value)
    return image_ids, {name: np.array(column, dtype=np.float64) for name, column in values.items()}


def registered_attention(
    image_ids: Sequence[str], before: NDArray[Any], after: NDArray[Any], view_shards: Iterable[str | Path]
) -> Values:
    """Return the attention metrics of one augmentation with the geometry undone: {metric: float64 (N,)}.

    Args:
        image_ids: N image ids.
        before, after: attention (N, heads, rows, columns) of the original and the augmented views.
        view_shards: paths of the shards that hold the augmented views.

    Raises:
        InputError: a shard is damaged, or an image is in none of them.
    """
    records = {image_id: record for path in view_shards for image_id, record in shards.read_records(path)}
    missing = [image_id for image_id in image_ids if image_id not in records]
    if missing:
        raise InputError(f"no view of image {missing[0]!r} in the shards of the augmentation")
    correspondences = (geometry.correspondence(ViewRecord.from_json(records[image_id])) for image_id in image_ids)
    return evaluate.of_registered_attention(before, after, correspondences)


def write(path: str | Path, image_ids: Sequence[str], values: Values, augmentation: str) -> None:
    """Write the metrics of one augmentation as `.npz`; `long_table.read_part` reads it.

    Args:
        path: path of the file.
        image_ids: N image ids.
        values: {metric: float (N,)}.
        augmentation: name of the augmentation.
    """
    array_files.write(path, image_ids, augmentation=np.full(len(image_ids), augmentation), **values)
