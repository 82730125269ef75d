"""Arrays with a row per image on disk, `.npz`: embeddings and attention, and metrics on their way to the long table.

The archive's comment holds the SHA-256 of all the rest, which is checked whenever the file is read. An archive that
another program wrote has no such comment; there the checksums of its members are checked.
"""

import os
import zipfile
from pathlib import Path

import numpy as np

from embedding_shift.errors import InputError
from embedding_shift.io import atomic


def write(path, image_ids, **arrays):
    """Write `image_id` and the named arrays, first axis sorted by image id, the bytes depending on them only."""
    order = np.argsort(np.asarray(image_ids, dtype=str), kind="stable")
    arrays = {"image_id": np.asarray(image_ids, dtype=str)} | arrays
    with atomic.whole(path) as temporary:
        np.savez(temporary, **{name: np.asarray(array)[order] for name, array in arrays.items()})
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.comment = atomic.PLACEHOLDER
        atomic.seal(temporary, _seal_of(temporary))


def read(path):
    """Return {name: array} of a file that `write` made.

    Raises:
        InputError: there is no such file; or it is damaged, or holds Python objects. Such a file is deleted, so that a
            rerun makes it anew.
    """
    try:
        if not _is_intact(path):
            raise atomic.damaged(path, "its content does not agree with its checksum")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; another job may have found it damaged. Run again.") from None
    except (zipfile.BadZipFile, ValueError) as error:
        raise atomic.damaged(path, error) from None


def concatenate(paths, name):
    """Return image ids (N,) and the array `name` (N, …) of several files, sorted by image id."""
    parts = [read(path) for path in paths]
    parts = [part for part in parts if len(part["image_id"])] or parts[:1]
    image_ids = np.concatenate([part["image_id"] for part in parts])
    order = np.argsort(image_ids, kind="stable")
    return image_ids[order], np.concatenate([part[name] for part in parts])[order]


def _is_intact(path):
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - zipfile.sizeEndCentDir))
        ends_without_comment = file.read().startswith(zipfile.stringEndArchive)
    if ends_without_comment:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    return atomic.is_sealed(path, _seal_of(path))


def _seal_of(path):
    """Return where in the file its SHA-256 stands."""
    return max(0, Path(path).stat().st_size - len(atomic.PLACEHOLDER))
