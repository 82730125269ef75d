"""The encoder's outputs on disk: one `.npz` of embeddings and one of attention per augmentation."""

import errno
import zipfile
import zlib

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
        InputError: there is no such file; or it is damaged, or holds Python objects. Such a file is deleted, so that a
            rerun makes it anew.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # Reading an array alone leaves its checksum unchecked where the shape in its header is too small.
            damaged = archive.testzip()
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, KeyError, RuntimeError, NotImplementedError) as error:
        raise files.damaged(path, error) from None
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # A damaged position in the file is an invalid argument.
            raise
        raise files.damaged(path, error) from None
    if damaged:
        raise files.damaged(path, f"the checksum of {damaged!r} is wrong")
    if len({len(array) for array in arrays.values() if array.ndim}) != 1 or "image_id" not in arrays:
        raise files.damaged(path, f"it holds {', '.join(arrays) or 'nothing'}, not the same images throughout")
    return arrays


def concatenate(paths, name):
    """Return image ids (N,) and the array `name` (N, …) of several files, sorted by image id."""
    parts = [_read_with(path, name) for path in paths]
    parts = [part for part in parts if len(part["image_id"])] or parts[:1]
    image_ids = np.concatenate([part["image_id"] for part in parts])
    order = np.argsort(image_ids, kind="stable")
    return image_ids[order], np.concatenate([part[name] for part in parts])[order]


def _read_with(path, name):
    arrays = read(path)
    if name not in arrays:
        raise files.damaged(path, f"it has no {name!r}")
    return arrays
