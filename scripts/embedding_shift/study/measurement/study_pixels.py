"""Measure the pixels of the study's views and references."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from embedding_shift.io import shards
from embedding_shift.metrics import evaluate, registry
from embedding_shift.metrics.pixel_metrics import Pixels
from embedding_shift.study.measurement import long_tables
from embedding_shift.study.variants import variant_names
from embedding_shift.study.variants.variant_names import ANOTHER, JPEG, ORIGINAL, OTHER_RESIZE, UNCHANGED
from embedding_shift.views import geometry, image_difference
from embedding_shift.views.correspondence import Correspondence
from embedding_shift.views.view_record import ViewRecord

Images = Mapping[str, Mapping[str, Pixels]]  # {ORIGINAL or OTHER_RESIZE: {image id: pixels}}


def pixel_rows(images: Images, views: Iterable[shards.View], augmentation: str) -> pd.DataFrame:
    """Return the study table of the pixel metrics and the measures of damage of one augmentation.

    Args:
        images: the original images, and those resized by the other method.
        views: the study's views of the augmentation.
        augmentation: name of the augmentation.
    """
    rows: list[tuple[Any, ...]] = []
    dosed = False
    for view in views:
        image_id, variant = variant_names.split(view.image_id)
        dosed = dosed or variant_names.dose_of(variant) is not None
        original = images[OTHER_RESIZE if variant == OTHER_RESIZE else ORIGINAL][image_id]
        rows += _rows(original, view, (image_id, augmentation, variant))
    for image_id, pixels in images[ORIGINAL].items() if dosed else ():
        values = _pixel_values(pixels, pixels, None)
        rows += [(image_id, augmentation, UNCHANGED, name, value) for name, value in values]
    return long_tables.frame(rows, long_tables.COLUMNS)


def equal_damage_rows(originals: Mapping[str, Pixels], views: Iterable[shards.View]) -> pd.DataFrame:
    """Return the study table of the pixel metrics and the measures of damage of the views at equal damage.

    Args:
        originals: {image id: pixels}.
        views: views of several augmentations (see `equal_doses.views`).
    """
    rows: list[tuple[Any, ...]] = []
    for view in views:
        image_and_augmentation, variant = variant_names.split(view.image_id)
        image_id, augmentation = variant_names.split(image_and_augmentation)
        rows += _rows(originals[image_id], view, (image_id, augmentation, variant))
    return long_tables.frame(rows, long_tables.COLUMNS)


def _rows(original: Pixels, view: shards.View, names: tuple[str, str, str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one view; `names` are image id, augmentation and variant."""
    correspondence = geometry.correspondence(ViewRecord.from_json(view.record))
    for name, value in _pixel_values(original, view.pixels, correspondence):
        yield *names, name, value


def reference_pixel_rows(originals: Mapping[str, Pixels], jpegs: Mapping[str, Pixels]) -> pd.DataFrame:
    """Return the reference table of the pixel metrics: each image against its JPEG, and every two images.

    Args:
        originals, jpegs: {image id: pixels}.
    """
    pairs = [(JPEG, name, name, originals[name], jpegs[name]) for name in sorted(originals)]
    pairs += [(ANOTHER, one, two, originals[one], originals[two]) for one, two in combinations(sorted(originals), 2)]
    measures = {metric.name: metric.function for metric in registry.of_kind("pixels")} | image_difference.MEASURES
    rows = [(*pair[:3], name, measure(*pair[3:])) for pair in pairs for name, measure in measures.items()]
    return long_tables.frame(rows, long_tables.REFERENCE_COLUMNS)


def _pixel_values(
    original: Pixels, augmented: Pixels, correspondence: Correspondence | None
) -> Iterator[tuple[str, float]]:
    for metric, value in evaluate.of_pixels(original, augmented, correspondence):
        yield metric.name, value
    for name, measure in image_difference.MEASURES.items():
        yield name, measure(original, augmented)
