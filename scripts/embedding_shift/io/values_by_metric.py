"""The long table by metric: images × augmentations. A table in a file is read one metric at a time."""

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike

import pandas as pd

from embedding_shift.io.tables import RowGroups

# {metric: images (rows, sorted) × augmentations (columns, in the order of the long table)}; NaN where it is undefined.
Values = Mapping[str, pd.DataFrame]


class LongTable(Mapping[str, pd.DataFrame]):
    """The Values of a long table in a file, in its order. Only the metric that is asked for is read."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Find the metrics of the table at `path`.

        Raises:
            InputError: as `tables.read_parquet`, also when a metric is read.
        """
        self._file = RowGroups(path)
        self._groups: dict[str, list[int]] = {}
        for group in range(len(self._file)):
            for metric in self._file.read(group, ["metric"])["metric"].unique():
                self._groups.setdefault(str(metric), []).append(group)

    def __getitem__(self, metric: str) -> pd.DataFrame:
        parts = (self._file.read(group) for group in self._groups[metric])
        return _wide(part[part["metric"] == metric] for part in parts)

    def __contains__(self, metric: object) -> bool:
        return metric in self._groups

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)


def by_metric(long_table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the Values of a long table in memory, in its order."""
    return {str(metric): _wide([rows]) for metric, rows in long_table.groupby("metric", sort=False)}


def blocks(values: Values, metric: str) -> pd.DataFrame:
    """Return the values of a metric for the images that have one for every augmentation; empty without the metric."""
    return values[metric].dropna() if metric in values else pd.DataFrame()


def _wide(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of one metric as images × augmentations."""
    columns: dict[str, list[pd.Series]] = {}
    for part in parts:
        for augmentation, rows in part.groupby("augmentation", sort=False):
            columns.setdefault(str(augmentation), []).append(rows.set_index("image_id")["value"])
    wide = pd.DataFrame({name: pd.concat(some) if len(some) > 1 else some[0] for name, some in columns.items()})
    return wide.sort_index().rename_axis(index="image_id", columns="augmentation")
