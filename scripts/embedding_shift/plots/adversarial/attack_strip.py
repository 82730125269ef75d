"""Attacked views of a few images, and their differences to the original, made visible."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from embedding_shift.adversarial.attacked_views import ATTACK, SIGNS, kind_and_epsilon, variant
from embedding_shift.io import shards as view_shards
from embedding_shift.plots import style
from embedding_shift.plots.pictures import reading
from embedding_shift.plots.pictures.sheet import Column, Sheet
from embedding_shift.study.variants import variant_names

IMAGES = 2
MOST_COLUMNS = 6
CELL = 0.85  # inches
ROWS = {(ATTACK, False): "attack", (ATTACK, True): "difference", (SIGNS, True): "random signs"}


def draw(attacked_views: Path, views_folder: Path, shards: int) -> Figure:
    """Draw for each image a row of attacked views and rows of the differences of the attack and of random signs.

    A difference is scaled so that −ε is black, no change grey, and ε white. Below the columns stands the cosine of the
    attacked view.

    Args:
        attacked_views: path of the shard of attacked views.
        views_folder: folder with one folder of shards per view.
        shards: number of shards of the original views.
    """
    keys = [variant_names.split(key) for key, _ in view_shards.read_records(attacked_views)]
    image_ids = reading.evenly_spread(sorted({image_id for image_id, _ in keys}), IMAGES)
    epsilons = sorted({kind_and_epsilon(variant)[1] for _, variant in keys})[:MOST_COLUMNS]
    views = {
        view.image_id: view
        for view in view_shards.read(attacked_views)
        if variant_names.split(view.image_id)[0] in image_ids
    }
    originals = reading.read_views(views_folder, shards, ["original"], image_ids)["original"]
    names = ["Original", *(f"ε = {epsilon}" for epsilon in epsilons)]
    sheet = Sheet(len(names), CELL, margin=0.16)
    sheet.names([Column(name, name, style.GREY) for name in names])
    for image_id in image_ids:
        original = originals[image_id]
        sheet.picture(0, original)
        for (kind, is_difference), label in ROWS.items():
            sheet.row_label(label)
            for number, epsilon in enumerate(epsilons, start=1):
                pixels = views[_key(image_id, kind, epsilon)].pixels
                sheet.picture(number, difference(original, pixels, epsilon) if is_difference else pixels)
            sheet.advance(CELL + 0.03)
        sheet.word(0, "cosine:", right=True)
        for number, epsilon in enumerate(epsilons, start=1):
            cosine = 1 - views[_key(image_id, ATTACK, epsilon)].record["parameters"]["shift"]
            sheet.word(number, f"{cosine:.2f}".replace("-", "−"))
        sheet.advance(0, text=0.2)
    return sheet.finish()


def difference(original: NDArray[np.uint8], view: NDArray[np.uint8], epsilon: int) -> NDArray[np.uint8]:
    """Return view − original, uint8 (size, size, 3): −ε becomes 0, no change 127, and ε 255."""
    change = (view.astype(np.float64) - original) / epsilon
    return np.asarray(127.5 * (1 + change)).astype(np.uint8)


def _key(image_id: str, kind: str, epsilon: int) -> str:
    return variant_names.key(image_id, variant(kind, epsilon))
