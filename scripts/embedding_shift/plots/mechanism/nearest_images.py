"""The nearest images of some photographs before and after an augmentation."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from embedding_shift.plots import style
from embedding_shift.plots.mechanism import cells
from embedding_shift.plots.pictures import reading
from embedding_shift.plots.pictures.sheet import GAP, SHEET_WIDTH, Sheet

WHOLE = "whole"
SHOWN_IMAGES = 2
GAP_COLUMNS = 0.3
MOST_NEIGHBOURS = 6
MARGIN = 0.02  # inches


def draw(
    nearest_images: pd.DataFrame, augmentations: Sequence[style.Augmentation], views_folder: Path, shards: int
) -> Figure:
    """Draw each photograph with its nearest images on the left, and its view with the nearest views on the right.

    The augmentation that keeps the fewest neighbours comes first, then the one in the middle, each for the whole
    embedding and for the head that keeps the fewest. A line below a picture marks a neighbour that is kept.

    Args:
        nearest_images: data frame of `nearest_images.csv`.
        augmentations: their labels and colours.
        views_folder: folder with one folder of shards per view.
        shards: number of shards.
    """
    if reason := cells.not_defined(nearest_images["overlap"]):
        return reason
    table = nearest_images.assign(overlap=cells.numbers(nearest_images["overlap"])).dropna(subset="overlap")
    shown = _shown(table, augmentations)
    ids = sorted({name for row in shown for name in (row["image_id"], *row["old"], *row["new"])})
    names = list(dict.fromkeys(row["augmentation"] for row in shown))
    views = reading.read_views(views_folder, shards, ["original", *names], ids)
    columns = 2 * (1 + max(len(row["old"]) for row in shown)) + GAP_COLUMNS
    sheet = Sheet(columns, (SHEET_WIDTH - MARGIN) / columns - GAP, MARGIN)
    labels = {augmentation.name: augmentation for augmentation in augmentations}
    half = len(shown[0]["old"]) + 1
    sheet.span(0, half, "Original, and the nearest originals", weight="bold")
    sheet.span(half + GAP_COLUMNS, half, "View, and the nearest views", weight="bold")
    sheet.advance(0.02, text=0.14)
    heading = ""
    for row in shown:
        name = row["augmentation"]
        space = "whole embedding" if row["space"] == WHOLE else f"head {row['space']}"
        if heading != (heading := f"{labels[name].label}, {space}: {100 * row['overlap']:.0f} % of neighbours kept"):
            sheet.sentence(heading)
        _row(sheet, row, views, labels[name])
    return sheet.finish()


def _shown(table: pd.DataFrame, augmentations: Sequence[style.Augmentation]) -> list[dict]:
    """Return the rows to show, with lists of the nearest images before (`old`) and after (`new`)."""
    kept = table[table["space"] == WHOLE].groupby("augmentation")["overlap"].first().sort_values(kind="stable")
    names = [name for name in kept.index if name in {augmentation.name for augmentation in augmentations}]
    chosen = dict.fromkeys([names[0], names[len(names) // 2]])
    rows = []
    for name in chosen:
        for _, group in table[table["augmentation"] == name].groupby("space", sort=False):
            for row in group.head(SHOWN_IMAGES).to_dict("records"):
                old, new = (row[key].split()[:MOST_NEIGHBOURS] for key in ("before", "after"))
                rows.append({**row, "old": old, "new": new})
    return rows


def _row(sheet: Sheet, row: dict, views: dict, augmentation: style.Augmentation) -> None:
    half = 1 + len(row["old"]) + GAP_COLUMNS
    sheet.picture(0, views["original"][row["image_id"]])
    sheet.picture(half, views[augmentation.name][row["image_id"]])
    for place, name in enumerate(row["old"], start=1):
        sheet.picture(place, views["original"][name])
    for place, name in enumerate(row["new"], start=1):
        sheet.picture(half + place, views[augmentation.name][name])
        if name in row["old"]:
            sheet.mark(half + place, augmentation.color)
    sheet.advance(sheet.cell + 0.05)
