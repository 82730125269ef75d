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
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from embedding_shift.encoders import batching, view_reading
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.numerics import machine
from embedding_shift.io import shards
from embedding_shift.io.array_store import Store

SECONDS_BETWEEN_SEGMENTS = 60  # A killed job loses at most what it computed in this time.


def setting(encoder: Encoder, files: str) -> str:
    """Return a digest of everything but the view that decides what an encoder returns, in hexadecimal.

    Args:
        encoder: the encoder.
        files: the digest of its files (`digests.of_files`).
    """
    decisive = [files, encoder.precision, encoder.batch_size, machine(encoder.device)]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


class EncodedViews(NamedTuple):
    """The output of an encoder for N stored views.

    Attributes:
        image_ids: the keys of the views.
        records: their records as JSON.
        embedding: float32 (N, D), not normalised.
        attention: float32 (N, heads, rows, columns); (N, 0, 0, 0) if the tower has no map.
    """

    image_ids: list[str]
    records: list[str]
    embedding: NDArray[np.float32]
    attention: NDArray[np.float32]


class CapturedViews:
    """What encoding captures inside the tower for some images, by the name of the output.

    Args:
        image_ids: the images.
    """

    def __init__(self, image_ids: Collection[str] = ()) -> None:
        self.image_ids = frozenset(image_ids)
        self._shards: defaultdict[str, _CapturedShard] = defaultdict(_CapturedShard)

    def add(self, name: str, image_id: str, record: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._shards[name].add(image_id, record, arrays)

    def shard(self, name: str) -> tuple[list[str], dict[str, NDArray[Any]]]:
        """Return the image ids of an output (N,) and (N, …) arrays by name: `record` is the view's record as JSON."""
        shard = self._shards[name]
        return shard.image_ids, {"record": np.array(shard.records, str)} | shard.arrays


def encode_shards(
    encoder: Encoder,
    paths: Mapping[str, Sequence[str | Path]],
    store: Store | None,
    description: str,
    captured: CapturedViews | None = None,
    known: Mapping[str, Sequence[bytes]] | None = None,
) -> dict[str, EncodedViews]:
    """Encode the views of several shards in one pass.

    Neither the number of shards nor their distribution over the outputs changes an embedding or a map.

    Args:
        encoder: the encoder.
        paths: for every output, by its name, the paths of its shards.
        store: where the encoder's outputs are looked up and kept; None to compute everything.
        description: text of the progress bar.
        captured: where to add what is captured; None to capture nothing. The views of its images are computed even if
            the store holds their outputs.
        known: see `view_reading.read`.

    Returns:
        The outputs by the same names. The order of the views is arbitrary.
    """
    captured = captured or CapturedViews()
    collected = {name: _Collected() for name in paths}
    computed: deque[tuple[str, bytes | None, str]] = deque()  # without a key if the store holds the view already
    chunks = view_reading.read(paths, encoder.readers, encoder.device.type == "cuda", known)

    def missing() -> Iterator[shards.View]:
        """Yield the views that the store does not hold, and collect the others."""
        for name, image_ids, records, keys, pixels in chunks:
            found = store.find(keys) if store else [None] * len(keys)
            for place, (image_id, stored) in enumerate(zip(image_ids, found, strict=True)):
                if stored is None or image_id in captured.image_ids:
                    computed.append((name, keys[place] if stored is None else None, records[place]))
                    yield shards.View(image_id, pixels[place])
                else:
                    arrays = (stored[array][np.newaxis] for array in ("embedding", "attention"))
                    collected[name].add([image_id], [records[place]], *arrays)
                    progress.update(1)

    with tqdm(total=_count(paths), desc=description, unit="view", mininterval=2) as progress, _flushing(store) as flush:
        for batch, inside in encoder.capture_batches(missing(), captured.image_ids):
            names, keys, records = zip(*(computed.popleft() for _ in batch.image_ids), strict=True)
            for name, places in groupby(range(len(names)), key=names.__getitem__):
                first, *others = places
                part = slice(first, first + 1 + len(others))
                collected[name].add(batch.image_ids[part], records[part], batch.embedding[part], batch.attention[part])
            for place, arrays in enumerate(inside):
                if arrays is not None:
                    arrays = arrays | {"embedding": batch.embedding[place]}
                    captured.add(names[place], batch.image_ids[place], records[place], arrays)
            new = {place: key for place, key in enumerate(keys) if key is not None}
            if store and new:
                rows = list(new)
                store.add(list(new.values()), {"embedding": batch.embedding[rows], "attention": batch.attention[rows]})
            progress.update(len(batch.image_ids))
            flush()
    return {name: part.encoded() or _nothing(encoder) for name, part in collected.items()}


def _nothing(encoder: Encoder) -> EncodedViews:
    nothing = encoder.encode([], total=0)
    return EncodedViews([], [], nothing.embedding, nothing.attention)


def _count(paths: Mapping[str, Sequence[str | Path]]) -> int:
    """Return about how many views the shards hold; their headers are read in the largest one only."""
    sizes = {path: Path(path).stat().st_size for some in paths.values() for path in some}
    if not sizes:
        return 0
    largest = max(sizes, key=sizes.__getitem__)
    return round(shards.count(largest) * sum(sizes.values()) / sizes[largest])


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
        self._records: list[str] = []
        self._embeddings, self._attention = batching.Rows(), batching.Rows()

    def add(
        self,
        image_ids: Sequence[str],
        records: Sequence[str],
        embeddings: NDArray[np.float32],
        attention: NDArray[np.float32],
    ) -> None:
        with self._adding:
            self._image_ids += image_ids
            self._records += records
            self._embeddings.add(embeddings)
            self._attention.add(attention)

    def encoded(self) -> EncodedViews | None:
        """Return the outputs; None if there are no views."""
        if not self._image_ids:
            return None
        return EncodedViews(self._image_ids, self._records, self._embeddings.array, self._attention.array)


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
