"""Read WebDataset shards where they lie: their members, and one member's bytes, without unpacking anything."""

import functools
import json
import os
import tarfile
from collections import defaultdict
from pathlib import Path, PurePosixPath

from embedding_shift.errors import InputError

LONGEST_TEXT = 1_000_000
LARGEST_FILE = 2**30  # bytes of an image, in a shard or by itself


@functools.lru_cache(maxsize=16)
def members(path):
    """Return {name: (offset, size)} of the files in the uncompressed tar at `path`, in bytes from its start.

    Raises:
        InputError: no tar, a compressed or damaged one, or a member that no data set needs: a name that is absolute
            or leaves the folder, a link, a device, or the same name twice.
    """
    found = {}
    try:
        with tarfile.open(path, "r:") as archive, open(path, "rb") as file:
            for member in archive:
                if member.isdir():
                    continue
                _check(member, path, found)
                found[member.name] = (member.offset_data, member.size)
            # tarfile takes a damaged header for the end; the true end is a block of zeros.
            file.seek(archive.offset)
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise InputError(f"{path} is cut short or damaged at byte {archive.offset}")
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"there is no file {path}") from None
    except (tarfile.TarError, EOFError, ValueError, OverflowError, MemoryError):  # Sizes in headers can be anything.
        raise InputError(f"{path} is not an uncompressed tar, or is cut short or damaged") from None
    return found


def read(path, name):
    """Return the bytes of the member `name` of the tar at `path`.

    Raises:
        InputError: as `members`; no such member.
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
        raise InputError(f"{path} is cut short in {name!r}")
    return data


def samples(path, suffixes):
    """Yield (stem, name, caption, source) for every image in the shard, in their order.

    The parts of a sample share the key: the name up to the first dot of its last part. The caption is the `.txt`, or
    else `caption` in the `.json`; the source is `url` in the `.json`. The stem is the image's name without its last
    suffix: the key, unless a sample holds several images, as `1.left.png` and `1.right.png`.

    Args:
        path: the tar.
        suffixes: the image suffixes, lower case, with their dot.

    Raises:
        InputError: as `members`; a text that is too long or not what its suffix says.
    """
    by_key = defaultdict(dict)
    for name in members(path):
        key, suffix = _split(name)
        by_key[key][suffix] = name
    for parts in by_key.values():
        record = _record(path, parts.get(".json"))
        caption = _text(path, parts[".txt"]).strip() if ".txt" in parts else record.get("caption")
        for name in parts.values():
            stem, dot, suffix = name.rpartition(".")
            if dot + suffix.lower() in suffixes:
                yield stem, name, str(caption or ""), str(record.get("url") or "")


def _check(member, path, found):
    parts = PurePosixPath(member.name).parts
    if member.name.startswith("/") or ".." in parts:
        raise InputError(f"{path}: member {member.name!r} leaves the shard; such a tar is not read")
    if not member.isreg() or member.issparse():
        raise InputError(f"{path}: member {member.name!r} is not a plain file")
    if not 0 <= member.size <= os.path.getsize(path):
        raise InputError(f"{path} is cut short or damaged: member {member.name!r} has {member.size} bytes")
    if member.name in found:
        raise InputError(f"{path}: member {member.name!r} stands twice")


def _split(name):
    folder, _, last = name.rpartition("/")
    stem, dot, suffix = last.partition(".")
    return (f"{folder}/{stem}" if folder else stem), (dot + suffix).lower()


def _record(path, name):
    if name is None:
        return {}
    try:
        record = json.loads(_text(path, name))
    except (ValueError, RecursionError):
        raise InputError(f"{path}: {name!r} is not JSON") from None
    if not isinstance(record, dict):
        raise InputError(f"{path}: {name!r} is not a JSON object")
    return record


def _text(path, name):
    size = members(path)[name][1]
    if size > LONGEST_TEXT:
        raise InputError(f"{path}: {name!r} has {size} bytes; a text of at most {LONGEST_TEXT} is read")
    try:
        return read(path, name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{Path(path)}: {name!r} is not UTF-8") from None
