"""The typical and the worst image of every augmentation: the pictures, their values, and where the attention went."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from embedding_shift.plots import style
from embedding_shift.plots.pictures import attention, reading
from embedding_shift.plots.pictures.sheet import Sheet
from embedding_shift.statistics.notable_images import TYPICAL, WORST

CELL = 0.7  # inches
PICTURES_PER_ROW = 8.2  # with a gap, these fill the width of the text
GROUP_GAP = 0.2  # of a cell
MARGIN = 0.43  # of a cell, for the names of the rows
TITLES = {TYPICAL: "Typical image", WORST: "Worst image"}
PICTURES = ("Original", "View")
PICTURES_OF_ATTENTION = ("Attention before", "Attention after")


def draw(
    notable_images: pd.DataFrame,
    augmentations: Sequence[style.Augmentation],
    views_folder: Path,
    attention_folder: Path,
    shards: int,
    page: int,
    pages: int,
) -> Figure:
    """Draw a row per augmentation of one page: its typical image, then its worst one.

    Args:
        notable_images: data frame of `notable_images.csv`.
        augmentations: of all pages, in the order of the rows.
        views_folder: folder with one folder of shards per view.
        attention_folder: folder with one attention file per view.
        shards: number of shards.
        page: number of this page, from 1.
        pages: number of pages, over which the augmentations are spread evenly.
    """
    shown = [each.tolist() for each in np.array_split(np.arange(len(augmentations)), pages)][page - 1]
    rows = []
    for augmentation in (augmentations[place] for place in shown):
        found = notable_images[notable_images["augmentation"] == augmentation.name]
        rows.append((augmentation, _samples(found, augmentation.name, views_folder, attention_folder, shards)))
    return sheet_of(rows)


def _samples(
    found: pd.DataFrame, name: str, views_folder: Path, attention_folder: Path, shards: int
) -> dict[str, tuple[reading.Sample, Mapping[str, Any]]]:
    """Return the sample and the row of `notable_images.csv` by role, for one augmentation."""
    image_ids = sorted(set(found["image_id"]))
    names = ["original", name]
    views = reading.read_views(views_folder, shards, names, image_ids)
    maps = reading.read_attention(attention_folder, names, image_ids)
    by_id = {sample.image_id: sample for sample in reading.samples(image_ids, views, maps)}
    rows: list[dict[str, Any]] = [dict(zip(found.columns, row, strict=True)) for row in found.itertuples(index=False)]
    return {row["role"]: (by_id[row["image_id"]], row) for row in rows}


def sheet_of(
    rows: Sequence[tuple[style.Augmentation, Mapping[str, tuple[reading.Sample, Mapping[str, Any]]]]],
) -> Figure:
    """Draw the rows of a page: augmentation, and its samples by role with their rows of `notable_images.csv`."""
    roles = [role for role in TITLES if any(role in samples for _, samples in rows)] or [TYPICAL]
    chosen = [sample for _, samples in rows for sample, _ in samples.values()]
    with_attention = attention.is_known(chosen)
    titles = [*PICTURES, *(PICTURES_OF_ATTENTION if with_attention else ())]
    step = len(titles) + GROUP_GAP
    width = len(roles) * step - GROUP_GAP
    blocks = min(len(rows), max(1, int((PICTURES_PER_ROW + MARGIN) / (width + MARGIN))))
    per_block = -(-len(rows) // blocks)
    sheet = Sheet(blocks * (width + MARGIN) - MARGIN, CELL, margin=MARGIN * CELL)
    top = lowest = sheet.top
    for start in range(0, len(rows), per_block):
        sheet.top = top
        left = start // per_block * (width + MARGIN)
        places = {role: left + number * step for number, role in enumerate(roles)}
        _block(sheet, left, rows[start : start + per_block], places, titles)
        lowest = max(lowest, sheet.top)
    sheet.top = lowest
    return attention.with_legend(sheet, chosen)


def _block(
    sheet: Sheet,
    left: float,
    rows: Sequence[tuple[style.Augmentation, Mapping[str, tuple[reading.Sample, Mapping[str, Any]]]]],
    places: Mapping[str, float],
    titles: Sequence[str],
) -> None:
    """Draw some of the rows below their titles; `places` are the columns where the roles begin."""
    if len(places) > 1:  # a single image is neither typical nor the worst
        for role, place in places.items():
            sheet.span(place, len(titles), TITLES[role], weight="bold")
        sheet.advance(0, text=0.14)
    for place in places.values():
        for column, title in enumerate(titles):
            sheet.word(place + column, title)
    sheet.advance(0, text=0.15)
    for augmentation, samples in rows:
        sheet.row_name(augmentation.label, augmentation.color, left)
        for role, found in samples.items():
            _group(sheet, places[role], augmentation.name, *found, len(titles) > len(PICTURES))
        if not samples:
            sheet.word(left, "not defined")
        sheet.advance(CELL, text=0.17)


def _group(
    sheet: Sheet, left: float, name: str, sample: reading.Sample, row: Mapping[str, Any], with_attention: bool
) -> None:
    """Draw the pictures of one sample side by side, with its values below."""
    pictures = [sample.views["original"], sample.views[name]]
    if with_attention:
        pictures += [attention.overlay(sample.views[view], sample.attention[view]) for view in ("original", name)]
    for place, pixels in enumerate(pictures):
        sheet.picture(left + place, pixels)
    sheet.advance(CELL)
    sheet.span(left, len(pictures), _values(row))
    sheet.advance(-CELL)


def _values(row: Mapping[str, Any]) -> str:
    """Return the image and its values in words."""
    parts = [str(row["image_id"]), f"cosine similarity {row['cosine_similarity']:.3f}".replace("-", "−")]
    if math.isfinite(row["attention_moved"]):
        parts.append(f"{100 * row['attention_moved']:.0f} % of attention moved")
    return " · ".join(parts)
