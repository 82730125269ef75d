"""Read WebDataset shards in place: the index of members and the bytes of one member, without unpacking to disk."""

import functools
import json
import os
import tarfile
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from embedding_shift.errors import InputError

LONGEST_TEXT = 1_000_000  # bytes of a caption or record
LARGEST_FILE = 2**30  # bytes of an image, inside a shard or not


class Sample(NamedTuple):
    """One image of a shard.

    Attributes:
        stem: the member's name without its last suffix.
        member: the member's name.
        caption: empty if there is none.
        source: the URL of the image; empty if the shard does not contain it.
    """

    stem: str
    member: str
    caption: str
    source: str


@functools.lru_cache(maxsize=16)
def members(path: str | Path) -> dict[str, tuple[int, int]]:
    """Return {name: (offset, size)} of the files in the uncompressed tar at `path`, in bytes from its start.

    Raises:
        InputError: the file is not a tar, is compressed or damaged, or has a member that no dataset needs: an absolute
            name or one that leaves the folder, a link, a device, or a repeated name.
    """
    found: dict[str, tuple[int, int]] = {}
    try:
        with tarfile.open(path, "r:") as archive, open(path, "rb") as file:
            for member in archive:
                if member.isdir():
                    continue
                _check(member, path, found)
                found[member.name] = (member.offset_data, member.size)
            # tarfile takes a damaged header for the end of the archive. At the true end there is a block of zeros.
            end: int = archive.offset
            file.seek(end)
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise InputError(f"{path} is truncated or damaged at byte {end}")
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"there is no file {path}") from None
    except (tarfile.TarError, EOFError, ValueError, OverflowError, MemoryError):  # Headers can hold any size.
        raise InputError(f"{path} is not an uncompressed tar, or it is truncated or damaged") from None
    return found


def read(path: str | Path, name: str) -> bytes:
    """Return the bytes of the member `name` of the tar at `path`.

    Raises:
        InputError: as `members`; there is no such member, or it is too large.
    """
    index = members(path)
    if name not in index:
        raise InputError(f"{path} has no member {name!r}")
    offset, size = index[name]
    if size > LARGEST_FILE:
        raise InputError(f"{name} in {path} has {size} bytes; at most {LARGEST_FILE} are read")
    with open(path, "rb") as file:
        file.seek(offset)
        data = file.read(size)
    if len(data) < size:
        raise InputError(f"{path} is truncated in {name!r}")
    return data


def samples(path: str | Path, suffixes: Collection[str]) -> Iterator[Sample]:
    """Yield every image in the shard, in the order of the shard.

    The parts of a sample share its key: the name up to the first dot of its last component. The caption is the content
    of the `.txt`, or else `caption` in the `.json`; the source is `url` in the `.json`. A sample can hold several
    images, such as `1.left.png` and `1.right.png`.

    Args:
        path: the tar.
        suffixes: the image suffixes in lower case, with their dot.

    Raises:
        InputError: as `members`; a text is too long, or is not in the format that its suffix stands for.
    """
    by_key: dict[str, dict[str, str]] = defaultdict(dict)
    for name in members(path):
        key, suffix = _split(name)
        by_key[key][suffix] = name
    for parts in by_key.values():
        record = _record(path, parts.get(".json"))
        caption = _text(path, parts[".txt"]).strip() if ".txt" in parts else record.get("caption")
        for name in parts.values():
            stem, dot, suffix = name.rpartition(".")
            if dot + suffix.lower() in suffixes:
                yield Sample(stem, name, str(caption or ""), str(record.get("url") or ""))


def _check(member: tarfile.TarInfo, path: str | Path, found: dict[str, tuple[int, int]]) -> None:
    parts = PurePosixPath(member.name).parts
    if member.name.startswith("/") or ".." in parts:
        raise InputError(f"{path}: member {member.name!r} leaves the shard; such a tar is not read")
    if not member.isreg() or member.issparse():
        raise InputError(f"{path}: member {member.name!r} is not a plain file")
    if not 0 <= member.size <= os.path.getsize(path):
        raise InputError(f"{path} is truncated or damaged: member {member.name!r} has {member.size} bytes")
    if member.name in found:
        raise InputError(f"{path}: member {member.name!r} occurs twice")


def _split(name: str) -> tuple[str, str]:
    folder, _, last = name.rpartition("/")
    stem, dot, suffix = last.partition(".")
    return (f"{folder}/{stem}" if folder else stem), (dot + suffix).lower()


def _record(path: str | Path, name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    try:
        record = json.loads(_text(path, name))
    except (ValueError, RecursionError):
        raise InputError(f"{path}: {name!r} is not JSON") from None
    if not isinstance(record, dict):
        raise InputError(f"{path}: {name!r} is not a JSON object")
    return record


def _text(path: str | Path, name: str) -> str:
    size = members(path)[name][1]
    if size > LONGEST_TEXT:
        raise InputError(f"{path}: {name!r} has {size} bytes; a text of at most {LONGEST_TEXT} bytes is read")
    try:
        return read(path, name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: {name!r} is not UTF-8") from None
