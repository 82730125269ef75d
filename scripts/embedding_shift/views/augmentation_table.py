"""The table of the configured augmentations, `augmentations.csv`, with their labels and colours."""

import json
from collections.abc import Mapping
from typing import Any

from embedding_shift.config.entries import STEP_SEPARATOR, AugmentationEntry, TransformEntry, steps_of
from embedding_shift.errors import InputError
from embedding_shift.views import doses, reproducibility
from embedding_shift.views.own_transforms import style_transforms

COLUMNS = ["augmentation", "label", "color", "transform", "parameters"]
RESERVE_COLORS = ("#666666", "#000000", "#B2DF8A", "#A6761D", "#FB9A99")


def rows(augmentations: Mapping[str, AugmentationEntry], image_size: int) -> list[dict[str, str]]:
    """Check every augmentation of the configuration, and return its row with COLUMNS.

    The label defaults to the name, and the colour to a reserve colour. `parameters` is JSON. For several transforms,
    `transform` holds their names joined by STEP_SEPARATOR, and `parameters` the list of their arguments; a transform
    that is applied to a share of the images has its `probability` among them. For given counterparts, `transform` is
    empty and `parameters` an empty list.

    Args:
        augmentations: entries of the configuration by name.
        image_size: side of a view in pixels.

    Raises:
        InputError: a transform cannot be built as configured or at a dose, makes no view, or makes another view with
            the same seed; the message names the augmentation.
    """
    reserve = iter(RESERVE_COLORS * len(augmentations))
    found = []
    for name, entry in augmentations.items():
        _check(name, entry, image_size)
        label, color = entry.get("label", name), entry.get("color") or next(reserve)
        steps = steps_of(entry)
        arguments = [_with_probability(step) for step in steps]
        transform = STEP_SEPARATOR.join(step["transform"] for step in steps)
        cells = (name, label, color, transform, json.dumps(arguments[0] if len(steps) == 1 else arguments))
        found.append(dict(zip(COLUMNS, cells, strict=True)))
    return found


def _with_probability(step: TransformEntry) -> dict[str, Any]:
    """Return the arguments of a transform, with its probability if that is below 1."""
    return step["parameters"] | ({"probability": step["probability"]} if "probability" in step else {})


def _check(name: str, entry: AugmentationEntry, image_size: int) -> None:
    try:
        steps = steps_of(entry)
        reproducibility.check(steps, image_size)
        style_transforms.check(steps, image_size)
        if "dose" in entry:
            doses.check(steps[0], entry["dose"])
    except InputError as error:
        raise InputError(f"augmentation {name!r}: {error}") from None
