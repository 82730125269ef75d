"""Encode the views of a shard that were not encoded before, and store their embeddings and attention maps.

A view is known by its pixels, so whatever makes the same view again, another dataset or configuration included, shares
what is stored.
"""

import contextlib
import hashlib
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from embedding_shift.encoders import batching
from embedding_shift.encoders.bundle_files import CONFIG_FILE, WEIGHTS_FILE
from embedding_shift.encoders.image_encoder import Encoded, Encoder
from embedding_shift.encoders.numerics import machine
from embedding_shift.io import atomic, shards
from embedding_shift.io.array_store import KEY_SIZE, Store

SECONDS_BETWEEN_SEGMENTS = 60  # A killed job loses at most what it computed in this time.


def setting(encoder: Encoder, bundle: str | Path, code: Sequence[str | Path]) -> str:
    """Return a digest of everything but the view that decides what an encoder returns, in hexadecimal.

    Args:
        encoder: the encoder.
        bundle: folder of its bundle.
        code: the files of the code that computes.
    """
    decisive: dict[str, Any] = {
        "bundle": [atomic.sha256(Path(bundle, name)) for name in (CONFIG_FILE, WEIGHTS_FILE)],
        "precision": encoder.precision,
        "batch size": encoder.batch_size,
        "machine": machine(encoder.device),
        "code": sorted(atomic.sha256(path) for path in code),
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


class CapturedViews:
    """What encoding captures inside the tower for some images, by the name of the shard.

    Args:
        image_ids: the images.
    """

    def __init__(self, image_ids: Collection[str] = ()) -> None:
        self.image_ids = frozenset(image_ids)
        self._shards: defaultdict[str, _CapturedShard] = defaultdict(_CapturedShard)

    def add(self, name: str, image_id: str, record: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._shards[name].add(image_id, record, arrays)

    def shard(self, name: str) -> tuple[list[str], dict[str, NDArray[Any]]]:
        """Return the image ids of a shard (N,) and (N, …) arrays by name: `record` is the view's record as JSON."""
        shard = self._shards[name]
        return shard.image_ids, {"record": np.array(shard.records, str)} | shard.arrays


def encode_shards(
    encoder: Encoder,
    paths: Mapping[str, str | Path],
    store: Store | None,
    description: str,
    captured: CapturedViews | None = None,
) -> dict[str, Encoded]:
    """Encode the views of several shards in one pass.

    Args:
        encoder: the encoder.
        paths: paths of the shards by the name of their augmentation.
        store: where the encoder's outputs are looked up and kept; None to compute everything.
        description: text of the progress bar.
        captured: where to add what is captured; None to capture nothing. The views of its images are computed even if
            the store holds their outputs.

    Returns:
        The outputs for every shard by the same names. The order of the views is arbitrary.
    """
    captured = captured or CapturedViews()
    collected = {name: _Collected() for name in paths}
    computed: deque[tuple[str, bytes, str]] = deque()

    def missing() -> Iterator[shards.View]:
        """Yield the views that the store does not hold, and collect the others."""
        for name, view in _read(paths, encoder.readers):
            key = _key(view.pixels)
            stored = store.get(key) if store and view.image_id not in captured.image_ids else None
            if stored is None:
                computed.append((name, key, json.dumps(view.record, sort_keys=True)))
                yield view
            else:
                collected[name].add(view.image_id, stored["embedding"], stored["attention"])
                progress.update(1)

    total = sum(shards.count(path) for path in paths.values())
    with tqdm(total=total, desc=description, unit="view", mininterval=2) as progress, _flushing(store) as flush:
        for batch, inside in encoder.capture_batches(missing(), captured.image_ids):
            for image_id, embedding, attention, arrays in zip(*batch, inside, strict=True):
                name, key, record = computed.popleft()
                collected[name].add(image_id, embedding, attention)
                if arrays is not None:
                    captured.add(name, image_id, record, arrays | {"embedding": embedding})
                if store:
                    store.add(key, {"embedding": embedding, "attention": attention})
            progress.update(len(batch.image_ids))
            flush()
    return {name: part.encoded() or encoder.encode([], total=0) for name, part in collected.items()}


@contextlib.contextmanager
def _flushing(store: Store | None) -> Iterator[Callable[[], None]]:
    """Yield a function that flushes the store from time to time; at the end, also after an error, flush it anyway."""
    flushed = time.monotonic()

    def flush() -> None:
        nonlocal flushed
        if store and time.monotonic() - flushed > SECONDS_BETWEEN_SEGMENTS:
            store.flush()
            flushed = time.monotonic()

    try:
        yield flush
    finally:
        if store:
            store.flush()


class _Collected:
    """The outputs for the views of one shard, in the order in which they become known; any thread may add some."""

    def __init__(self) -> None:
        self._adding = threading.Lock()
        self._image_ids: list[str] = []
        self._embeddings, self._attention = batching.Rows(), batching.Rows()

    def add(self, image_id: str, embedding: NDArray[np.float32], attention: NDArray[np.float32]) -> None:
        with self._adding:
            self._image_ids.append(image_id)
            self._embeddings.add(embedding[np.newaxis])
            self._attention.add(attention[np.newaxis])

    def encoded(self) -> Encoded | None:
        """Return the outputs; None if there are no views."""
        if not self._image_ids:
            return None
        return Encoded(self._image_ids, self._embeddings.array, self._attention.array)


class _CapturedShard:
    """What was captured for images of one shard."""

    def __init__(self) -> None:
        self.image_ids: list[str] = []
        self.records: list[str] = []
        self._rows: defaultdict[str, batching.Rows] = defaultdict(batching.Rows)

    def add(self, image_id: str, record: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.image_ids.append(image_id)
        self.records.append(record)
        for name, array in arrays.items():
            self._rows[name].add(array[np.newaxis])

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        return {name: rows.array for name, rows in self._rows.items()}


def _read(paths: Mapping[str, str | Path], readers: int) -> Iterator[tuple[str, shards.View]]:
    """Yield (name, view) of all shards; several threads read several shards at a time."""

    def lane(names: Sequence[str]) -> Iterator[tuple[str, shards.View]]:
        for name in names:
            for view in shards.read(paths[name]):
                yield name, view

    names = list(paths)
    return batching.interleaved([lane(names[start::readers]) for start in range(min(readers, len(names)))])


def _key(pixels: NDArray[np.uint8]) -> bytes:
    digest = hashlib.sha256(np.array(pixels.shape, np.int64).tobytes())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.digest()[:KEY_SIZE]
