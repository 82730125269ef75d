"""Measure stored views. Their records tell how to undo the geometry."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io import array_files, shards
from embedding_shift.metrics import evaluate, registry
from embedding_shift.views import geometry
from embedding_shift.views.view_record import ViewRecord

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


def representation_metrics(
    original: str | Path, augmented: str | Path, augmented_shards: Sequence[str | Path]
) -> tuple[NDArray[np.str_], Values]:
    """Return the embedding and attention metrics, registered and not, of the views in some shards.

    Args:
        original, augmented: array files of the encoder's output for the same images.
        augmented_shards: paths of the shards that hold the augmented views.

    Returns:
        N image ids, and {metric: float64 (N,)}; NaN if a metric is not defined.

    Raises:
        InputError: a file is damaged, or the files do not hold the same images.
    """
    before, after = array_files.read(original), array_files.read(augmented)
    image_ids = before["image_id"]
    records = {image_id: record for path in augmented_shards for image_id, record in shards.read_records(path)}
    for path, found in ((augmented, after["image_id"]), (augmented_shards[0], sorted(records))):
        if list(image_ids) != list(found):
            raise InputError(f"{path} and {original} do not hold the same images")
    correspondences = (geometry.correspondence(ViewRecord.from_json(records[image_id])) for image_id in image_ids)
    unregistered = {
        name: value
        for kind in ("embedding", "attention")
        for name, value in evaluate.of_arrays(kind, before[kind], after[kind]).items()
    }
    registered = evaluate.of_registered_attention(
        before["attention"], after["attention"], correspondences, unregistered
    )
    return image_ids, unregistered | registered
