"""Measure the study's views: the long table of the study, and that of its references.

Study table: `image_id, augmentation, variant, metric, value`, where the variant is as in `study_names`, `draw-0` being
the main view and `dose-0000` the original. Reference table: `reference, image_id, other_id, metric, value`, where the
other image is the same one in all references but ANOTHER.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from embedding_shift.io import shards
from embedding_shift.metrics import evaluate, image_difference, long_table, registry
from embedding_shift.study import study_views, variant_names
from embedding_shift.study.variant_names import ANOTHER, JPEG, MAIN, UNCHANGED, variants_of
from embedding_shift.views import geometry

COLUMNS = ["image_id", "augmentation", "variant", "metric", "value"]
REFERENCE_COLUMNS = ["reference", "image_id", "other_id", "metric", "value"]


def pixel_rows(originals, views, augmentation):
    """Return the study table of the pixel metrics and measures of damage of one augmentation.

    Args:
        originals: {image id: pixels}.
        views: iterable of the augmentation's study views.
        augmentation: its name.
    """
    rows, dosed = [], False
    for view in views:
        image_id, variant = variant_names.split(view.image_id)
        dosed = dosed or variant_names.dose_of(variant) is not None
        correspondence = study_views.correspondence(view)
        warp_of = None if correspondence is None else lambda _, found=correspondence: found
        values = _pixel_values(originals[image_id], view, warp_of)
        rows += [(image_id, augmentation, variant, name, value) for name, value in values]
    for image_id, pixels in originals.items() if dosed else ():
        values = _pixel_values(pixels, shards.View(image_id, pixels))
        rows += [(image_id, augmentation, UNCHANGED, name, value) for name, value in values]
    return _frame(rows, COLUMNS)


def _pixel_values(original, view, warp_of=None):
    for metric, value in evaluate.of_pixels(original, view, warp_of):
        yield metric.name, value
    for name, measure in image_difference.MEASURES.items():
        yield name, measure(original, view.pixels)


def reference_pixel_rows(originals, jpegs):
    """Return the reference table of the pixel metrics: each image against its JPEG, and every two images.

    Args:
        originals, jpegs: {image id: pixels}.
    """
    pairs = [(JPEG, name, name, originals[name], jpegs[name]) for name in sorted(originals)]
    pairs += [(ANOTHER, one, two, originals[one], originals[two]) for one, two in combinations(sorted(originals), 2)]
    measures = {metric.name: metric.function for metric in registry.of_kind("pixels")} | image_difference.MEASURES
    rows = [(*pair[:3], name, measure(*pair[3:])) for pair in pairs for name, measure in measures.items()]
    return _frame(rows, REFERENCE_COLUMNS)


def shift_rows(kind, original, encoded, augmentation):
    """Return the study table of the metrics of one kind ("embedding" or "attention").

    Args:
        original: image ids (N,) and array (N, …) of the study's originals.
        encoded: keys (M,) and array (M, …) of the augmentation's study views.
        augmentation: its name.
    """
    parts = [
        long_table.shift_rows(kind, original, augmented, augmentation).assign(variant=variant)
        for variant, augmented in sorted(_with_unchanged(original, encoded).items())
    ]
    return _joined(parts)


def registered_attention_rows(original, encoded, views, augmentation, shape):
    """Return the study table of the attention metrics with the geometry undone.

    Args:
        original, encoded, augmentation: as of `shift_rows`.
        views: the views that were encoded.
        shape: (height, width) of a view.
    """
    by_key = {view.image_id: view for view in views}
    by_variant = _with_unchanged(original, encoded)
    parts = []
    for variant, augmented in sorted(by_variant.items()):

        def warp_of(image_id, variant=variant):
            view = by_key.get(variant_names.key(image_id, variant))
            warp = study_views.correspondence(view) if view else None
            return warp or geometry.Correspondence.identity(shape)

        values = evaluate.of_registered_attention(original[0], original[1], augmented[1], warp_of)
        parts.append(long_table.rows(original[0], values, augmentation).assign(variant=variant))
    return _joined(parts)


def reference_shift_rows(kind, original, encoded):
    """Return the reference table of the metrics of one kind; `encoded` are the keys and array of the references."""
    image_ids, before = original
    rows = []
    for variant, (_, after) in variants_of(*encoded).items():
        rows += _reference_values(kind, variant, image_ids, image_ids, before, after)
    pairs = np.array(list(combinations(range(len(image_ids)), 2)), dtype=int).reshape(-1, 2)
    one, two = pairs.T
    rows += _reference_values(kind, ANOTHER, image_ids[one], image_ids[two], before[one], before[two])
    return _frame(rows, REFERENCE_COLUMNS)


def _reference_values(kind, reference, image_ids, other_ids, before, after):
    for metric in registry.of_kind(kind) if 0 not in before.shape[1:] and len(before) else ():
        for image_id, other_id, value in zip(image_ids, other_ids, metric.function(before, after), strict=True):
            yield reference, image_id, other_id, metric.name, value


def _with_unchanged(original, encoded):
    """Split as `variants_of`, and add the original as dose 0 where there are doses."""
    by_variant = variants_of(*encoded)
    dosed = any(variant_names.dose_of(variant) is not None for variant in by_variant)
    return by_variant | ({UNCHANGED: original} if dosed else {})


def main_rows(table, image_ids):
    """Return the rows of the main long table that belong to the study's images, as draw 0."""
    return table[table["image_id"].isin(image_ids)].assign(variant=MAIN)[COLUMNS]


def _joined(parts):
    return pd.concat([_frame([], COLUMNS), *(part[COLUMNS] for part in parts)], ignore_index=True)


def _frame(rows, columns):
    return pd.DataFrame(rows, columns=columns).astype({"value": np.float64})
