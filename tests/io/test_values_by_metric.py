"""Tests of the long table by metric: a file gives the same values as the table in memory, also in odd row groups."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from embedding_shift.errors import InputError
from embedding_shift.io import tables
from embedding_shift.io.values_by_metric import LongTable, blocks, by_metric

ROWS = [
    ("b", "noise", "x", 1.0),
    ("a", "noise", "x", 2.0),
    ("a", "blur", "x", 3.0),
    ("a", "noise", "y", 4.0),
    ("c", "blur", "x", 5.0),
    ("b", "blur", "x", 6.0),
]


@pytest.fixture
def table():
    return pd.DataFrame(ROWS, columns=["image_id", "augmentation", "metric", "value"])


@pytest.mark.parametrize("bounds", [[0, 6], [0, 3, 3, 4, 6], [0, 1, 2, 3, 4, 5, 6]])
def test_a_table_is_images_by_augmentations_however_it_is_stored(table, tmp_path, bounds):
    path = tmp_path / "metrics.parquet"
    parts = [pa.Table.from_pandas(table.iloc[start:stop], preserve_index=False) for start, stop in pairwise(bounds)]
    tables.write_parquet_parts(path, parts)
    for values in (by_metric(table), LongTable(path)):
        assert list(values) == ["x", "y"] and len(values) == 2 and "z" not in values
        assert list(values["x"].index) == ["a", "b", "c"] and list(values["x"].columns) == ["noise", "blur"]
        np.testing.assert_array_equal(values["x"].to_numpy(), [[2, 3], [1, 6], [np.nan, 5]])
        assert list(blocks(values, "x").index) == ["a", "b"]
        assert values["y"].to_dict() == {"noise": {"a": 4.0}}
        assert blocks(values, "z").empty


def test_it_is_the_pivot_of_the_table(table):
    for metric, wide in by_metric(table).items():
        rows = table[table["metric"] == metric]
        expected = rows.pivot(index="image_id", columns="augmentation", values="value")[rows["augmentation"].unique()]
        pd.testing.assert_frame_equal(wide, expected, check_exact=True)


def test_a_damaged_table_is_told(table, tmp_path):
    path = tmp_path / "metrics.parquet"
    tables.write_parquet(path, table)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match=r"metrics\.parquet is damaged"):
        LongTable(path)
    assert not path.exists()
