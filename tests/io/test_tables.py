"""CSV and Parquet tables: what is read is what was written, and damage is found with and without the checksum file."""

import hashlib
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from embedding_shift.errors import InputError
from embedding_shift.io import checksums, tables

FRAME = pd.DataFrame(
    {
        "image_id": [f"image{number:04d}" for number in range(500)],
        "augmentation": ["noise", "blur"] * 250,
        "value": np.random.default_rng(0).normal(size=500),
        "n": np.arange(500),
    }
)


@pytest.fixture
def path(tmp_path):
    tables.write_parquet(tmp_path / "table.parquet", FRAME)
    return tmp_path / "table.parquet"


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


def test_a_table_comes_back_with_its_values_order_and_types(path):
    pd.testing.assert_frame_equal(tables.read_parquet([path]), FRAME, check_exact=True)
    pd.testing.assert_frame_equal(tables.read_parquet([path, path]), pd.concat([FRAME, FRAME], ignore_index=True))


def test_parts_are_read_one_by_one(path):
    parts = (pa.Table.from_pandas(part, preserve_index=False) for part in (FRAME[:1], FRAME[1:]))
    tables.write_parquet_parts(path, parts)
    parts = tables.read_parquet_parts(path)
    pd.testing.assert_frame_equal(next(parts), FRAME[:1], check_exact=True)
    pd.testing.assert_frame_equal(next(parts).reset_index(drop=True), FRAME[1:].reset_index(drop=True))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="damaged"):
        list(tables.read_parquet_parts(path))


def test_the_checksum_beside_it_has_the_format_of_sha256sum(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert checksums.path_of(path).read_text() == f"{digest}  table.parquet\n"
    tables.write_parquet(path, FRAME[:3])
    assert len(tables.read_parquet([path])) == 3


@pytest.mark.parametrize("part", ["magic", "page", "footer", "footer length"])
def test_a_flipped_bit_is_found_and_the_file_deleted_with_its_checksum(path, part):
    size = path.stat().st_size
    footer = 8 + parquet.read_metadata(path).serialized_size
    flip(path, {"magic": 0, "page": size // 3, "footer": size - footer // 2, "footer length": size - 6}[part])
    with pytest.raises(InputError, match=r"table\.parquet is damaged: .*It was deleted; run again\."):
        tables.read_parquet([path])
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("size", [0, 3, 200, -1])
def test_a_cut_file_is_found(path, size):
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(InputError, match="is damaged"):
        tables.read_parquet([path])


def test_an_empty_checksum_agrees_with_nothing(path):
    checksums.path_of(path).write_text("")
    with pytest.raises(InputError, match="does not agree with its checksum"):
        tables.read_parquet([path])


def test_a_file_that_was_copied_alone_is_read_and_its_pages_are_checked(path, tmp_path):
    copied = tmp_path / "copied.parquet"
    shutil.copy(path, copied)
    pd.testing.assert_frame_equal(tables.read_parquet([copied]), FRAME)
    chunk = parquet.read_metadata(copied).row_group(0).column(2)
    flip(copied, chunk.data_page_offset + chunk.total_compressed_size // 2)
    with pytest.raises(InputError, match=r"copied\.parquet is damaged: .*(CRC|corrupt)"):
        tables.read_parquet([copied])


def test_a_file_of_another_program_is_read(tmp_path):
    parquet.write_table(pa.table({"value": [1.5, 2.5]}), tmp_path / "other.parquet")
    assert tables.read_parquet([tmp_path / "other.parquet"])["value"].tolist() == [1.5, 2.5]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*absent\.parquet"):
        tables.read_parquet([tmp_path / "absent.parquet"])


def test_names_in_csv_are_text_whatever_they_look_like(tmp_path):
    path = tmp_path / "table.csv"
    frame = pd.DataFrame(
        {
            "augmentation": ["nan", "null", "blur"],
            "image_id": ["007", "NA", "1e5"],
            "value": [0.5, None, 0.1],
            "reason": ["undefined", "", "n/a"],
        }
    )
    tables.write_csv(path, frame)
    found = tables.read_csv(path)
    assert found[["augmentation", "image_id"]].to_dict() == frame[["augmentation", "image_id"]].to_dict()
    assert found["value"].isna().tolist() == [False, True, False] and found["value"].dtype == float
    assert found["reason"].isna().tolist() == [False, True, False]


def test_a_csv_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*nothing\.csv"):
        tables.read_csv(tmp_path / "nothing.csv")
