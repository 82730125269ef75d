"""Tests of array files."""

import zipfile

import numpy as np
import pytest

from embedding_shift.errors import InputError
from embedding_shift.io import array_files


def test_a_file_cut_off_anywhere_is_rejected(tmp_path):
    path = tmp_path / "encoded.npz"
    array_files.write(path, ["a", "b"], embedding=np.ones((2, 3), np.float32))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="damaged"):
            array_files.read(path)
        assert not path.exists()


def test_a_file_of_another_program_has_no_checksum(tmp_path):
    path = tmp_path / "encoded.npz"
    np.savez(path, image_id=np.array(["a", "b"]), embedding=np.ones((2, 3), np.float32))
    assert zipfile.ZipFile(path).comment == b""
    np.testing.assert_array_equal(array_files.read(path)["embedding"], np.ones((2, 3)))


@pytest.fixture
def parts(tmp_path):
    """Files of 0, 40 and 30 images, whose ids alternate, and their ids and arrays."""
    generator = np.random.default_rng(0)
    image_ids = generator.permutation([f"image{number}" for number in range(70)])
    array = generator.normal(size=(70, 2, 3)).astype(np.float32)
    for number, part in enumerate((slice(0, 0), slice(0, 40), slice(40, 70))):
        array_files.write(tmp_path / f"{number}.npz", image_ids[part], embedding=array[part], other=array[part])
    return [tmp_path / f"{number}.npz" for number in range(3)], image_ids, array


@pytest.mark.parametrize("rows_at_once", [1, 7, 1000])
def test_merged_files_are_those_that_would_be_written_at_once(parts, tmp_path, monkeypatch, rows_at_once):
    paths, image_ids, array = parts
    monkeypatch.setattr(array_files, "MERGED_BYTES", rows_at_once * array[0].nbytes)
    array_files.merge(tmp_path / "merged.npz", paths, "embedding")
    array_files.write(tmp_path / "at_once.npz", image_ids, embedding=array)
    assert (tmp_path / "merged.npz").read_bytes() == (tmp_path / "at_once.npz").read_bytes()


def test_arrays_without_numbers_are_merged(tmp_path):
    """As the attention of an encoder without a map."""
    array_files.write(tmp_path / "a.npz", ["a", "b"], attention=np.zeros((2, 0, 0, 0), np.float32))
    array_files.merge(tmp_path / "merged.npz", [tmp_path / "a.npz"], "attention")
    assert (tmp_path / "merged.npz").read_bytes() == (tmp_path / "a.npz").read_bytes()
    _, rows = array_files.open_rows(tmp_path / "merged.npz", "attention")
    assert rows[:1].shape == (1, 0, 0, 0) and rows[5:].shape == (0, 0, 0, 0)


def test_some_rows_are_read_without_the_others(parts):
    paths, image_ids, array = parts
    stored_ids, rows = array_files.open_rows(paths[2], "embedding")
    order = np.argsort(image_ids[40:])
    assert stored_ids.tolist() == image_ids[40:][order].tolist()
    assert (rows.shape, rows.dtype, len(rows)) == ((30, 2, 3), np.float32, 30)
    for some in (slice(0, 3), slice(29, 40), slice(None), slice(5, 5)):
        np.testing.assert_array_equal(rows[some], array[40:][order][some])
    chosen = [*image_ids[[50, 41]], "of another file"]
    selected_ids, selected = array_files.read_selected(paths[2], "embedding", chosen)
    assert selected_ids.tolist() == sorted(chosen[:2])
    np.testing.assert_array_equal(selected, array[[50, 41]][np.argsort(chosen[:2])])
    assert array_files.read_selected(paths[2], "embedding", [])[1].shape == (0, 2, 3)


def test_a_damaged_part_is_not_merged(parts, tmp_path):
    paths, _, _ = parts
    content = bytearray(paths[1].read_bytes())
    content[len(content) // 2] ^= 1
    paths[1].write_bytes(content)
    with pytest.raises(InputError, match=r"1\.npz is damaged"):
        array_files.merge(tmp_path / "merged.npz", paths, "embedding")
    assert not paths[1].exists() and not (tmp_path / "merged.npz").exists()


def test_compressed_rows_are_refused(tmp_path):
    path = tmp_path / "encoded.npz"
    np.savez_compressed(path, image_id=np.array(["a"]), embedding=np.ones((1, 3), np.float32))
    with pytest.raises(InputError, match="compressed or transposed"):
        array_files.open_rows(path, "embedding")
    assert path.exists()
