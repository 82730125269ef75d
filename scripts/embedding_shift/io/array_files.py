"""Read and write arrays with one row per image as `.npz`: embeddings, attention maps, and metrics of one view.

The comment of the archive holds the SHA-256 of the rest of the file, which is checked on every read. An archive without
a comment comes from another program; the checksums of its members are checked instead.
"""

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Collection, Iterator, Sequence
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
IMAGES_AT_ONCE = 1024  # whose rows are in memory, where an analysis goes through files
MERGED_BYTES = 64 * BLOCK_SIZE  # of the rows that `merge` holds at a time
# The header of a member of a ZIP archive (APPNOTE, section 4.3.7): its size without name and extra field, and where the
# lengths of these two stand in it.
MEMBER_HEADER_SIZE, MEMBER_LENGTHS_START = 30, 26

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
    write_arrays(path, **{name: np.asarray(array)[order] for name, array in columns.items()})


def write_arrays(path: str | Path, **arrays: NDArray[Any]) -> None:
    """Write arrays of any shape by name, in the order of their rows; the same arrays give the same bytes."""
    with atomic.whole(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)
        _add_checksum(temporary)


def merge(path: str | Path, parts: Sequence[str | Path], name: str) -> None:
    """Write the image ids and the array `name` of several files as one file, as `write` does.

    Only the image ids and MERGED_BYTES of the array are in memory at a time.

    Args:
        path: file to write.
        parts: files with different images.
        name: name of the array.

    Raises:
        InputError: as `read`.
    """
    stored = [open_rows(part, name) for part in parts]
    stored = [part for part in stored if len(part[0])] or stored[:1]
    arrays = [rows for _, rows in stored]
    image_ids = np.concatenate([some for some, _ in stored])
    order = np.argsort(image_ids, kind="stable")
    starts = np.cumsum([0, *map(len, arrays)])
    with atomic.whole(path) as temporary:
        with zipfile.ZipFile(temporary, "w") as archive:
            with archive.open("image_id.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, image_ids[order])
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                header = np.lib.format.header_data_from_array_1_0(arrays[0][:0])
                shape = (len(order), *arrays[0].shape[1:])
                np.lib.format.write_array_header_1_0(member, header | {"shape": shape})
                step = max(1, MERGED_BYTES // max(1, arrays[0].row_bytes))
                for start in range(0, len(order), step):
                    member.write(_gathered(arrays, starts, order[start : start + step]).tobytes())
        _add_checksum(temporary)


def _gathered(arrays: Sequence["Rows"], starts: NDArray[np.int_], places: NDArray[np.int_]) -> NDArray[Any]:
    """Return rows of several arrays; `places` counts them through all arrays, which begin at `starts`."""
    gathered = np.empty((len(places), *arrays[0].shape[1:]), arrays[0].dtype)
    owners = np.searchsorted(starts, places, side="right") - 1
    for owner in np.unique(owners):
        mine = owners == owner
        rows = places[mine] - starts[owner]
        first = rows.min()
        gathered[mine] = arrays[owner][first : rows.max() + 1][rows - first]
    return gathered


def _add_checksum(path: Path) -> None:
    """Make the checksum the comment of an archive without a comment."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = NO_CHECKSUM
    checksum = _sha256_without_comment(path)
    with open(path, "r+b") as file:
        file.seek(-len(checksum), os.SEEK_END)
        file.write(checksum)


def read(path: str | Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file by name: all, or those of the names that it has.

    Raises:
        InputError: the file does not exist, is damaged or holds Python objects. A damaged file is deleted, so that a
            rerun makes it again.
    """
    with _verified(path) as archive:
        return {name: archive[name] for name in archive.files if names is None or name in names}


@contextlib.contextmanager
def _verified(path: str | Path) -> Iterator[Any]:
    """Open a file with `np.load`; delete it if its checksum or its content is wrong."""
    try:
        if not is_intact(path):
            raise atomic.damaged(path, "its content does not agree with its checksum")
        with np.load(path, allow_pickle=False) as archive:
            yield archive
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; another job may have found it damaged. Run again.") from None
    except (zipfile.BadZipFile, ValueError) as error:
        raise atomic.damaged(path, error) from None


class Rows:
    """An array (N, …) in an array file. A slice reads its rows from the file.

    Attributes:
        shape: shape of the array.
        dtype: type of its numbers.
    """

    def __init__(self, path: str | Path, name: str) -> None:
        """Find the array `name` in the file at `path`, which must be intact.

        Raises:
            InputError: the array is compressed or transposed.
        """
        self._path = path
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as member:
            found = archive.getinfo(f"{name}.npy")
            np.lib.format.read_magic(member)
            self.shape, is_transposed, self.dtype = np.lib.format.read_array_header_1_0(member)
            if found.compress_type != zipfile.ZIP_STORED or is_transposed:
                raise InputError(f"the array {name!r} in {path} is compressed or transposed; write it with numpy.savez")
            header_size = member.tell()
        with open(path, "rb") as file:
            file.seek(found.header_offset + MEMBER_LENGTHS_START)
            lengths = np.frombuffer(file.read(MEMBER_HEADER_SIZE - MEMBER_LENGTHS_START), "<u2")
        self._start = found.header_offset + MEMBER_HEADER_SIZE + int(lengths.sum()) + header_size

    @property
    def row_bytes(self) -> int:
        """Size of one row."""
        return int(np.prod(self.shape[1:])) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        start, stop, _ = rows.indices(len(self))
        values = (stop - start) * self.row_bytes // self.dtype.itemsize
        array = np.fromfile(self._path, self.dtype, max(0, values), offset=self._start + start * self.row_bytes)
        return array.reshape(-1 if self.row_bytes else max(0, stop - start), *self.shape[1:])


# Image ids (N,) and an array (N, …), in memory or in a file.
RowsByImage = tuple[NDArray[Any], NDArray[Any] | Rows]


def open_rows(path: str | Path, name: str) -> tuple[NDArray[np.str_], Rows]:
    """Return the image ids (N,) of a file and its array `name`, of which only the rows that are asked for are read.

    Raises:
        InputError: as `read`.
    """
    with _verified(path) as archive:
        return archive["image_id"], Rows(path, name)


def read_selected(path: str | Path, name: str, image_ids: Sequence[str]) -> ArrayByImage:
    """Return those of the image ids that a file holds, in its order, and their rows of the array `name`.

    Raises:
        InputError: as `read`.
    """
    stored_ids, rows = open_rows(path, name)
    places = np.flatnonzero(np.isin(stored_ids, image_ids))
    selected = [rows[place : place + 1] for place in places.tolist()]
    return stored_ids[places], np.concatenate([rows[:0], *selected])


def read_array(path: str | Path, name: str) -> ArrayByImage:
    """Return the image ids and the array `name` of a file.

    Raises:
        InputError: as `read`.
    """
    arrays = read(path, ("image_id", name))
    return arrays["image_id"], arrays[name]


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
