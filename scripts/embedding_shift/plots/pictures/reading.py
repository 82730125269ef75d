"""Choose the images that the figures show, and read their views, attention and similarities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from embedding_shift.errors import InputError
from embedding_shift.io import array_files, shards, tables
from embedding_shift.io.values_by_metric import Values
from embedding_shift.plots import style

StrPath = str | PathLike[str]


@dataclass(frozen=True)
class Sample:
    """One image under every augmentation.

    Attributes:
        image_id: its key.
        views: pixels by view name ("original" and every augmentation), uint8 (size, size, 3), RGB.
        attention: by view name, float32 (heads, rows, cols); zero heads where the encoder has no attention map.
        cosine: cosine similarity to the original by augmentation; where it is not defined there is no entry.
    """

    image_id: str
    views: Mapping[str, np.ndarray]
    attention: Mapping[str, np.ndarray]
    cosine: Mapping[str, float]


def view_names(augmentations: Sequence[style.Augmentation]) -> list[str]:
    """Return the names of all views: the original, then the augmentations in their order."""
    return ["original", *(augmentation.name for augmentation in augmentations)]


def read_image_ids(manifest: StrPath) -> list[str]:
    """Return the image ids of a manifest, sorted."""
    return sorted(row["image_id"] for row in tables.read_rows(manifest))


def evenly_spread(items: Sequence[str], count: int) -> list[str]:
    """Return `count` items, evenly spread over the sequence, in its order; all of them where there are fewer."""
    count = min(count, len(items))
    return [items[(2 * number + 1) * len(items) // (2 * count)] for number in range(count)]


def read_views(
    folder: StrPath, number_of_shards: int, names: Sequence[str], image_ids: Sequence[str]
) -> dict[str, dict[str, np.ndarray]]:
    """Return {view name: {image id: pixels}} from the shards below `folder`.

    Only the shards that hold one of the images are opened.
    """
    views = {}
    for name in names:
        paths = [Path(folder, name, f"{number:05d}.tar") for number in range(number_of_shards)]
        found = shards.read_selected(paths, image_ids) if image_ids else {}
        views[name] = {image_id: view.pixels for image_id, view in found.items()}
    return views


def read_attention(folder: StrPath, names: Sequence[str], image_ids: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
    """Return {view name: {image id: attention (heads, rows, cols)}} from the attention files in `folder`.

    Raises:
        InputError: a file lacks an image.
    """
    attention = {}
    for name in names:
        path = Path(folder, f"{name}.npz")
        found_ids, maps = array_files.read_selected(path, "attention", image_ids)
        found = dict(zip(found_ids.tolist(), maps, strict=True))
        missing = [image_id for image_id in image_ids if image_id not in found]
        if missing:
            raise InputError(f"no image {missing[0]!r} in {path}")
        attention[name] = {image_id: found[image_id] for image_id in image_ids}
    return attention


def cosine_of(metrics: Values, image_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return {image id: {augmentation: cosine similarity}}."""
    table = metrics["cosine_similarity"] if "cosine_similarity" in metrics else pd.DataFrame()
    table = table.reindex(index=list(image_ids))
    return {str(image_id): dict(row.dropna()) for image_id, row in table.iterrows()}


def samples(
    image_ids: Sequence[str],
    views: Mapping[str, Mapping[str, np.ndarray]],
    attention: Mapping[str, Mapping[str, np.ndarray]],
    cosine: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Sample]:
    """Return one Sample per image id; the other arguments are what the functions above return."""
    return [
        Sample(
            image_id,
            {name: by_id[image_id] for name, by_id in views.items()},
            {name: by_id[image_id] for name, by_id in attention.items()},
            (cosine or {}).get(image_id, {}),
        )
        for image_id in image_ids
    ]
