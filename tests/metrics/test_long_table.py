"""Tests of the long table: files of metrics are joined in order, and no value is lost without a reason."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_shift.io import array_files, tables
from embedding_shift.metrics import long_table, registry

PIXELS = ("patch_similarity", "edge_preservation")
REPRESENTATION = ("cosine_similarity", "attention_similarity_registered")
AUGMENTATIONS = ["noise", "blur"]


def write_parts(folder, shards, value):
    """Write the metrics of every augmentation and shard; return the paths per augmentation."""
    parts = []
    for augmentation in AUGMENTATIONS:
        paths = []
        for names in (REPRESENTATION, PIXELS):
            for number, image_ids in enumerate(shards):
                paths.append(folder / augmentation / f"{names[0]}{number}.npz")
                columns = {name: [value(augmentation, name, image_id) for image_id in image_ids] for name in names}
                array_files.write(paths[-1], image_ids, **{name: np.array(c, float) for name, c in columns.items()})
        parts.append(paths)
    return parts


def joined(parts):
    kept, excluded = zip(*long_table.join(AUGMENTATIONS, parts), strict=True)
    return pd.concat(kept, ignore_index=True), pd.concat(excluded, ignore_index=True)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), unique=True, max_size=4), min_size=1, max_size=3))
def test_every_value_is_kept_or_excluded_with_a_reason(tmp_path_factory, numbers):
    shards = [[f"{shard}-{number}" for number in part] for shard, part in enumerate(numbers)]
    values = {}

    def value(*key):
        return values.setdefault(key, [np.nan, np.inf, *range(len(values))][hash(key) % (len(values) + 2)])

    kept, excluded = joined(write_parts(tmp_path_factory.mktemp("parts"), shards, value))
    assert list(kept.columns) == long_table.COLUMNS and list(excluded.columns) == long_table.EXCLUSION_COLUMNS
    found = {(row.augmentation, row.metric, row.image_id): row.value for row in kept.itertuples()}
    assert found == {key: one for key, one in values.items() if np.isfinite(one)}
    left_out = [(row.augmentation, row.metric, row.image_id) for row in excluded.itertuples()]
    assert sorted(left_out) == sorted(key for key, one in values.items() if not np.isfinite(one))
    assert all(excluded["reason"].str.len() > 20)


def test_rows_are_in_order_whatever_the_shards(tmp_path):
    ids = ["b", "d", "a", "c"]

    def value(augmentation, name, image_id):
        return AUGMENTATIONS.index(augmentation) * 100 + ids.index(image_id)

    one = joined(write_parts(tmp_path / "one", [ids], value))[0]
    two = joined(write_parts(tmp_path / "two", [ids[1:], ids[:1]], value))[0]
    pd.testing.assert_frame_equal(one, two)
    metrics = [metric.name for metric in registry.in_order() if metric.name in PIXELS + REPRESENTATION]
    assert list(one["metric"]) == [name for name in metrics for _ in ids] * len(AUGMENTATIONS)
    assert list(one["image_id"]) == sorted(ids) * len(metrics) * len(AUGMENTATIONS)
    assert list(one["augmentation"].unique()) == AUGMENTATIONS


def test_a_table_written_in_parts_reads_as_one(tmp_path):
    ids = [f"image{number}" for number in range(50)]
    parts = write_parts(tmp_path, [ids], lambda *key: len(key[2]) if key[1] != "patch_similarity" else np.nan)
    tables.write_parquet_parts(
        tmp_path / "metrics.parquet", (kept for kept, _ in long_table.join(AUGMENTATIONS, parts))
    )
    found = tables.read_parquet([tmp_path / "metrics.parquet"])
    pd.testing.assert_frame_equal(found, joined(parts)[0])
    assert found["value"].dtype == np.float64
    assert isinstance(found["image_id"].dtype, pd.StringDtype)


@pytest.mark.parametrize("metric", PIXELS)
def test_no_row_of_a_metric_without_values(tmp_path, metric):
    parts = write_parts(tmp_path, [["a"]], lambda _, name, __: np.nan if name == metric else 1.0)
    kept, excluded = joined(parts)
    assert metric not in set(kept["metric"]) and set(excluded["metric"]) == {metric}
