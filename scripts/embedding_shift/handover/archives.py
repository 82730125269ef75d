"""Write archives whose bytes depend on their content alone."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from embedding_shift.io import atomic

StrPath = str | PathLike[str]


def files_below(folder: Path) -> dict[str, Path]:
    """Return every file below a folder by its path in it."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def write(output: StrPath, files: Mapping[str, Path | bytes]) -> None:
    """Write a `.tar.gz` of files with constant times, owners and modes, sorted by name.

    Args:
        output: archive to write.
        files: path of the file, or its content, by its name in the archive.
    """
    with (
        atomic.whole(output) as temporary,
        open(temporary, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in sorted(files.items()):
            data = content if isinstance(content, bytes) else content.read_bytes()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
