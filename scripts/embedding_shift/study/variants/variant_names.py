"""Names of the study's views: image id and variant.

The key of a view in its shard is `{image_id}--{variant}`. The variant is `draw-1`, `dose-0250` (in thousandths),
`first-2` or `without-2` (of the transforms of a list), or the name of a reference. A shard with views of several
augmentations has the keys `{image_id}--{augmentation}--{variant}`; its variants are `equal-rmse` and `equal-ssim`. The
originals are kept under the variants `original` and `other-resize`.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.io.array_files import ArrayByImage

SEPARATOR = "--"
ORIGINAL, JPEG = "original", "jpeg_95"
MAIN, UNCHANGED = "draw-0", "dose-0000"
LEAST_DOSE = 0.001  # stands for a vanishing dose: the smallest dose that a name can hold
# The image resized by the other of the two methods, and the view that an augmentation makes of it.
OTHER_RESIZE = "other-resize"
ENCODER_REFERENCES = ("re-encoding", "other_batch_size", "other_precision", JPEG)
ANOTHER = "another_photograph"
REFERENCES = (*ENCODER_REFERENCES, ANOTHER)


def other_precision(precision: str) -> str:
    """Return the precision of the reference "other_precision", for an encoder that computes in `precision`."""
    return "bf16" if precision == "fp32" else "fp32"


def key(image_id: str, variant: str) -> str:
    """Return the key of a view in its shard."""
    return f"{image_id}{SEPARATOR}{variant}"


def split(view_key: str) -> tuple[str, str]:
    """Return image id and variant from the key of a view."""
    image_id, _, variant = view_key.rpartition(SEPARATOR)
    return image_id, variant


def draw_name(draw: int) -> str:
    """Return the variant of a draw, an integer from 1; draw 0 is the main view."""
    return f"draw-{draw}"


def dose_name(dose: float) -> str:
    """Return the variant of a dose, which is rounded to three decimals."""
    return f"dose-{round(1000 * dose):04d}"


def dose_of(variant: str) -> float | None:
    """Return the dose of a variant; None if the variant is not a dose."""
    kind, _, thousandths = variant.partition("-")
    return int(thousandths) / 1000 if kind == "dose" else None


def after_steps(number: int, steps: int) -> str:
    """Return the variant of the first transforms of a list: `number` of `steps`. All of them are the main view."""
    return MAIN if number == steps else f"first-{number}"


def without_step(number: int, steps: int) -> str:
    """Return the variant of a list without one of its transforms, `number` of `steps` from 1."""
    return after_steps(steps - 1, steps) if number == steps else f"without-{number}"


def is_part_of_list(variant: str) -> bool:
    """Return whether a variant is a part of a list of transforms."""
    return variant.partition("-")[0] in ("first", "without")


def equal_name(measure: str) -> str:
    """Return the variant of the view that does as much damage, by a measure, as those of the other augmentations."""
    return f"equal-{measure}"


def by_augmentation(keys: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """Group the keys of a shard with views of several augmentations.

    Args:
        keys: `{image_id}--{augmentation}--{variant}`.

    Returns:
        {augmentation: [(place among the keys, `{image_id}--{variant}`)]}, in the order of the keys.
    """
    groups: dict[str, list[tuple[int, str]]] = {}
    for place, view_key in enumerate(keys):
        image_and_augmentation, variant = split(str(view_key))
        image_id, augmentation = split(image_and_augmentation)
        groups.setdefault(augmentation, []).append((place, key(image_id, variant)))
    return groups


def variants_of(keys: Iterable[str], array: NDArray[Any]) -> dict[str, ArrayByImage]:
    """Split an array by the variants in its keys.

    Args:
        keys: M keys.
        array: (M, …).

    Returns:
        {variant: (image ids (N,), array (N, …))}, sorted by image id.
    """
    parts: dict[str, list[tuple[str, int]]] = {}
    for index, view_key in enumerate(keys):
        image_id, variant = split(str(view_key))
        parts.setdefault(variant, []).append((image_id, index))
    divided = {}
    for variant, members in parts.items():
        image_ids, indices = zip(*sorted(members), strict=True)
        divided[variant] = np.array(image_ids), array[list(indices)]
    return divided
