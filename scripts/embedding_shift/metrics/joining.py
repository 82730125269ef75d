"""Join files of metrics into the long table, and collect the values that it leaves out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.io import array_files
from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.io.long_table_file import MetricRows
from embedding_shift.metrics import registry

EXCLUSION_COLUMNS = ["image_id", "augmentation", "metric", "reason"]
# Reasons why a metric of each kind may have no finite value.
REASONS = {
    "embedding": "the embedding of the original or of the view is not finite, or has length zero",
    "attention": "the attention map of the original or of the view is not finite",
    "pixels": "no part of the original has any texture to compare",
    "registered_pixels": "with the geometry undone, no pixel or no texture is left to compare",
    "registered_attention": "with the geometry undone, no pixel is left to compare, or an attention map is not finite",
}


class Exclusions(NamedTuple):
    """The images for which a metric under an augmentation has no finite value.

    Attributes:
        augmentation, metric: their names.
        image_ids: (N,).
        reason: why the metric is not defined for them.
    """

    augmentation: str
    metric: str
    image_ids: NDArray[Any]
    reason: str

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield a row of the table of exclusions, with EXCLUSION_COLUMNS, for each image."""
        for image_id in self.image_ids:
            yield self._asdict() | {"image_id": str(image_id)}


def join(
    augmentations: Sequence[str], parts: Sequence[Sequence[str | Path]]
) -> Iterator[tuple[MetricRows, Exclusions]]:
    """Join files of metrics into the long table, one metric of one augmentation at a time.

    Rows whose value is not finite are left out, because the metric is not defined for the image. Tables with a column
    `n` show how many remain.

    Args:
        augmentations: names, in the order of the rows. Within an augmentation the metrics have the order of the
            registry; within a metric the images are sorted.
        parts: for each augmentation, files with the metrics of some images by name.

    Yields:
        The rows, and the images left out.
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


def _split(parts: Sequence[ArrayByImage], metric: registry.Metric, augmentation: str) -> tuple[MetricRows, Exclusions]:
    """Return the rows of one metric of one augmentation whose value is finite, and the other images."""
    image_ids, values = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.argsort(image_ids, kind="stable")
    image_ids, values = image_ids[order], values[order]
    kept = np.isfinite(values)
    excluded = Exclusions(augmentation, metric.name, image_ids[~kept], REASONS[metric.kind])
    return MetricRows(augmentation, metric.name, image_ids[kept], values[kept]), excluded
