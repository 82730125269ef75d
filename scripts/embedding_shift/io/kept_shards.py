"""Keep shards under a second name, so that a job that writes several of them makes only those again that changed.

Snakemake deletes every output of a job before it runs the job again. A hard link in the folder `.kept` beside a shard
survives this. It takes no space of its own, and its name holds a key: a digest of everything that decides the content
of the shard. A file system without hard links keeps nothing, so that every shard is made again.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from embedding_shift.errors import InputError
from embedding_shift.io import atomic, checksums, shards

FOLDER = ".kept"
KEY_LENGTH = 32  # in hexadecimal digits


def key(*decisive: Any) -> str:
    """Return a digest of JSON values, in hexadecimal."""
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:KEY_LENGTH]


def is_kept(path: str | Path, key: str) -> bool:
    """Return whether a shard of this path was kept under a key; it may be damaged."""
    return all(kept.exists() for kept, _ in _names(Path(path), key))


def restore(path: str | Path, key: str) -> bool:
    """Restore the shard that was kept under a key at `path`, with a new modification time.

    Returns:
        Whether there is such a shard. A damaged one is deleted and counts as missing.
    """
    try:
        for kept, name in _names(Path(path), key):
            with atomic.whole(name) as temporary:
                os.link(kept, temporary)
                os.utime(temporary)
        shards.verify(path)
    except (OSError, InputError):
        forget(path)
        return False
    return True


def keep(path: str | Path, key: str, sha256: str) -> None:
    """Keep the shard at `path`; forget earlier ones of this path.

    Args:
        path: the shard.
        key: see `key`.
        sha256: the SHA-256 of the shard that has this key, in hexadecimal. A job of an earlier run that is still at
            work may have written another one in its place, which is not kept.
    """
    forget(path)
    try:
        (kept, _), _ = names = list(_names(Path(path), key))
        kept.parent.mkdir(exist_ok=True)
        for second, first in names:
            os.link(first, second)
        found = checksums.read(kept)
    except OSError:
        found = None
    if found != sha256:
        forget(path)


def forget(path: str | Path) -> None:
    """Delete what was kept of earlier shards of this path."""
    path = Path(path)
    for kept in (path.parent / FOLDER).glob(f"{path.stem}.*"):
        kept.unlink(missing_ok=True)


def _names(path: Path, key: str) -> Iterator[tuple[Path, Path]]:
    """Yield the second and the first name of a shard and of its checksum."""
    kept = path.parent / FOLDER / f"{path.stem}.{key}"
    yield kept, path
    yield checksums.path_of(kept), checksums.path_of(path)
