"""The SHA-256 of a file in a second file beside it, `.sha256`, in the format of `sha256sum --check`."""

import os
from pathlib import Path

from embedding_shift.errors import InputError
from embedding_shift.io import atomic


def path_of(path: str | os.PathLike[str]) -> Path:
    """Return the path of the file with the SHA-256 of the file at `path`."""
    return Path(f"{os.fspath(path)}.sha256")


def write(path: str | os.PathLike[str], sha256: str | None = None) -> None:
    """Write the checksum of the file at `path`.

    Args:
        path: file that the checksum belongs to.
        sha256: its SHA-256 in hexadecimal; computed if it is None.
    """
    atomic.write_text(path_of(path), f"{sha256 or atomic.sha256(path)}  {Path(path).name}\n")


def read(path: str | os.PathLike[str]) -> str | None:
    """Return the checksum of the file at `path` as it was written, or None if there is no checksum."""
    try:
        words = path_of(path).read_bytes().split()
    except FileNotFoundError:
        return None
    return words[0].decode("ascii", "replace") if words else ""


def damaged(path: str | os.PathLike[str], finding: object) -> InputError:
    """Delete a damaged file and its checksum, so that a rerun makes both again; return the error that says so."""
    path_of(path).unlink(missing_ok=True)
    return atomic.damaged(path, finding)
