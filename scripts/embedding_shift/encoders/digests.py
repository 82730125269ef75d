"""Digests of views, and of the files that decide what an encoder returns for them. PyTorch is not loaded for them."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_shift import processes
from embedding_shift.encoders.bundle_names import CONFIG_FILE, WEIGHTS_FILE
from embedding_shift.io import atomic, shards
from embedding_shift.io.array_store import KEY_SIZE

KeysOfShards = dict[str, list[bytes]]


def of_files(bundle: str | Path, code: Sequence[str | Path]) -> str:
    """Return a digest of the files that decide what an encoder returns, in hexadecimal.

    Args:
        bundle: folder of the encoder's bundle.
        code: the files of the code that computes.
    """
    files = [Path(bundle, CONFIG_FILE), Path(bundle, WEIGHTS_FILE)]
    found = [list(map(atomic.sha256, files)), sorted(map(atomic.sha256, code))]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def of_view(pixels: NDArray[np.uint8]) -> bytes:
    """Return the key of the pixels (height, width, 3) of a view in a store."""
    digest = hashlib.sha256(np.array(pixels.shape, np.int64).tobytes())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.digest()[:KEY_SIZE]


def of_shards(paths: Iterable[str]) -> KeysOfShards:
    """Return the keys of the views of shards by path, whose checksums are compared as well.

    In a process that works beside another one (`processes.meanwhile`), the shards that are not finished when the result
    is waited for are left out.

    Raises:
        InputError: as `shards.read`.
    """
    known: KeysOfShards = {}
    for path in paths:
        keys = []
        for view in shards.read(path):
            if processes.is_awaited():
                return known
            keys.append(of_view(view.pixels))
        known[path] = keys
    return known


def of_files_and_shards(bundle: str, code: Sequence[str], paths: Iterable[str]) -> tuple[str, KeysOfShards]:
    """Return `of_files` and `of_shards`, for one process."""
    return of_files(bundle, code), of_shards(paths)
