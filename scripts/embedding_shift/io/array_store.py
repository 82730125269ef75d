"""Keep computed arrays by what they were computed from, so that no job computes them again.

A store is a folder. Every call of `Store.flush` adds one segment: a NumPy file with one row per key (`.npy`), and a
file with the keys alone (`.keys`), by which rows are found without reading the arrays. Segments are written whole or
not at all, are never changed, and may come from many jobs at the same time. Every row holds a checksum. What is damaged
or missing counts as not stored. A store can be deleted at any time.
"""

import contextlib
import platform
import secrets
import sys
import zlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
        self._added: list[tuple[bytes, Arrays]] = []
        self._added_bytes = 0
        self._writer = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self._is_writable = True

    def find(self, keys: Sequence[bytes]) -> list[Arrays | None]:
        """Return the arrays by name that were stored under each key of KEY_SIZE bytes; None if there are none."""
        indexed = _indexed(b"".join(keys))
        starts, ends = (np.searchsorted(self._index, indexed, side=side) for side in ("left", "right"))
        return [self._find(*each) if each[1] < each[2] else None for each in zip(keys, starts, ends, strict=True)]

    def add(self, keys: Sequence[bytes], arrays: Arrays) -> None:
        """Store arrays under keys of KEY_SIZE bytes; they are written by and by, or with `flush`.

        Args:
            keys: N keys.
            arrays: arrays (N, …) by name. All rows of a store have arrays of the same names and shapes.
        """
        self._added.append((b"".join(keys), arrays))
        self._added_bytes += sum(array.nbytes for array in arrays.values())
        if self._added_bytes >= SEGMENT_MB * 2**20:
            self._start_segment()

    def flush(self) -> None:
        """Write what was added since the last call.

        A store that cannot be written, for example because the disk is full, is reported once and not used any more:
        the results do not depend on it.
        """
        self._start_segment()
        if self._writing:
            self._writing.result()

    def _start_segment(self) -> None:
        """Let another thread write what was added."""
        added, self._added, self._added_bytes = self._added, [], 0
        if added and self._is_writable:
            if self._writing:
                self._writing.result()
            self._writing = self._writer.submit(self._write_segment, added)

    def _write_segment(self, added: Sequence[tuple[bytes, Arrays]]) -> None:
        segment = self.folder / secrets.token_hex(8)
        keys = b"".join(some for some, _ in added)
        arrays = {name: np.concatenate([some[name] for _, some in added]) for name in added[0][1]}
        try:
            with atomic.whole(segment.with_suffix(".npy")) as temporary:
                np.save(temporary, _rows(keys, arrays), allow_pickle=False)
            with atomic.whole(segment.with_suffix(".keys")) as temporary:
                temporary.write_bytes(keys)
        except OSError as error:
            self._is_writable = False
            print(f"warning: {self.folder} keeps nothing more: {error.strerror}", file=sys.stderr)

    def _find(self, key: bytes, start: int, end: int) -> Arrays | None:
        """Return the arrays of a key whose indexed part is at these places of the index; None if there are none."""
        for place in self._places[start:end]:
            row = self._row(int(place))
            if row is not None and row[KEY].tobytes() == key:
                return {name: row[name] for name in row.dtype.names if name not in (KEY, CHECKSUM)}
        return None

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
        index = _indexed(b"".join(keys))
        order = np.argsort(index, kind="stable")
        return index[order], order

    def _row(self, place: int) -> Any:
        """Return a row, copied from its segment; None if the segment or the row is damaged."""
        for segment in self._segments:
            if place < segment.rows:
                rows = self._rows_of(segment)
                row = None if rows is None else rows[place].copy()
                return (
                    row if row is not None and row[CHECKSUM] == _checksum(row, _checksum_of_layout(row.dtype)) else None
                )
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


def processor() -> str:
    """Return the name of the processor, on which the last digits of numbers depend."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _indexed(keys: bytes) -> NDArray[Any]:
    """Return the part of each key by which rows are found."""
    return np.frombuffer(keys, INDEXED)[:: KEY_SIZE // INDEXED.itemsize]


def _rows(keys: bytes, arrays: Arrays) -> NDArray[Any]:
    """Return a structured array with one row per key."""
    fields: list[Any] = [(CHECKSUM, "<u4"), (KEY, f"V{KEY_SIZE}")]
    fields += [(name, array.dtype, array.shape[1:]) for name, array in arrays.items()]
    rows = np.zeros(len(keys) // KEY_SIZE, np.dtype(fields))
    rows[KEY] = np.frombuffer(keys, f"V{KEY_SIZE}")
    for name, array in arrays.items():
        rows[name] = array
    layout = _checksum_of_layout(rows.dtype)
    rows[CHECKSUM] = [_checksum(row, layout) for row in rows]
    return rows


def _checksum_of_layout(dtype: np.dtype[Any]) -> int:
    """Return the CRC-32 of the names and shapes of the arrays in a row."""
    return zlib.crc32(str(dtype.descr).encode())


def _checksum(row: Any, layout: int) -> int:
    """Return the CRC-32 of a row without its checksum, which comes first, continued from that of its layout."""
    return zlib.crc32(row.tobytes()[row.dtype[CHECKSUM].itemsize :], layout)
