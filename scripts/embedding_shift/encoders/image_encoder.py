"""Encode views: compute their embeddings and attention maps with the image tower of a bundle."""

import argparse
import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from embedding_shift.compat import activations, memory, onednn, open_clip_import
from embedding_shift.encoders import batching, gpus, numerics, view_fitting
from embedding_shift.encoders.attention import NO_MAP, PoolingAttention
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.encoders.towers.capture import Arrays, Capture
from embedding_shift.errors import InputError
from embedding_shift.io.shards import View

_CLAIMS: list[IO[str] | None] = []


class Encoded(NamedTuple):
    """The output of an encoder for N views.

    Attributes:
        image_ids: the keys of the views.
        embedding: float32 (N, D), not normalised.
        attention: float32 (N, heads, rows, columns); (N, 0, 0, 0) if the tower has no map.
    """

    image_ids: list[str]
    embedding: NDArray[np.float32]
    attention: NDArray[np.float32]


class Encoder:
    """An image tower with its preprocessing.

    Attributes:
        image_size: (height, width) of the tower's input in pixels.
        batch_size: views in one forward pass.
        precision: precision of weights and layers, one of `numerics.PRECISIONS`.
        device: the torch device.
        readers: number of threads, or for a GPU of processes, that read views.
        workers: number of batches that are computed at the same time.
        activations: names of the tower's activation functions.
        preprocessing: the tower's `open_clip.transform.PreprocessCfg`.
        mean, std: of the channels, (3, 1, 1), by which pixels from 0 to 1 are normalised.
        attention_source: what the attention maps show, one of the names in `attention`. A tower whose input does not
            show the whole view has NO_MAP, because its maps cannot be compared place by place.
    """

    def __init__(
        self,
        bundle: str | Path,
        device: str = "auto",
        batch_size: int | None = None,
        memory_mb: float = 2000,
        precision: str = "fp32",
        workers: int = 1,
    ) -> None:
        """Load the image tower of a bundle.

        Args:
            bundle: folder of the bundle.
            device: see `numerics.choose_device`.
            batch_size: views in one forward pass; None for the fastest size within `memory_mb`.
            memory_mb: see `batching.automatic_size`.
            precision: precision of weights and layers, one of `numerics.PRECISIONS`; the output is float32.
            workers: number of threads that read, and on a processor of batches that are computed at the same time, each
                in a thread of its own. They share the weights, and the results do not depend on their number.

        Raises:
            InputError: a file of the bundle is missing, the weights do not fit, or the device is not available or does
                not compute in the precision.
        """
        self.device, self.precision = numerics.choose_device(device), precision
        self.readers, self.workers = workers, workers if self.device.type == "cpu" else batching.BATCHES_ON_GPU
        numerics.check_precision(precision, self.device)
        visual, self.preprocessing = tower_loading.load_image_tower(bundle)
        self.activations = tower_loading.activations(visual)
        activations.fold_quick_gelu(visual)
        self.visual = visual.to(self.device, numerics.PRECISIONS[precision])
        self._layers = onednn.Layers(self.visual)
        self.image_size: tuple[int, int] = tuple(self.preprocessing.size)
        self.batch_size = batch_size or batching.automatic_size(self.visual, self.image_size, memory_mb)
        fitting = view_fitting.fit(self.image_size[0], self.image_size, self.preprocessing.resize_mode)
        self._has_map = fitting.shows_whole_view
        self.attention_source = PoolingAttention(visual).source if self._has_map else NO_MAP
        self._resize, self.mean, self.std = self._build_preprocessing()

    def encode(self, views: Iterable[View], description: str = "encoding", total: int | None = None) -> Encoded:
        """Encode views.

        Args:
            views: the views, of any size.
            description: text of the progress bar.
            total: number of views for the progress bar; None if unknown, 0 for no progress bar.
        """
        image_ids: list[str] = []
        embeddings, attention = batching.Rows(), batching.Rows()
        with tqdm(total=total, desc=description, unit="view", mininterval=2, disable=total == 0) as progress:
            for batch in self.encode_batches(views):
                image_ids += batch.image_ids
                embeddings.add(batch.embedding)
                attention.add(batch.attention)
                progress.update(len(batch.image_ids))
        return Encoded(image_ids, embeddings.array, attention.array) if image_ids else self._encode_nothing()

    def encode_batches(self, views: Iterable[View]) -> Iterator[Encoded]:
        """Yield the outputs for `batch_size` views at a time, in order; other threads read the next views meanwhile.

        The last batch is filled with copies of its last view. Every matrix product then has the same shape, and an
        embedding does not depend on the number of other views.
        """
        return (encoded for encoded, _ in self.capture_batches(views, ()))

    def capture_batches(
        self, views: Iterable[View], image_ids: Collection[str]
    ) -> Iterator[tuple[Encoded, list[Arrays | None]]]:
        """Yield the outputs of `encode_batches`, and for every view the arrays inside the tower (`towers.capture`).

        Args:
            views: the views, of any size.
            image_ids: the images whose arrays are captured; for views of others there is None.
        """
        loaded = batching.batches(views, self.batch_size, self.load)
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._layers.prepared())
            recorder = stack.enter_context(PoolingAttention(self.visual))
            capture = stack.enter_context(Capture(self.visual, self._layers)) if image_ids else None
            stack.enter_context(numerics.settings(self.precision))

            def forward(batch: tuple[list[str], Tensor]) -> tuple[Encoded, list[Arrays | None]]:
                rows = [row for row, image_id in enumerate(batch[0]) if image_id in image_ids]
                if capture is None or not rows:
                    return self._forward(*batch, recorder), [None] * len(batch[0])
                with capture.recording() as seen:
                    encoded = self._forward(*batch, recorder)
                arrays = dict(zip(rows, capture.arrays(seen, rows), strict=True))
                return encoded, [arrays.get(row) for row in range(len(batch[0]))]

            try:
                yield from batching.in_parallel(batching.repeated(forward, self.workers), loaded, self.workers)
            except torch.OutOfMemoryError:
                raise InputError(
                    f"the memory of device {str(self.device)!r} does not hold a batch of {self.batch_size} views,"
                    " perhaps because other programs use it; run again, with a smaller batch_size if need be"
                ) from None

    def load(self, views: Iterable[View]) -> tuple[list[str], Tensor]:
        """Return the image ids and the pixels, uint8 (batch size, *image_size, 3), of at most a batch of views.

        The model's own preprocessing resizes views of another size: one by one, in 8 bits. The pixels of a view are
        copied before the next view is taken.
        """
        # Pinned memory is copied to a GPU while it computes.
        pixels = torch.empty(
            (self.batch_size, *self.image_size, 3), dtype=torch.uint8, pin_memory=self.device.type == "cuda"
        )
        filled = pixels.numpy()
        image_ids = []
        for place, view in enumerate(views):
            fits = view.pixels.shape[:2] == self.image_size
            filled[place] = view.pixels if fits else np.asarray(self._resize(Image.fromarray(view.pixels)))
            image_ids.append(view.image_id)
        filled[len(image_ids) :] = filled[len(image_ids) - 1]
        return image_ids, pixels

    def _encode_nothing(self) -> Encoded:
        """Return the outputs for no views; only a forward pass shows their shapes."""
        (batch,) = self.encode_batches([View("", np.zeros((*self.image_size, 3), np.uint8))])
        return Encoded([], batch.embedding[:0], batch.attention[:0])

    def _forward(self, image_ids: list[str], pixels: Tensor, recorder: PoolingAttention) -> Encoded:
        """Return the outputs for a batch, whose first images have the given ids."""
        with torch.inference_mode(), self._layers.dispatch():
            pixels = pixels.to(self.device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255)
            dtype = numerics.PRECISIONS[self.precision]
            output = self.visual(pixels.sub_(self.mean).div_(self.std).to(dtype).contiguous())
            pooled = output[0] if isinstance(output, tuple) else output  # CoCa returns its tokens as well.
            maps = recorder.maps if self._has_map else None
            if maps is None:
                maps = pooled.new_empty((self.batch_size, 0, 0, 0))
            count = len(image_ids)
            embedding, attention = pooled[:count].float(), maps[:count].float()
            numerics.wait(self.device)
            return Encoded(image_ids, embedding.cpu().numpy(), attention.cpu().numpy())

    def _build_preprocessing(self) -> tuple[Callable[[Image.Image], Image.Image], Tensor, Tensor]:
        """Return the steps of the model's own preprocessing: the resizing of an image, and mean and std (3, 1, 1)."""
        from open_clip.transform import image_transform_v2
        from torchvision.transforms import Compose, Normalize, ToTensor

        steps = image_transform_v2(self.preprocessing, is_train=False).transforms
        resize = Compose([step for step in steps if not isinstance(step, (ToTensor, Normalize))])
        normalize = next(step for step in steps if isinstance(step, Normalize))
        mean, std = (torch.tensor(values, device=self.device) for values in (normalize.mean, normalize.std))
        return resize, mean.view(3, 1, 1), std.view(3, 1, 1)


def from_arguments(arguments: argparse.Namespace, **changes: Any) -> Encoder:
    """Return the encoder that command-line arguments describe, and set the options of the process for it.

    Args:
        arguments: parsed arguments, with those of `options.add_arguments`.
        changes: arguments of `Encoder` that replace parsed ones.
    """
    if arguments.device in ("auto", "cuda"):
        _CLAIMS.append(gpus.claim(gpus.visible()))  # The claim lasts as long as the file is open.
    memory.keep_freed()
    torch.set_num_threads(1)  # On processors, more batches at a time are faster than more threads for one.
    os.environ["HF_HUB_OFFLINE"] = "1"  # The bundle holds everything: an encoding job needs no network.
    open_clip_import.import_open_clip(needs_timm=tower_loading.uses_timm(arguments.bundle))
    names = ("bundle", "device", "batch_size", "memory_mb", "precision")
    return Encoder(**{name: getattr(arguments, name) for name in names} | {"workers": arguments.threads} | changes)
