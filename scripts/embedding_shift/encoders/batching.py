"""Batches of views: choose their size, read and compute them in several threads, and collect the outputs."""

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Item = TypeVar("Item")
Result = TypeVar("Result")

LARGEST_BATCH = 256
# Memory of a process before it loads any weights: Python, PyTorch, open_clip.
START_MB = 700
# Estimated memory of a batch during the forward pass, in units of the output of the largest layer: this output, the
# layer's input and intermediate results.
LAYERS_AT_ONCE = 6
# While a GPU computes a batch, a second thread prepares the next one and copies results.
BATCHES_ON_GPU = 2
# On a processor, batches are slower when the output of the largest layer exceeds the caches.
CACHED_MB = 16
SMALLEST_CACHED_BATCH = 4
# Seconds to wait before a batch that the memory of a GPU did not hold is computed again.
PAUSES = (0.1, 2, 10)
FIRST_ROWS = 1024
ITEMS_AHEAD = 64


def automatic_size(visual: nn.Module, image_size: tuple[int, int], memory_mb: float) -> int:
    """Return the batch size of an image tower, a power of two.

    It depends on the tower, the kind of device and the memory limit alone, so that a run has the same batches on every
    machine.

    Args:
        visual: the tower, on its device.
        image_size: (height, width) of its input in pixels.
        memory_mb: limit of the memory of the process, or of the GPU. A tower that exceeds it gets batches of one view.
    """
    weights = next(visual.parameters())
    weights_mb = sum(parameter.nbytes for parameter in visual.parameters()) / 2**20
    layer_mb = largest_output(visual, image_size) / 2**20
    on_cpu = weights.device.type == "cpu"
    free_mb = memory_mb - weights_mb - (START_MB if on_cpu else 0)
    at_once = 1 if on_cpu else BATCHES_ON_GPU
    size = min(LARGEST_BATCH, free_mb / (at_once * LAYERS_AT_ONCE * layer_mb))
    if on_cpu:
        size = min(size, max(CACHED_MB / layer_mb, SMALLEST_CACHED_BATCH))
    return 2 ** (int(max(size, 1)).bit_length() - 1)


def largest_output(visual: nn.Module, image_size: tuple[int, int]) -> int:
    """Return the size in bytes of the largest output of any layer of a tower for one view."""
    sizes: list[int] = []

    def record(module: nn.Module, arguments: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            sizes.append(output.nbytes)

    hooks = [module.register_forward_hook(record) for module in visual.modules()]
    weights = next(visual.parameters())
    try:
        with torch.inference_mode():
            visual(weights.new_zeros((1, 3, *image_size)))
    finally:
        for hook in hooks:
            hook.remove()
    return max(sizes)


def batches(items: Iterable[Item], size: int, collect: Callable[[Iterable[Item]], Result]) -> Iterator[Result]:
    """Yield what `collect` makes of `size` items at a time, which it takes one by one; the last ones may be fewer."""
    remaining = iter(items)
    for first in remaining:
        yield collect(chain([first], islice(remaining, size - 1)))


def interleaved(iterators: Sequence[Iterator[Item]], ahead: int = ITEMS_AHEAD) -> Iterator[Item]:
    """Yield the items of several iterators in turn; each is read ahead in a thread of its own.

    Args:
        iterators: the iterators.
        ahead: number of items that are read ahead of each.
    """
    queues: list[queue.Queue[tuple[Item | None, BaseException | None]]] = [queue.Queue(ahead) for _ in iterators]
    stopped = threading.Event()
    readers = [
        threading.Thread(target=_read_into, args=(items, *pair), daemon=True)
        for items, *pair in zip(iterators, queues, [stopped] * len(queues), strict=True)
    ]
    for reader in readers:
        reader.start()
    try:
        while queues:
            for items in list(queues):
                item, error = items.get()
                if error:
                    raise error
                if item is None:
                    queues.remove(items)
                else:
                    yield item
    finally:
        stopped.set()


def _read_into(items: Iterator[Item], target: "queue.Queue[Any]", stopped: threading.Event) -> None:
    """Put every item, then None, into a queue as pairs with no error; an error ends the queue."""

    def put(item: Item | None, error: BaseException | None = None) -> None:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                target.put((item, error), timeout=0.1)
                return

    try:
        for item in items:
            put(item)
            if stopped.is_set():
                return
        put(None)
    except BaseException as error:
        put(None, error)


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yield `function` of every item, in order; `workers` threads compute while the next item is read.

    Every thread has as many threads within PyTorch's operators as the calling thread.
    """
    within = torch.get_num_threads()
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(within,)) as pool:
        pending: deque[Future[Result]] = deque()
        for item in interleaved([iter(items)], workers):
            pending.append(pool.submit(function, item))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def repeated(function: Callable[[Item], Result], workers: int) -> Callable[[Item], Result]:
    """Return a function that computes an item again, after a pause and alone, if the memory of the GPU did not hold it.

    Other programs may have left the GPU by then. The result is the same, which that of a smaller batch would not be.

    Args:
        function: the function; it raises torch.OutOfMemoryError, as the returned one does after the last of PAUSES.
        workers: number of threads that call the returned function.
    """
    turns, repeating = threading.Semaphore(workers), threading.Lock()

    def attempt(item: Item, count: int) -> Result | torch.OutOfMemoryError:
        """Compute an item while at most `workers` - `count` others are computed."""
        for _ in range(count):
            turns.acquire()
        try:
            return function(item)
        except torch.OutOfMemoryError as error:
            return error.with_traceback(None)  # The traceback would keep what is in the memory.
        finally:
            turns.release(count)

    def compute(item: Item) -> Result:
        result = attempt(item, 1)
        if isinstance(result, torch.OutOfMemoryError):
            with repeating:
                for pause in PAUSES:
                    time.sleep(pause)
                    torch.cuda.empty_cache()
                    result = attempt(item, workers)
                    if not isinstance(result, torch.OutOfMemoryError):
                        break
        if isinstance(result, torch.OutOfMemoryError):
            raise result
        return result

    return compute


class Rows:
    """An array that grows by rows.

    Rows are copied into a few large allocations. One small array per batch, allocated between the large temporary
    arrays, would fragment the memory and make the process grow with the number of batches.
    """

    def __init__(self) -> None:
        self._array: NDArray[Any] | None = None
        self._count = 0

    def add(self, rows: NDArray[Any]) -> None:
        """Append an array (N, …)."""
        end = self._count + len(rows)
        if self._array is None or end > len(self._array):
            larger = np.empty((max(FIRST_ROWS, 2 * end), *rows.shape[1:]), rows.dtype)
            if self._count:
                larger[: self._count] = self.array
            self._array = larger
        self._array[self._count : end] = rows
        self._count = end

    @property
    def array(self) -> NDArray[Any]:
        """All rows so far; at least one array must have been added."""
        assert self._array is not None
        return self._array[: self._count]
