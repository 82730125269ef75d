"""Read the views of several shards side by side for an encoding job."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from embedding_shift.encoders import batching
from embedding_shift.errors import InputError
from embedding_shift.io import shards
from embedding_shift.io.array_store import KEY_SIZE

# Chunks are small, because containers often have little shared memory (Docker: 64 MB).
VIEWS_IN_CHUNK = 16
CHUNKS_AHEAD = 2
# Fewer do not feed a GPU. They wait for it most of the time, so a job may have fewer cores than readers.
FEWEST_PROCESSES = 4


class Chunk(NamedTuple):
    """Some views of one shard.

    Attributes:
        name: name of the shard, as in the argument of `read`.
        image_ids: keys of the N views.
        records: their records as JSON.
        keys: keys of their pixels in a store.
        pixels: uint8 (N, height, width, 3), RGB.
    """

    name: str
    image_ids: list[str]
    records: list[str]
    keys: list[bytes]
    pixels: NDArray[np.uint8]


def read(paths: Mapping[str, Sequence[str | Path]], readers: int, in_processes: bool) -> Iterator[Chunk]:
    """Start to read the views of all shards, and return an iterator over them; several shards are read at a time.

    Args:
        paths: paths of the shards by name; several shards may share a name.
        readers: number of shards that are read at a time.
        in_processes: whether each reader is a process of its own, FEWEST_PROCESSES at least. Threads share one
            interpreter, which feeds a processor but not a GPU.

    Raises:
        InputError: a shard is missing or damaged.
    """
    named = [(name, path) for name, some in paths.items() for path in some]
    if in_processes:
        readers = max(readers, FEWEST_PROCESSES)
    lanes = [named[start::readers] for start in range(min(readers, len(named)))]
    if not in_processes:
        return batching.interleaved([_chunks(lane) for lane in lanes], CHUNKS_AHEAD)
    loader = DataLoader(_Lanes(lanes), batch_size=None, num_workers=len(lanes), prefetch_factor=CHUNKS_AHEAD)
    return _received(iter(loader))  # The processes start here, before this process has threads.


def _chunks(named: Sequence[tuple[str, str | Path]]) -> Iterator[Chunk]:
    """Yield the views of shards, one shard after the other, from their names and paths."""
    for name, path in named:
        for _, views in groupby(shards.read(path), key=lambda view: view.pixels.shape):
            for some in batching.batches(views, VIEWS_IN_CHUNK):
                pixels = np.stack([view.pixels for view in some])
                records = [json.dumps(view.record, sort_keys=True) for view in some]
                yield Chunk(name, [view.image_id for view in some], records, [_key(view) for view in pixels], pixels)


def _key(pixels: NDArray[np.uint8]) -> bytes:
    digest = hashlib.sha256(np.array(pixels.shape, np.int64).tobytes())
    digest.update(pixels.data)
    return digest.digest()[:KEY_SIZE]


class _Lanes(IterableDataset[Any]):
    """The chunks of several lanes, each read by one worker process. Pixels travel as tensors, in shared memory."""

    def __init__(self, lanes: Sequence[Sequence[tuple[str, str | Path]]]) -> None:
        self._lanes = lanes

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        assert worker is not None
        try:
            for chunk in _chunks(self._lanes[worker.id]):
                yield *chunk[:-1], torch.from_numpy(chunk.pixels)
        except InputError as error:
            yield error  # An error that is raised here would come with the traceback of this process.


def _received(items: Iterator[Any]) -> Iterator[Chunk]:
    try:
        for item in items:
            if isinstance(item, InputError):
                raise item
            yield Chunk._make((*item[:-1], item[-1].numpy()))
    except (RuntimeError, ConnectionError, EOFError) as error:
        # A connection ends where the process died between naming a tensor and handing it over.
        if isinstance(error, RuntimeError) and "DataLoader worker" not in str(error):
            raise
        raise InputError("a process that reads views was killed, perhaps because memory ran out; run again") from None
