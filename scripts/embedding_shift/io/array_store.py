"""Keep computed arrays by what they were computed from, so that no job computes them again.

A store is a folder. Every call of `Store.flush` adds one segment: a NumPy file with one row per key (`.npy`), and a
file with the keys alone (`.keys`), by which rows are found without reading the arrays. Segments are written whole or
not at all, are never changed, and may come from many jobs at the same time. Every row holds a checksum. What is damaged
or missing counts as not stored. A store can be deleted at any time.
"""

import secrets
import sys
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.io import atomic

KEY_SIZE = 16
KEY, CHECKSUM = "key", "checksum"
# Rows are found by this part of their key and compared with the whole key when they are read.
INDEXED = np.dtype("<u8")
SEGMENT_MB = 64  # a longer segment is written without waiting for `flush`

Arrays = dict[str, NDArray[Any]]


class _Segment(NamedTuple):
    path: Path
    rows: int


class Store:
    """The arrays that are stored in a folder, and those to be added.

    Args:
        folder: folder of the store, created with the first segment.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._segments: list[_Segment] = []
        self._open: dict[Path, NDArray[Any] | None] = {}
        self._index, self._places = self._read_index()
        self._added: dict[bytes, Arrays] = {}
        self._added_bytes = 0
        self._is_writable = True

    def get(self, key: bytes) -> Arrays | None:
        """Return the arrays that were stored under a key of KEY_SIZE bytes by name; None if there are none."""
        indexed = np.frombuffer(key, INDEXED, count=1)[0]
        first = np.searchsorted(self._index, indexed)
        for place in self._places[first : np.searchsorted(self._index, indexed, side="right")]:
            row = self._row(int(place))
            if row is not None and row[KEY].tobytes() == key:
                return {name: row[name] for name in row.dtype.names if name not in (KEY, CHECKSUM)}
        return None

    def add(self, key: bytes, arrays: Arrays) -> None:
        """Store arrays under a key of KEY_SIZE bytes. All rows of a store have arrays of the same names and shapes."""
        self._added[key] = arrays
        self._added_bytes += sum(array.nbytes for array in arrays.values())
        if self._added_bytes >= SEGMENT_MB * 2**20:
            self.flush()

    def flush(self) -> None:
        """Write what was added since the last call.

        A store that cannot be written, for example because the disk is full, is reported once and not used any more:
        the results do not depend on it.
        """
        added, self._added, self._added_bytes = self._added, {}, 0
        if not added or not self._is_writable:
            return
        segment = self.folder / secrets.token_hex(8)
        try:
            with atomic.whole(segment.with_suffix(".npy")) as temporary:
                np.save(temporary, _rows(added), allow_pickle=False)
            with atomic.whole(segment.with_suffix(".keys")) as temporary:
                temporary.write_bytes(b"".join(added))
        except OSError as error:
            self._is_writable = False
            print(f"warning: {self.folder} keeps nothing more: {error.strerror}", file=sys.stderr)

    def _read_index(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the first part of all keys, sorted, and the places of their rows, counted through all segments."""
        keys: list[bytes] = []
        for path in sorted(self.folder.glob("*.keys")):
            try:
                found = path.read_bytes()
            except FileNotFoundError:  # Someone is deleting the store.
                continue
            if len(found) % KEY_SIZE == 0:
                self._segments.append(_Segment(path.with_suffix(".npy"), len(found) // KEY_SIZE))
                keys.append(found)
        index = np.frombuffer(b"".join(keys), INDEXED)[:: KEY_SIZE // INDEXED.itemsize]
        order = np.argsort(index, kind="stable")
        return index[order], order

    def _row(self, place: int) -> Any:
        """Return a row, copied from its segment; None if the segment or the row is damaged."""
        for segment in self._segments:
            if place < segment.rows:
                rows = self._rows_of(segment)
                row = None if rows is None else rows[place].copy()
                return row if row is not None and row[CHECKSUM] == _checksum(row) else None
            place -= segment.rows
        return None

    def _rows_of(self, segment: _Segment) -> NDArray[Any] | None:
        if segment.path not in self._open:
            try:
                rows = np.load(segment.path, mmap_mode="r", allow_pickle=False)
                fits = rows.shape == (segment.rows,) and {KEY, CHECKSUM} <= set(rows.dtype.names or ())
            except Exception:  # NumPy's parser of damaged headers raises errors of many kinds.
                fits = False
            if not fits:
                print(f"warning: {segment.path} is missing or damaged; what it held is computed again", file=sys.stderr)
            self._open[segment.path] = rows if fits else None
        return self._open[segment.path]


def _rows(added: dict[bytes, Arrays]) -> NDArray[Any]:
    """Return a structured array with one row per key."""
    one = next(iter(added.values()))
    fields: list[Any] = [(KEY, f"V{KEY_SIZE}"), (CHECKSUM, "<u4")]
    rows = np.zeros(len(added), np.dtype([*fields, *((name, value.dtype, value.shape) for name, value in one.items())]))
    for row, (key, arrays) in zip(rows, added.items(), strict=True):
        row[KEY] = np.void(key)
        for name, array in arrays.items():
            row[name] = array
        row[CHECKSUM] = _checksum(row)
    return rows


def _checksum(row: Any) -> int:
    """Return the CRC-32 of a row without its checksum, and of the names and shapes of its arrays."""
    checksum = zlib.crc32(str(row.dtype.descr).encode())
    for name in row.dtype.names:
        if name != CHECKSUM:
            checksum = zlib.crc32(row[name].tobytes(), checksum)
    return checksum
