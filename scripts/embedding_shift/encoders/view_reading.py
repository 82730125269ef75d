"""Read the views of several shards side by side for an encoding job."""

import json
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from embedding_shift.encoders import batching, digests
from embedding_shift.errors import InputError
from embedding_shift.io import shards

# Chunks are small, because containers often have little shared memory (Docker: 64 MB).
VIEWS_IN_CHUNK = 16
CHUNKS_AHEAD = 2
# Places for chunks in the memory that a process shares: one that it fills, one that waits, and one that is used.
SLOTS = 3
SECONDS_TO_WAIT = 5  # for a free slot, before a process looks whether the one that takes its views still lives
# Fewer do not feed a GPU. They wait for it most of the time, so a job may have fewer cores than readers.
FEWEST_PROCESSES = 4


class Chunk(NamedTuple):
    """Some views of one shard.

    Attributes:
        name: name of the shard, as in the argument of `read`.
        image_ids: keys of the N views.
        records: their records as JSON.
        keys: keys of their pixels in a store.
        pixels: uint8 (N, height, width, 3), RGB. With processes, they change when the next chunk is taken.
    """

    name: str
    image_ids: list[str]
    records: list[str]
    keys: list[bytes]
    pixels: NDArray[np.uint8]


def read(
    paths: Mapping[str, Sequence[str | Path]],
    readers: int,
    in_processes: bool,
    known: Mapping[str, Sequence[bytes]] | None = None,
) -> Iterator[Chunk]:
    """Start to read the views of all shards, and return an iterator over them; several shards are read at a time.

    Args:
        paths: paths of the shards by name; several shards may share a name.
        readers: number of shards that are read at a time.
        in_processes: whether each reader is a process of its own, FEWEST_PROCESSES at least. Threads share one
            interpreter, which feeds a processor but not a GPU.
        known: keys of the views of some shards by path (`digests.of_shards`), which has compared their checksums.

    Raises:
        InputError: a shard is missing or damaged.
    """
    named = [(name, path) for name, some in paths.items() for path in some]
    known = known or {}
    if in_processes:
        readers = max(readers, FEWEST_PROCESSES)
    lanes = [named[start::readers] for start in range(min(readers, len(named)))]
    if not in_processes:
        return batching.interleaved([_chunks(lane, known) for lane in lanes], CHUNKS_AHEAD)
    processes = multiprocessing.get_context("fork")  # They inherit the semaphores.
    free = [processes.Semaphore(SLOTS) for _ in lanes]
    loader = DataLoader(
        _Lanes(lanes, known, free),
        batch_size=None,
        num_workers=len(lanes),
        prefetch_factor=CHUNKS_AHEAD,
        multiprocessing_context=processes,
    )
    return _received(iter(loader), free)  # The processes start here, before this process has threads.


def _chunks(named: Sequence[tuple[str, str | Path]], known: Mapping[str, Sequence[bytes]]) -> Iterator[Chunk]:
    """Yield the views of shards, one shard after the other, from their names and paths."""
    for name, path in named:
        for _, views in groupby(_views(path, known.get(str(path))), key=lambda pair: pair[0].pixels.shape):
            for some in batching.batches(views, VIEWS_IN_CHUNK, list):
                views_of_chunk, keys = zip(*some, strict=True)
                image_ids = [view.image_id for view in views_of_chunk]
                records = [json.dumps(view.record, sort_keys=True) for view in views_of_chunk]
                yield Chunk(name, image_ids, records, list(keys), np.stack([view.pixels for view in views_of_chunk]))


def _views(path: str | Path, keys: Sequence[bytes] | None) -> Iterator[tuple[shards.View, bytes]]:
    """Yield the views of a shard with their keys, which are computed if they are not known."""
    if keys is not None:
        yield from zip(shards.read_share(path), keys, strict=True)
        return
    for view in shards.read(path):
        yield view, digests.of_view(view.pixels)


class _Lanes(IterableDataset[Any]):
    """The chunks of several lanes, each read by one worker process, with the pixels in memory that it shares.

    A new piece of shared memory for every chunk would take more time than reading the views, so a worker reuses one.

    Args:
        lanes: names and paths of the shards of every worker.
        known: see `read`.
        free: for every worker, a semaphore of its free slots in the shared memory.
    """

    def __init__(
        self,
        lanes: Sequence[Sequence[tuple[str, str | Path]]],
        known: Mapping[str, Sequence[bytes]],
        free: Sequence[Semaphore],
    ) -> None:
        self._lanes, self._known, self._free, self._receiver = lanes, known, free, os.getpid()

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        assert worker is not None
        slots = torch.empty(0)
        try:
            for count, chunk in enumerate(_chunks(self._lanes[worker.id], self._known)):
                while not self._free[worker.id].acquire(timeout=SECONDS_TO_WAIT):
                    if os.getppid() != self._receiver:
                        return
                pixels = torch.from_numpy(chunk.pixels)
                is_shared = slots.shape[2:] == pixels.shape[1:]
                if not is_shared:
                    shape = (SLOTS, VIEWS_IN_CHUNK, *pixels.shape[1:])
                    slots = torch.empty(shape, dtype=torch.uint8).share_memory_()
                slots[count % SLOTS, : len(pixels)] = pixels
                yield worker.id, None if is_shared else slots, count % SLOTS, *chunk[:-1]
        except InputError as error:
            yield error  # An error that is raised here would come with the traceback of this process.


def _received(items: Iterator[Any], free: Sequence[Semaphore]) -> Iterator[Chunk]:
    shared: dict[int, NDArray[np.uint8]] = {}
    try:
        for item in items:
            if isinstance(item, InputError):
                raise item
            worker, memory, slot, name, image_ids, records, keys = item
            if memory is not None:
                shared[worker] = memory.numpy()
            yield Chunk(name, image_ids, records, keys, shared[worker][slot, : len(image_ids)])
            free[worker].release()
    except (RuntimeError, ConnectionError, EOFError) as error:
        # A connection ends where the process died between naming a tensor and handing it over.
        if isinstance(error, RuntimeError) and "DataLoader worker" not in str(error):
            raise
        raise InputError("a process that reads views was killed, perhaps because memory ran out; run again") from None
    finally:
        # Where not all views were taken, the processes end only if they do not wait for a slot.
        for slots in free:
            for _ in range(SLOTS + CHUNKS_AHEAD * len(free)):
                slots.release()
