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
