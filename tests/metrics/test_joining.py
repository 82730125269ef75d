"""Tests of the long table: files of metrics are joined in order, and no value is lost without a reason."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline import PROJECT

from embedding_shift.errors import InputError
from embedding_shift.io import array_files, long_table_file, tables
from embedding_shift.io.long_table_file import MetricRows
from embedding_shift.metrics import joining, registry

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
    """Return the long table and the table of exclusions, as the script writes them."""
    kept, excluded = zip(*joining.join(AUGMENTATIONS, parts), strict=True)
    long_table_file.write(parts[0][0].with_suffix(".parquet"), kept)
    rows = pd.DataFrame(
        [row for exclusions in excluded for row in exclusions.rows()], columns=joining.EXCLUSION_COLUMNS
    )
    return tables.read_parquet([parts[0][0].with_suffix(".parquet")]), rows


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), unique=True, max_size=4), min_size=1, max_size=3))
def test_every_value_is_kept_or_excluded_with_a_reason(tmp_path_factory, numbers):
    shards = [[f"{shard}-{number}" for number in part] for shard, part in enumerate(numbers)]
    values = {}

    def value(*key):
        return values.setdefault(key, [np.nan, np.inf, *range(len(values))][hash(key) % (len(values) + 2)])

    kept, excluded = joined(write_parts(tmp_path_factory.mktemp("parts"), shards, value))
    assert list(kept.columns) == long_table_file.COLUMNS
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


def test_the_table_has_the_types_of_its_columns_also_where_a_part_is_empty(tmp_path):
    ids = [f"image{number}" for number in range(50)]
    parts = write_parts(tmp_path, [ids], lambda *key: len(key[2]) if key[1] != "patch_similarity" else np.nan)
    found = joined(parts)[0]
    assert len(found) == 50 * 2 * 3
    assert found["value"].dtype == np.float64
    assert all(isinstance(found[name].dtype, pd.StringDtype) for name in ("image_id", "augmentation", "metric"))


def test_rows_come_back_by_metric(tmp_path):
    groups = [
        MetricRows("noise", "a", np.array(["007", "größe"]), np.array([0.1, -1e-300])),
        MetricRows("noise", "b", np.array([], str), np.array([])),
        MetricRows("nan", "a", np.array(["nan"]), np.array([2.0])),
    ]
    long_table_file.write(tmp_path / "metrics.parquet", groups)
    found = list(long_table_file.read(tmp_path / "metrics.parquet"))
    assert [group[:2] for group in found] == [("noise", "a"), ("nan", "a")]  # nothing to read of an empty group
    for group, expected in zip(found, (groups[0], groups[2]), strict=True):
        assert list(group.image_ids) == list(expected.image_ids)
        np.testing.assert_array_equal(group.values, expected.values)


def test_a_table_in_other_parts_is_refused(tmp_path):
    rows = [("a", "noise", "x", 1.0), ("b", "noise", "y", 2.0)]
    tables.write_parquet(tmp_path / "metrics.parquet", pd.DataFrame(rows, columns=long_table_file.COLUMNS))
    with pytest.raises(InputError, match="several metrics share row group 0"):
        list(long_table_file.read(tmp_path / "metrics.parquet"))


WITHOUT_PANDAS = """
import sys
import {script}
sys.argv = {arguments}
{script}.main()
assert "pandas" not in sys.modules
"""


def test_metrics_are_joined_and_summarised_without_loading_pandas(tmp_path):
    """The scripts run to their end, because pyarrow loads pandas when it converts an array of NumPy."""
    paths = write_parts(tmp_path, [["a", "b"], ["c"]], lambda *key: np.nan if key[2] == "b" else len(key[1]))
    pixels = [path for some in paths for path in some[2:]]
    representation = [path for some in paths for path in some[:2]]
    table = tmp_path / "metrics.parquet"
    options = {
        "compute_metrics": {
            "augmentations": AUGMENTATIONS,
            "pixel-metrics": pixels,
            "representation-metrics": representation,
            "output": [table],
            "exclusions": [tmp_path / "exclusions.csv"],
        },
        "summarise_metrics": {
            "metrics": [table],
            "resamples": [20],
            "confidence": [0.9],
            "seed": [1],
            "output": [tmp_path / "summary.csv"],
        },
    }
    for script, values_by_name in options.items():
        words = [str(word) for name, values in values_by_name.items() for word in (f"--{name}", *values)]
        code = WITHOUT_PANDAS.format(script=script, arguments=[script, *words])
        subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT / "scripts")
    assert set(tables.read_csv(tmp_path / "exclusions.csv")["image_id"]) == {"b"}
    assert (tables.read_csv(tmp_path / "summary.csv")["n"] == 2).all()


@pytest.mark.parametrize("metric", PIXELS)
def test_no_row_of_a_metric_without_values(tmp_path, metric):
    parts = write_parts(tmp_path, [["a"]], lambda _, name, __: np.nan if name == metric else 1.0)
    kept, excluded = joined(parts)
    assert metric not in set(kept["metric"]) and set(excluded["metric"]) == {metric}
