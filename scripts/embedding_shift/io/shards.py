"""Read and write WebDataset shards of views: a tar file with `{image_id}.json` and `{image_id}.png` for every image.

The PNG is not compressed (`uncompressed_png`), because reading and writing compressed ones takes much longer.
A file beside each shard (`.sha256`, in the format of sha256sum) holds its SHA-256, which is checked on every read.
"""

import hashlib
import json
import tarfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io import atomic, checksums, uncompressed_png

# The header of an empty file without a name (POSIX.1-1988, ustar), and the parts that differ in other headers.
PLAIN_HEADER = tarfile.TarInfo().tobuf(tarfile.PAX_FORMAT)
NAME, SIZE, SUM = slice(0, 100), slice(124, 135), slice(148, 156)
BLOCK_SIZE = 2**18  # fits into the cache of a core: what was read is hashed and written again
SAME_IN_HEADERS = slice(NAME.stop, SIZE.start), slice(SIZE.stop, SUM.start), slice(SUM.stop, tarfile.BLOCKSIZE)


@dataclass(frozen=True)
class View:
    """A view of an image, or the resized image itself.

    Attributes:
        image_id: key of the sample.
        pixels: uint8 (height, width, 3), RGB.
        record: JSON values that say how the view was made.
    """

    image_id: str
    pixels: NDArray[np.uint8]
    record: dict[str, Any] = field(default_factory=dict)


def shard_of(image_id: str, shards: int) -> int:
    """Return the number of the shard that holds an image, from 0 to `shards` - 1.

    It follows from a hash of the image's id, so that no other image affects it.
    """
    return int.from_bytes(hashlib.sha256(image_id.encode()).digest()[:8], "big") % shards


def write(path: str | Path, views: Iterable[View]) -> None:
    """Write views to the shard at `path`, then its checksum.

    The same views give the same bytes: the tar holds constant times, owners and modes.
    """
    _write_tar(path, _files(views))


def write_part(path: str | Path, views: Iterable[View]) -> None:
    """Write some of the views of a shard to a file from which `join` makes the shard."""
    with open(path, "wb") as file:
        file.writelines(_files(views))


def join(path: str | Path, parts: Iterable[str | Path]) -> str:
    """Write the shard at `path`, then its checksum, from files that `write_part` wrote, in their order.

    The shard is that of `write` with all their views. Its SHA-256 is returned, in hexadecimal.
    """
    return _write_tar(path, chain.from_iterable(map(_blocks, parts)))


def write_selected(path: str | Path, source: str | Path, image_ids: Collection[str]) -> None:
    """Write some views of the shard at `source` to the shard at `path`, in the same order, then its checksum.

    Their bytes are copied as they are. For a shard that `write` made, this gives the same as reading and writing.

    Args:
        path, source: the shards.
        image_ids: the images to write; others than those of `source` do not matter.

    Raises:
        InputError: as `read`, for `source`.
    """
    verify(source)
    with _opened(source) as file:
        _write_tar(path, _selected_files(file, image_ids))


def read(path: str | Path) -> Iterator[View]:
    """Yield the views of the shard at `path`, in their order.

    Raises:
        InputError: the shard does not exist or is damaged. A damaged shard is deleted, so that a rerun makes it again.
    """
    verify(path)
    yield from read_share(path)


def read_share(path: str | Path, share: slice = slice(None)) -> Iterator[View]:
    """Yield the views, or those with some of the numbers from 0 on, of a shard that `verify` accepted.

    Several processes that share the views of a shard compare its checksum once.

    Raises:
        InputError: the shard does not exist any more.
    """
    with _opened(path) as file:
        for image_id, record, png in islice(_samples(file), share.start, share.stop, share.step):
            yield View(image_id, uncompressed_png.decode(_content(file, png)), json.loads(_content(file, record)))


def read_records(path: str | Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the image id and the record of every view in the shard at `path`, in their order, without decoding pixels.

    Raises:
        InputError: as `read`.
    """
    verify(path)
    with _opened(path) as file:
        for image_id, record, _ in _samples(file):
            yield image_id, json.loads(_content(file, record))


def verify(path: str | Path) -> None:
    """Compare the shard at `path` with its checksum.

    Raises:
        InputError: as `read`.
    """
    with _opened(path) as file:
        expected = checksums.read(path) or "no checksum"
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise checksums.damaged(path, f"its SHA-256 is {found}, not {expected}")


@contextmanager
def _opened(path: str | Path) -> Iterator[BufferedReader]:
    """Open the shard at `path` for reading; delete it if its content is wrong."""
    try:
        with open(path, "rb") as file:
            yield file
    except FileNotFoundError:
        raise _absent(path) from None
    except (tarfile.TarError, ValueError) as error:
        raise checksums.damaged(path, f"it is no shard of views ({error})") from None


class _File(NamedTuple):
    """A file in a tar: its name, and the place and size of its content in bytes."""

    name: str
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size + -self.size % tarfile.BLOCKSIZE


def _samples(file: BufferedReader) -> Iterator[tuple[str, _File, _File]]:
    """Yield the image id, the record and the PNG of every view in an open tar."""
    records: dict[str, _File] = {}
    for member in _files_in(file):
        image_id, _, suffix = member.name.rpartition(".")
        if suffix == "json":
            records = {image_id: member}
        else:
            if image_id not in records:
                raise ValueError(f"no record before {member.name!r}")
            yield image_id, records[image_id], member


def _files_in(file: BufferedReader) -> Iterator[_File]:
    """Yield the files in an open tar. Those whose headers `_header` wrote take a tenth of tarfile's time."""
    position = 0
    while _is_plain(header := _read(file, position, tarfile.BLOCKSIZE)):
        name = bytes(header[NAME]).rstrip(b"\0").decode("utf-8", "surrogateescape")
        found = _File(name, position + tarfile.BLOCKSIZE, int(header[SIZE], 8))
        yield found
        position = found.end
    if position and not header.strip(b"\0"):
        return
    file.seek(position)
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            archive.members.clear()  # type: ignore[attr-defined] # tarfile would keep all members in memory.
            if not member.isreg() or member.issparse():
                raise ValueError(f"{member.name!r} is not a plain file")
            yield _File(member.name, member.offset_data, member.size)


def _is_plain(header: bytes) -> bool:
    """Return whether a header of a tar differs from PLAIN_HEADER in the name, the size and the sum only."""
    return len(header) == tarfile.BLOCKSIZE and all(header[part] == PLAIN_HEADER[part] for part in SAME_IN_HEADERS)


def _read(file: BufferedReader, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)


def _content(file: BufferedReader, member: _File) -> bytes:
    return _read(file, member.start, member.size)


def count(path: str | Path) -> int:
    """Return the number of views in the shard at `path`; only the headers of the tar are read.

    Raises:
        InputError: the shard does not exist, or its headers are damaged. A damaged shard is deleted.
    """
    with _opened(path) as file:
        return sum(1 for _ in _samples(file))


def read_selected(paths: Sequence[str | Path], image_ids: Collection[str]) -> dict[str, View]:
    """Return the views of the given images by image id, in the order given; only the shards that hold them are read.

    Args:
        paths: every shard of one augmentation, in the order of their numbers.
        image_ids: the images to read.

    Raises:
        InputError: an image is in none of the shards; otherwise as `read`.
    """
    wanted = {shard_of(image_id, len(paths)) for image_id in image_ids}
    views = (view for shard in sorted(wanted) for view in read(paths[shard]))
    found = {view.image_id: view for view in views if view.image_id in set(image_ids)}
    missing = [image_id for image_id in image_ids if image_id not in found]
    if missing:
        raise InputError(f"no image {missing[0]!r} in {Path(paths[0]).parent}")
    return {image_id: found[image_id] for image_id in image_ids}


def _absent(path: str | Path) -> InputError:
    return InputError(f"there is no shard {path}; another job may have found it damaged. Run again.")


def _write_tar(path: str | Path, parts: Iterable[bytes | bytearray]) -> str:
    """Write a tar file whose files, with their headers, are given in parts, then its checksum, which is returned."""
    digest = hashlib.sha256()
    size = 0
    with atomic.whole(path) as temporary, open(temporary, "wb") as file:

        def append(part: bytes | bytearray) -> None:
            nonlocal size
            file.write(part)
            digest.update(part)
            size += len(part)

        for part in parts:
            append(part)
        end = 2 * tarfile.BLOCKSIZE
        append(bytes(end + -(size + end) % tarfile.RECORDSIZE))
    checksums.write(path, sha256 := digest.hexdigest())
    return sha256


def _blocks(path: str | Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        yield from iter(lambda: file.read(BLOCK_SIZE), b"")


def _selected_files(file: BufferedReader, image_ids: Collection[str]) -> Iterator[bytes]:
    """Yield the bytes of the two files of every view of some images, from an open tar."""
    start = 0
    for image_id, _, png in _samples(file):
        if image_id in image_ids:
            yield _read(file, start, png.end - start)
        start = png.end


def _files(views: Iterable[View]) -> Iterator[bytes | bytearray]:
    """Yield the bytes of the two files of every view in a tar, in parts."""
    for view in views:
        record = json.dumps(view.record, sort_keys=True).encode()
        files: tuple[tuple[str, bytes | bytearray], ...]
        files = ("json", record), ("png", uncompressed_png.encode(view.pixels))
        for suffix, data in files:
            yield from (_header(f"{view.image_id}.{suffix}", len(data)), data, bytes(-len(data) % tarfile.BLOCKSIZE))


def _header(name: str, size: int) -> bytes | bytearray:
    """Return the header of a file in a tar, as tarfile makes it but faster, because every view has two."""
    if not name.isascii() or len(name) >= NAME.stop or size >= 8 ** (SIZE.stop - SIZE.start):
        member = tarfile.TarInfo(name)
        member.size = size
        return member.tobuf(tarfile.PAX_FORMAT)
    header = bytearray(PLAIN_HEADER)
    header[: len(name)] = name.encode()
    header[SIZE] = b"%0*o" % (SIZE.stop - SIZE.start, size)
    # The sum is that of a header with spaces in its place.
    header[SUM] = b" " * (SUM.stop - SUM.start)
    header[SUM] = b"%06o\0 " % sum(header)
    return header
