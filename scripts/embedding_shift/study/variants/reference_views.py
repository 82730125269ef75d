"""The images of the study, and their references: views that show how large a metric is without any augmentation."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2

from embedding_shift import sampling
from embedding_shift.io import shards
from embedding_shift.study.variants.variant_names import JPEG, ORIGINAL, OTHER_RESIZE, key, split

JPEG_QUALITY = 95


def choose(manifest_rows: Iterable[Mapping[str, str]], images: int) -> list[str]:
    """Return at most `images` image ids, sorted: the images that the setting `n_images` would keep."""
    return sampling.select((row["image_id"] for row in manifest_rows), images)


def references(originals: Iterable[shards.View], resized_otherwise: Iterable[shards.View]) -> Iterator[shards.View]:
    """Yield under their keys in the study each original view, the image resized otherwise, and saved as JPEG.

    Args:
        originals: the views.
        resized_otherwise: views of the same images, in the same order, from `other_resize.resized_otherwise`.
    """
    for original, other in zip(originals, resized_otherwise, strict=True):
        yield shards.View(key(original.image_id, ORIGINAL), original.pixels, original.record)
        yield shards.View(key(original.image_id, OTHER_RESIZE), other.pixels, original.record)
        _, data = cv2.imencode(".jpg", original.pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        pixels: Any = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        yield shards.View(key(original.image_id, JPEG), pixels)


def image_ids(path: str | Path) -> list[str]:
    """Return the image ids of the study, from a shard of `references`.

    Raises:
        InputError: the shard is damaged.
    """
    keys = (split(view_key) for view_key, _ in shards.read_records(path))
    return [image_id for image_id, variant in keys if variant == ORIGINAL]


def read(path: str | Path) -> dict[str, dict[str, shards.View]]:
    """Return {variant: {image id: View}} of a shard of `references`.

    Raises:
        InputError: the shard is damaged.
    """
    found: dict[str, dict[str, shards.View]] = {}
    for view in shards.read(path):
        image_id, variant = split(view.image_id)
        found.setdefault(variant, {})[image_id] = shards.View(image_id, view.pixels, view.record)
    return found
