"""Batches of views: how large they may be, how they are read ahead, and how what comes out is gathered."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import torch

LARGEST_BATCH = 256
# What a process holds before it has loaded any weights: Python, PyTorch, open_clip.
START_MB = 700
# Memory of a batch in the forward pass, in outputs of its largest layer: that layer's own, its input, and what lies
# between; an estimate.
LAYERS_AT_ONCE = 6
# On a processor, larger batches than keep the largest layer's output about in its caches are slower.
CACHED_MB = 16
SMALLEST_CACHED_BATCH = 4
FIRST_ROWS = 1024


def automatic_size(visual, image_size, memory_mb):
    """Return the number of views, a power of two, that one forward pass of an image tower takes.

    It depends on the tower and the limit alone, not on the machine, so that a run has the same batches everywhere.

    Args:
        visual: the tower, on its device.
        image_size: (height, width) in pixels of what it takes.
        memory_mb: limit of the process's memory, or of the GPU's; a tower that is larger gets batches of one view.
    """
    weights = next(visual.parameters())
    weights_mb = sum(parameter.nbytes for parameter in visual.parameters()) / 2**20
    layer_mb = largest_output(visual, image_size) / 2**20
    on_cpu = weights.device.type == "cpu"
    free_mb = memory_mb - weights_mb - (START_MB if on_cpu else 0)
    size = min(LARGEST_BATCH, free_mb / (LAYERS_AT_ONCE * layer_mb))
    if on_cpu:
        size = min(size, max(CACHED_MB / layer_mb, SMALLEST_CACHED_BATCH))
    return 2 ** (int(max(size, 1)).bit_length() - 1)


def largest_output(visual, image_size):
    """Return the size in bytes of the largest output of any layer for one view."""
    sizes = []

    def note(module, arguments, output):
        if isinstance(output, torch.Tensor):
            sizes.append(output.nbytes)

    hooks = [module.register_forward_hook(note) for module in visual.modules()]
    weights = next(visual.parameters())
    try:
        with torch.inference_mode():
            visual(weights.new_zeros((1, 3, *image_size)))
    finally:
        for hook in hooks:
            hook.remove()
    return max(sizes)


def batches(views, size):
    """Yield lists of `size` views, the last one shorter."""
    views = iter(views)
    while batch := list(islice(views, size)):
        yield batch


def ahead(items):
    """Yield the items of an iterator, the next of which is made in another thread while one is used."""
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(next, items, None)
        while (item := pending.result()) is not None:
            pending = pool.submit(next, items, None)
            yield item


class Rows:
    """An array to which rows are added.

    They are copied to memory that is got in few large pieces. A small piece kept for every batch, between the large
    ones that come and go, would make the process grow with the number of batches.
    """

    def __init__(self):
        self._array, self._count = None, 0

    def add(self, rows):
        """Add an array (N, …)."""
        end = self._count + len(rows)
        if self._array is None or end > len(self._array):
            larger = np.empty((max(FIRST_ROWS, 2 * end), *rows.shape[1:]), rows.dtype)
            if self._count:
                larger[: self._count] = self.array
            self._array = larger
        self._array[self._count : end] = rows
        self._count = end

    @property
    def array(self):
        """All rows so far."""
        return self._array[: self._count]
