"""Files appear whole or not at all, and are known by their SHA-256."""

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path):
    """Yield a temporary path beside `path`; move it there on success, delete it on any failure.

    The suffixes are kept, so that libraries that choose a format by the name choose the same one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
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
