"""The encoder's outputs on disk: one `.npz` of embeddings and one of attention per augmentation."""

import zipfile

import numpy as np

from embedding_shift import files
from embedding_shift.errors import InputError


def write(path, image_ids, **arrays):
    """Write `image_id` and the named arrays, first axis sorted by image id, the bytes depending on them only."""
    order = np.argsort(np.asarray(image_ids, dtype=str), kind="stable")
    arrays = {"image_id": np.asarray(image_ids, dtype=str)} | arrays
    with files.whole(path) as temporary:
        np.savez(temporary, **{name: np.asarray(array)[order] for name, array in arrays.items()})


def read(path):
    """Return {name: array} of a file that `write` made.

    Raises:
        InputError: the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError) as error:
        raise InputError(f"{path} is damaged: {error}; delete it and run again") from None


def concatenate(paths, name):
    """Return image ids (N,) and the array `name` (N, …) of several files, sorted by image id."""
    parts = [read(path) for path in paths]
    parts = [part for part in parts if len(part["image_id"])] or parts[:1]
    image_ids = np.concatenate([part["image_id"] for part in parts])
    order = np.argsort(image_ids, kind="stable")
    return image_ids[order], np.concatenate([part[name] for part in parts])[order]
