"""The long table in a Parquet file, written and read one metric of one augmentation at a time, without pandas.

Loading pandas takes as long as joining or summarising the metrics of hundreds of images. pyarrow loads it to convert
arrays of NumPy, so this module gives and takes their memory instead.
"""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io import tables

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ["image_id", "augmentation", "metric", "value"]


class MetricRows(NamedTuple):
    """The rows of the long table with one metric under one augmentation.

    Attributes:
        augmentation, metric: their names.
        image_ids: (N,).
        values: float64 (N,).
    """

    augmentation: str
    metric: str
    image_ids: NDArray[Any]
    values: NDArray[np.float64]


def write(path: str | os.PathLike[str], groups: Iterable[MetricRows]) -> None:
    """Write the long table, with a row group for each of `groups`, at least one, then its checksum."""
    tables.write_parquet_parts(path, map(_as_arrow, groups))


def read(path: str | os.PathLike[str]) -> Iterator[MetricRows]:
    """Yield the rows of the long table in the order in which `write` got them; one group is in memory at a time.

    Raises:
        InputError: as `tables.read_parquet`, or a row group holds several metrics or augmentations, or no numbers.
    """
    file = tables.RowGroups(path)
    for number in range(len(file)):
        group = file.read_arrow(number)
        augmentations, metrics = (group[name].unique().to_pylist() for name in ("augmentation", "metric"))
        if len(augmentations) > 1 or len(metrics) > 1:
            raise InputError(f"{path} is no long table of this project: several metrics share row group {number}")
        if group["value"].null_count or str(group["value"].type) != "double":
            raise InputError(f"{path} is no long table of this project: a value in row group {number} is no number")
        if augmentations:
            image_ids = np.array(group["image_id"].to_pylist(), str)
            values = np.concatenate([_values(chunk) for chunk in group["value"].chunks])
            yield MetricRows(augmentations[0], metrics[0], image_ids, values)


def _as_arrow(group: MetricRows) -> "pa.Table":
    import pyarrow as pa

    count = len(group.values)
    image_ids = [image_id.encode() for image_id in group.image_ids.tolist()]
    places = np.cumsum([0, *map(len, image_ids)], dtype=np.int64)
    columns = [_texts(places, b"".join(image_ids))]
    for name in (group.augmentation.encode(), group.metric.encode()):
        columns.append(_texts(np.arange(count + 1) * len(name), name * count))
    values = [None, pa.py_buffer(group.values.astype(np.float64))]
    return pa.Table.from_arrays([*columns, pa.Array.from_buffers(pa.float64(), count, values)], COLUMNS)


def _texts(places: NDArray[np.int64], data: bytes) -> "pa.Array":
    """Return an array of Arrow with N texts: `data` holds all of them in UTF-8, `places` (N + 1,) where each begins."""
    import pyarrow as pa

    buffers = [None, pa.py_buffer(places), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_string(), len(places) - 1, buffers)


def _values(array: "pa.Array") -> NDArray[np.float64]:
    """Return an array of Arrow, float64 without missing values."""
    return np.frombuffer(array.buffers()[1], np.float64)[array.offset : array.offset + len(array)]
