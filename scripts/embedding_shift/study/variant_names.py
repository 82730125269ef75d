"""How the study names its views and its variants, and how they are taken apart again.

A view's key in its shard is `{image_id}--{variant}`; the variant is `draw-1`, `dose-0250` (in thousandths) or the name
of a reference.
"""

import numpy as np

from embedding_shift.io import shards
from embedding_shift.metrics import (
    image_difference,
    registry,
)

SEPARATOR = "--"
ORIGINAL, JPEG = "original", "jpeg_95"
MAIN, UNCHANGED = "draw-0", "dose-0000"
ENCODER_REFERENCES = ("re-encoding", "other_batch_size", "other_precision", JPEG)
ANOTHER = "another_photograph"
REFERENCES = (*ENCODER_REFERENCES, ANOTHER)
AS_RELEASED = "patch_similarity_as_released"


def names():
    """Return the metrics of the study's tables, in their order: those of the registry, then the measures of damage."""
    return [metric.name for metric in registry.in_order() if metric.name != AS_RELEASED] + list(
        image_difference.MEASURES
    )


def key(image_id, variant):
    """Return the key of a view in its shard."""
    return f"{image_id}{SEPARATOR}{variant}"


def split(view_key):
    """Return image id and variant of a view's key."""
    image_id, _, variant = view_key.rpartition(SEPARATOR)
    return image_id, variant


def draw_name(draw):
    """Return the variant of a draw, a whole number from 1; draw 0 is the main view."""
    return f"draw-{draw}"


def dose_name(dose):
    """Return the variant of a dose, which is taken to three decimals."""
    return f"dose-{round(1000 * dose):04d}"


def dose_of(variant):
    """Return the dose of a variant, or None where it is none."""
    kind, _, thousandths = variant.partition("-")
    return int(thousandths) / 1000 if kind == "dose" else None


def read_references(path):
    """Return {variant: {image id: View}} of a shard of `references`."""
    found = {}
    for view in shards.read(path):
        image_id, variant = split(view.image_id)
        found.setdefault(variant, {})[image_id] = shards.View(image_id, view.pixels, view.record)
    return found


def variants_of(keys, array):
    """Split an array by the variants in its keys: {variant: (image ids (N,), array (N, …))}, sorted by image id."""
    parts = {}
    for index, view_key in enumerate(keys):
        image_id, variant = split(str(view_key))
        parts.setdefault(variant, []).append((image_id, index))
    divided = {}
    for variant, members in parts.items():
        image_ids, indices = zip(*sorted(members), strict=True)
        divided[variant] = np.array(image_ids), array[list(indices)]
    return divided


def selected(original, image_ids):
    """Return the pair of image ids (N,) and array (N, …) that belongs to the study's images."""
    kept = np.isin(original[0], image_ids)
    return original[0][kept], original[1][kept]
