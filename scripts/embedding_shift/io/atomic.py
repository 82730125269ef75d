"""Write files so that each appears whole or not at all."""

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedding_shift.errors import InputError

STARTED = time.time()


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`. On success, it gets the name `path`; on failure, it is deleted.

    The temporary name has the same suffixes, because some libraries choose a format by them. Temporary files of the
    same path that a killed process left behind are deleted.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    delete_leftovers(path)
    temporary = temporary_path(path)
    try:
        with reported_as(path, temporary):
            yield temporary
            _flush(temporary)
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def temporary_path(path: str | os.PathLike[str]) -> Path:
    """Return a new path beside `path`, which `delete_leftovers` of a later process recognises."""
    path = Path(path)
    return path.with_name(f".{secrets.token_hex(4)}.{path.name}")


@contextmanager
def reported_as(path: str | os.PathLike[str], temporary: Path) -> Iterator[None]:
    """Let errors of a temporary file name the file that people know, for which it stands."""
    try:
        yield
    except OSError as error:
        if error.filename in (None, str(temporary)):
            error.filename = os.fspath(path)
        raise


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` to `path` in UTF-8, whole or not at all."""
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the hexadecimal SHA-256 of a file, which is read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(path: str | os.PathLike[str], finding: object) -> InputError:
    """Delete a damaged file of a run, so that a rerun makes it again; return the error that says so."""
    Path(path).unlink(missing_ok=True)
    return InputError(f"{path} is damaged: {finding}. It was deleted; run again.")


def delete_leftovers(path: str | os.PathLike[str]) -> None:
    """Delete the temporary files of `path` that are older than this process.

    A younger file may belong to a job that outlived its run and still writes the same bytes.
    """
    path = Path(path)
    name = re.compile(rf"\.[0-9a-f]{{8}}\.{re.escape(path.name)}")
    for entry in os.scandir(path.parent):
        if name.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < STARTED:
            os.unlink(entry.path)


def _flush(path: Path) -> None:
    """Write a file to the disk before it gets its name.

    A power cut then leaves no empty file, and late errors are reported.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
