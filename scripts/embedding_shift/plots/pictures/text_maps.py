"""Where in a few photographs, and in their views, the encoder sees what the caption says."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from embedding_shift.io import array_files
from embedding_shift.plots import style
from embedding_shift.plots.pictures import attention, reading
from embedding_shift.plots.pictures.sheet import SMALL_CELL, Column, Sheet, columns_of

NOTHING = (
    "There are no maps of captions: the encoder has no text tower, it reads no patches out, or no image has a caption."
)
LONGEST = 110  # characters of a caption


def draw(
    text_maps: Path,
    augmentations: Sequence[style.Augmentation],
    views_folder: Path,
    shards: int,
) -> Figure:
    """Draw two rows per photograph: the maps of its views, and the map of the original, warped as each view was.

    Args:
        text_maps: path of `text_maps.npz`.
        augmentations: in the order of the views.
        views_folder: folder with one folder of shards per view.
        shards: number of shards.
    """
    found = array_files.read(text_maps)
    image_ids = found["image_id"].tolist()
    if not image_ids:
        return style.note(NOTHING, share=0.9)
    places = {name: place for place, name in enumerate(found["view"].tolist())}
    shown = [augmentation for augmentation in augmentations if augmentation.name in places]
    views = reading.read_views(views_folder, shards, reading.view_names(shown), image_ids)
    original, *columns = columns_of(shown)
    sheet = Sheet(2 + len(columns), SMALL_CELL)
    sheet.names([original, Column("original", "Its map", style.GREY), *columns])
    for row, image_id in enumerate(image_ids):
        photograph = views["original"][image_id]
        sheet.sentence(_short(str(found["caption"][row])))
        sheet.picture(0, photograph)
        sheet.picture(1, attention.overlay(photograph, found["original"][row][np.newaxis]))
        for kind, label in (("after", "found"), ("expected", "expected")):
            sheet.row_label(label)
            for number, column in enumerate(columns, start=2):
                values = found[kind][places[column.name], row]
                pixels = views[column.name][image_id]
                sheet.picture(number, attention.overlay(pixels, _filled(values)[np.newaxis]))
            sheet.advance(SMALL_CELL + 0.02)
        sheet.word(1, "correlation:", right=True)
        for number, column in enumerate(columns, start=2):
            value = found["correlation"][places[column.name], row]
            sheet.word(number, f"{value:.2f}".replace("-", "−") if np.isfinite(value) else "not defined")
        sheet.advance(0, text=0.16)
    sheet.color_bar("Similarity to the caption", "lowest", "highest")
    return sheet.finish()


def _filled(values: np.ndarray) -> np.ndarray:
    """Return a map with its lowest value where the view shows nothing of the original."""
    known = np.isfinite(values)
    return np.where(known, values, values[known].min() if known.any() else 0).astype(np.float64)


def _short(caption: str) -> str:
    """Return a caption on one line, cut where it would be too long."""
    text = " ".join(caption.split())
    return style.literal(f"“{text}”" if len(text) <= LONGEST else f"“{text[: LONGEST - 1]}…”")
