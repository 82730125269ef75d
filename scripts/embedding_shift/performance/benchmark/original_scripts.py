"""The way the seed paper's scripts work, re-told from their description, to measure against.

One process; the embeddings in batches of 32 in single precision; then, for every image and augmentation, a new view,
two passes of the encoder with a single picture for the attention of the original and of the view, and the metrics.
"""

import numpy as np
import torch
from PIL import Image

from embedding_shift.encoders import image_encoder
from embedding_shift.encoders.attention import PoolingAttention
from embedding_shift.metrics import registry
from embedding_shift.performance.benchmark.timing import cores
from embedding_shift.views import transforms

BATCH = 32


class PublishedWay:
    """The encoder, its preprocessing and the transforms, loaded once."""

    def __init__(self, bundle, configured):
        """Take the bundle's folder and the section `augmentations` of the configuration."""
        from open_clip.transform import image_transform_v2

        torch.set_num_threads(cores())
        self.visual, preprocessing = image_encoder.load_image_tower(bundle)
        self.preprocess = image_transform_v2(preprocessing, is_train=False)
        self.transforms = [
            transforms.build(entry["transform"], entry.get("parameters", {})) for entry in configured.values()
        ]

    def measure(self, pictures):
        """Embed all views of `pictures`, uint8 arrays, and compute all metrics that the scripts have."""
        with torch.inference_mode():
            self._embed(pictures)
            for seed, original in enumerate(pictures):
                for transform in self.transforms:
                    view, _ = transforms.apply(transform, original, seed)
                    before, after = (self._attention(picture) for picture in (original, view))
                    for metric in registry.of_kind("attention"):
                        metric.function(before, after)
                    for metric in registry.of_kind("pixels"):
                        metric.function(original, view)

    def _embed(self, pictures):
        for transform in (None, *self.transforms):
            for start in range(0, len(pictures), BATCH):
                batch = pictures[start : start + BATCH]
                if transform:
                    batch = [transforms.apply(transform, picture, start)[0] for picture in batch]
                self.visual(torch.stack([self._input(picture) for picture in batch])).numpy()

    def _attention(self, picture):
        with PoolingAttention(self.visual) as recorder:
            self.visual(self._input(picture)[np.newaxis])
        return recorder.maps.numpy()

    def _input(self, picture):
        return self.preprocess(Image.fromarray(picture))
