"""One image and its augmented views in a row."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from embedding_shift.errors import InputError
from embedding_shift.plots import style
from embedding_shift.plots.pictures import reading
from embedding_shift.plots.pictures.sheet import Sheet, columns_of

CELL = 0.6  # inches: ten of them fill the width of the text


def draw(
    manifest: reading.StrPath,
    augmentations: Sequence[style.Augmentation],
    views_folder: reading.StrPath,
    shards: int,
    image: str | None,
) -> Figure:
    """Draw the views of one image in a row, with their names below.

    Args:
        manifest: path of the manifest.
        augmentations: in the order of the views.
        views_folder: folder with one folder of shards per view.
        shards: number of shards.
        image: id of the image; None for the first in the manifest.
    """
    image_id = chosen_image(manifest, image)
    views = reading.read_views(views_folder, shards, reading.view_names(augmentations), [image_id])
    return strip(augmentations, {name: by_id[image_id] for name, by_id in views.items()})


def chosen_image(manifest: reading.StrPath, image_id: str | None = None) -> str:
    """Return the image id that the strip shows: the one given, else the first in the manifest.

    Raises:
        InputError: the manifest does not hold it.
    """
    image_ids = reading.read_image_ids(manifest)
    if image_id is None:
        return image_ids[0]
    if image_id not in image_ids:
        raise InputError(
            f"figures.strip_image: no image {image_id!r} among the {len(image_ids)} of {manifest}, from"
            f" {image_ids[0]!r} to {image_ids[-1]!r}"
        )
    return image_id


def strip(augmentations: Sequence[style.Augmentation], views: Mapping[str, np.ndarray]) -> Figure:
    """Draw the pixels of every view, uint8 (size, size, 3), by view name."""
    columns = columns_of(augmentations)
    sheet = Sheet(len(columns), CELL, margin=0.0)
    for number, column in enumerate(columns):
        sheet.picture(number, views[column.name])
    sheet.advance(CELL)
    sheet.names(columns, above=False)
    return sheet.finish()
