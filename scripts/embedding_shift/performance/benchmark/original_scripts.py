"""The procedure of the original paper's scripts, written after their description, to compare its time.

One process computes the embeddings in single precision, in batches of 32. Then, for every image and augmentation, it
makes a new view, runs the encoder on the original alone and on the view alone for their attention, and computes the
metrics.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from embedding_shift.config.entries import AugmentationEntry, steps_of
from embedding_shift.encoders import numerics
from embedding_shift.encoders.attention import PoolingAttention
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.metrics import registry
from embedding_shift.performance.benchmark.timing import cores
from embedding_shift.views.steps import Steps

BATCH = 32


class OriginalScripts:
    """The encoder, its preprocessing and the augmentations, loaded once.

    Args:
        bundle: folder of the encoder's bundle.
        augmentations: the section `augmentations` of the configuration.
    """

    def __init__(self, bundle: str | Path, augmentations: Mapping[str, AugmentationEntry]) -> None:
        from open_clip.transform import image_transform_v2

        torch.set_num_threads(cores())
        self._device = numerics.choose_device("auto")
        visual, preprocessing = tower_loading.load_image_tower(bundle)
        self.visual = visual.to(self._device)
        self.preprocess = image_transform_v2(preprocessing, is_train=False)
        self.augmentations = [Steps(steps_of(entry)) for entry in augmentations.values()]

    def run(self, images: Sequence[NDArray[np.uint8]]) -> None:
        """Embed all views of the images, uint8 (height, width, 3), and compute the metrics of the scripts."""
        with torch.inference_mode():
            self._embed(images)
            for seed, original in enumerate(images):
                for augmentation in self.augmentations:
                    view, _ = augmentation.apply(original, seed)
                    before, after = (self._attention(image) for image in (original, view))
                    for metric in registry.of_kind("attention"):
                        metric.function(before, after)
                    for metric in registry.of_kind("pixels"):
                        metric.function(original, view)

    def _embed(self, images: Sequence[NDArray[np.uint8]]) -> None:
        for augmentation in (None, *self.augmentations):
            for start in range(0, len(images), BATCH):
                batch = images[start : start + BATCH]
                if augmentation:
                    batch = [augmentation.apply(image, start)[0] for image in batch]
                self.visual(torch.stack([self._input(image) for image in batch]).to(self._device)).cpu().numpy()

    def _attention(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        with PoolingAttention(self.visual) as recorder:
            self.visual(self._input(image)[np.newaxis].to(self._device))
        assert recorder.maps is not None
        return recorder.maps.cpu().numpy()

    def _input(self, image: NDArray[np.uint8]) -> torch.Tensor:
        tensor: torch.Tensor = self.preprocess(Image.fromarray(image))
        return tensor
