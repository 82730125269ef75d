"""Files appear whole or not at all, and are known by their SHA-256."""

import hashlib
import os
import re
import secrets
import time
from contextlib import contextmanager
from pathlib import Path

from embedding_shift.errors import InputError

STARTED = time.time()
PLACEHOLDER = b"0" * 64  # as long as a SHA-256 in hexadecimal
BLOCK = 2**20


@contextmanager
def whole(path):
    """Yield a temporary path beside `path`; move it there on success, delete it on any failure.

    The suffixes are kept, so that libraries that choose a format by the name choose the same one. What a process that
    was killed left of the same file is deleted.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _delete_leftovers(path)
    temporary = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
    except OSError as error:
        if error.filename in (None, str(temporary)):
            error.filename = str(path)  # What people know the file by.
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """Write `text` to `path` in UTF-8, whole or not at all."""
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256(path):
    """Return the hexadecimal SHA-256 of a file, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(path, start):
    """Write the SHA-256 of a file into the file itself, over the PLACEHOLDER that stands at byte `start`."""
    digest = _sha256_around(path, start)
    with open(path, "r+b") as file:
        file.seek(start)
        file.write(digest)


def is_sealed(path, start):
    """Whether a file is byte by byte the one that `seal` left."""
    with open(path, "rb") as file:
        file.seek(start)
        return file.read(len(PLACEHOLDER)) == _sha256_around(path, start)


def _sha256_around(path, start):
    """SHA-256, in hexadecimal, of the file with PLACEHOLDER at `start`."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        left = start
        while left and (block := file.read(min(left, BLOCK))):
            digest.update(block)
            left -= len(block)
        digest.update(PLACEHOLDER)
        file.seek(start + len(PLACEHOLDER))
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest().encode()


def damaged(path, finding):
    """Delete a damaged file that a run made, so that a rerun makes it anew; return the InputError that says so."""
    Path(path).unlink(missing_ok=True)
    return InputError(f"{path} is damaged: {finding}. It was deleted; run again.")


def _delete_leftovers(path):
    """Delete the temporary files of `path` that are older than this process.

    A younger one may belong to a job that outlived its run and still writes the same bytes.
    """
    name = re.compile(rf"\.[0-9a-f]{{8}}\.{re.escape(path.name)}")
    for entry in os.scandir(path.parent):
        if name.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < STARTED:
            os.unlink(entry.path)


def _flush(path):
    """Put a file on the disk before it gets its name, so that a power cut leaves no empty one and late errors show."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
