"""The nearest images of some photographs before and after each augmentation, for the figure that shows them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from embedding_shift.mechanism import neighbourhoods
from embedding_shift.mechanism.captured_views import ORIGINAL, CapturedViews
from embedding_shift.mechanism.neighbourhoods import IntArray
from embedding_shift.mechanism.readouts.neighbours import WHOLE, head_spaces, of_head, sample
from embedding_shift.mechanism.registry import Row, Settings, register
from embedding_shift.mechanism.tower import FloatArray

SHOWN_IMAGES = 3
SEPARATOR = " "


@register("augmentation", "space", "overlap", "image_id", "before", "after")
def nearest_images(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield rows for a few images, in the whole embedding and in the head that keeps the fewest neighbours.

    Columns:
        overlap: mean share of neighbours kept in this space, over all images.
        before, after: ids of the nearest images of the original and of the view, the nearest first.
    """
    count, k = len(views.image_ids), settings.neighbours
    shown = [(2 * place + 1) * count // (2 * SHOWN_IMAGES) for place in range(min(SHOWN_IMAGES, count))]
    before = views.read(ORIGINAL, "embedding", "heads")
    spaces = head_spaces(views.tower) if "heads" in before else {}
    for augmentation in views.augmentations:
        after = views.read(augmentation, "embedding", "heads")
        found = {WHOLE: _neighbours(before["embedding"], after["embedding"], k)}
        if spaces and found[WHOLE]:
            chosen = sample(before), sample(after)
            overlaps = {name: _overlap(_neighbours(*of_head(*chosen, space), k)) for name, space in spaces.items()}
            least = min(overlaps, key=lambda name: overlaps[name])
            found[least] = _neighbours(*of_head(before, after, spaces[least]), k)
        for space, pair in found.items():
            for image in shown:
                row = {"augmentation": augmentation, "space": space, "image_id": views.image_ids[image]}
                yield row | _nearest(pair, image, views, f"needs {2 * k + 1} finite images")


def _neighbours(before: FloatArray, after: FloatArray, k: int) -> list[IntArray]:
    """Return the neighbours (n, k) before and after; nothing if they are not defined."""
    pair = [values.astype(np.float64) for values in (before, after)]
    if 2 * k >= len(before) or not all(np.isfinite(values).all() for values in pair):
        return []
    return [neighbourhoods.nearest(neighbourhoods.similarities(values, values), k) for values in pair]


def _overlap(pair: list[IntArray]) -> float:
    return float(neighbourhoods.overlap(pair[0], pair[1]).mean()) if pair else np.inf


def _nearest(pair: list[IntArray], image: int, views: CapturedViews, reason: str) -> dict[str, Any]:
    if not pair:
        return dict.fromkeys(("overlap", "before", "after"), reason)
    before, after = (SEPARATOR.join(views.image_ids[neighbours[image]]) for neighbours in pair)
    return {"overlap": _overlap(pair), "before": before, "after": after}
