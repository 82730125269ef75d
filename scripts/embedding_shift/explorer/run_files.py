"""The files of a run that the explorer reads."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from embedding_shift.io import tables

ORIGINAL = "original"


class RunFiles:
    """The files of a run, by their path below the results folder.

    Only listed files exist here: a table that an earlier run left behind is not read.

    Args:
        root: results folder.
        files: paths of the files, below `root`.
    """

    def __init__(self, root: str | Path, files: Iterable[str | Path]) -> None:
        self.root = Path(root)
        self._files = {Path(file) for file in files}

    def path(self, *parts: str) -> Path:
        """Return the path of a file."""
        return self.root.joinpath(*parts)

    def has(self, *parts: str) -> bool:
        """Return whether the run has a file."""
        return self.path(*parts) in self._files

    def rows(self, *parts: str) -> list[dict[str, str]]:
        """Return the rows of a CSV file; none if the run does not have it."""
        return tables.read_rows(self.path(*parts)) if self.has(*parts) else []

    def in_folder(self, suffix: str, *parts: str) -> list[Path]:
        """Return the files in a folder with a suffix, such as all its shards, in the order of their names."""
        folder = self.path(*parts)
        return sorted(file for file in self._files if file.parent == folder and file.suffix == suffix)


def view_names(augmentations: Sequence[str]) -> list[str]:
    """Return the names of all views: the original, then the augmentations in their order."""
    return [ORIGINAL, *augmentations]
