"""Read WebDataset shards in place: the index of members and the bytes of one member, without unpacking to disk."""

import functools
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from embedding_shift.errors import InputError

LONGEST_TEXT = 1_000_000  # bytes of a caption or record
LARGEST_FILE = 2**30  # bytes of an image, inside a shard or not


class Texts(NamedTuple):
    """What the texts of a shard say about one of its images.

    Attributes:
        caption: empty if there is none.
        source: the URL of the image; empty if the shard does not contain it.
        members: the names of the texts.
    """

    caption: str
    source: str
    members: list[str]


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


def texts(path: str | Path, images: Iterable[str]) -> Iterator[Texts]:
    """Yield what the texts of a shard say about each of the images.

    A text belongs to every image whose name begins with the name of the text, up to one of its dots: `1.txt` to
    `1.png` as well as to `1.left.png`. Of several texts, the one with the longest name counts, so that the texts of
    `22.05.png` and `22.06.png` are not confused. The caption is the content of the `.txt`, or else `caption` in the
    `.json`; the source is `url` in the `.json`.

    Args:
        path: the tar.
        images: names of members.

    Raises:
        InputError: as `members`; a text is too long, or is not in the format that its suffix stands for.
    """
    named = {_split(name): name for name in members(path)}
    for image in images:
        text, record = (_nearest(named, _split(image)[0], suffix) for suffix in (".txt", ".json"))
        found = _record(path, record)
        caption = _text(path, text).strip() if text else found.get("caption")
        belonging = [name for name in (text, record) if name]
        yield Texts(str(caption or ""), str(found.get("url") or ""), belonging)


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
    """Return the name of a member without its last suffix, and the suffix in lower case."""
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    return folder + slash + (stem if dot else last), (dot + suffix).lower() if dot else ""


def _nearest(named: Mapping[tuple[str, str], str], stem: str, suffix: str) -> str | None:
    """Return the member with `suffix` whose name is the longest beginning of `stem`, or None."""
    folder, slash, last = stem.rpartition("/")
    while last:
        if found := named.get((folder + slash + last, suffix)):
            return found
        last = last.rpartition(".")[0]
    return None


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
