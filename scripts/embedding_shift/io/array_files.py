"""Read and write arrays with one row per image as `.npz`: embeddings, attention maps, and metrics of one view.

The comment of the archive holds the SHA-256 of the rest of the file, which is checked on every read. An archive without
a comment comes from another program; the checksums of its members are checked instead.
"""

import hashlib
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from embedding_shift.errors import InputError
from embedding_shift.io import atomic

# The last record of a ZIP archive, without its comment (PKWARE's APPNOTE, section 4.3.16).
END_RECORD_SIZE = 22
END_RECORD_SIGNATURE = b"PK\5\6"
NO_CHECKSUM = b"0" * 64  # takes the place of the checksum while it is computed
BLOCK_SIZE = 2**20

ArrayByImage = tuple[NDArray[Any], NDArray[Any]]  # image ids (N,) and an array (N, …)


def write(path: str | Path, image_ids: Sequence[str] | NDArray[np.str_], **arrays: ArrayLike) -> None:
    """Write `image_id` and the named arrays, with the first axis sorted by image id.

    The same ids and arrays give the same bytes.

    Args:
        path: file to write.
        image_ids: N image ids.
        arrays: arrays (N, …) by name.
    """
    order = np.argsort(np.asarray(image_ids, dtype=str), kind="stable")
    columns: dict[str, ArrayLike] = {"image_id": np.asarray(image_ids, dtype=str)} | arrays
    with atomic.whole(path) as temporary:
        np.savez(temporary, allow_pickle=False, **{name: np.asarray(array)[order] for name, array in columns.items()})
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.comment = NO_CHECKSUM
        checksum = _sha256_without_comment(temporary)
        with open(temporary, "r+b") as file:
            file.seek(-len(checksum), os.SEEK_END)
            file.write(checksum)


def read(path: str | Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file by name.

    Raises:
        InputError: the file does not exist, is damaged or holds Python objects. A damaged file is deleted, so that a
            rerun makes it again.
    """
    try:
        if not is_intact(path):
            raise atomic.damaged(path, "its content does not agree with its checksum")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; another job may have found it damaged. Run again.") from None
    except (zipfile.BadZipFile, ValueError) as error:
        raise atomic.damaged(path, error) from None


def concatenate(paths: Sequence[str | Path], name: str) -> tuple[NDArray[np.str_], NDArray[Any]]:
    """Return the image ids (N,) and the array `name` (N, …) of several files, sorted by image id."""
    parts = [read(path) for path in paths]
    parts = [part for part in parts if len(part["image_id"])] or parts[:1]
    image_ids = np.concatenate([part["image_id"] for part in parts])
    order = np.argsort(image_ids, kind="stable")
    return image_ids[order], np.concatenate([part[name] for part in parts])[order]


def is_intact(path: str | Path) -> bool:
    """Return whether the content of a file agrees with its checksum."""
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - END_RECORD_SIZE))
        end_record = file.read()
    # A stated length of the comment other than 0 means that the comment, and with it the checksum, was cut off.
    if end_record.startswith(END_RECORD_SIGNATURE) and end_record.endswith(b"\0\0"):
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(NO_CHECKSUM)))
        return file.read() == _sha256_without_comment(path)


def _sha256_without_comment(path: str | Path) -> bytes:
    """Return the hexadecimal SHA-256 of an archive whose comment is NO_CHECKSUM, whatever its comment is now."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        left = os.fstat(file.fileno()).st_size - len(NO_CHECKSUM)
        while left > 0 and (block := file.read(min(left, BLOCK_SIZE))):
            digest.update(block)
            left -= len(block)
    digest.update(NO_CHECKSUM)
    return digest.hexdigest().encode()
