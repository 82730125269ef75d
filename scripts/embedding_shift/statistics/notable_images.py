"""The typical and the worst image of every augmentation, by the cosine similarity of the embeddings."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.io.array_files import Rows, RowsByImage
from embedding_shift.io.values_by_metric import Values
from embedding_shift.metrics import representation_metrics

METRIC = "cosine_similarity"
SHOWN = (METRIC, "l2_distance", "attention_similarity")
TYPICAL, WORST = "typical", "worst"
COLUMNS = ["augmentation", "role", "image_id", "images", *SHOWN, "attention_moved"]


def table(metrics: Values, original: RowsByImage, augmented: Iterable[tuple[str, RowsByImage]]) -> pd.DataFrame:
    """Return the typical and the worst image of every augmentation: a data frame with COLUMNS.

    The worst image has the lowest cosine similarity. The typical one is the nearest to the median among the others. Of
    images with equal values, the first by id is taken. The only image of a run is typical.

    Columns:
        images: number of images with a cosine similarity under this augmentation.
        attention_moved: see `representation_metrics.moved_attention`.

    Args:
        metrics: the values of every metric.
        original: image ids (N,) and attention (N, heads, rows, cols) of the originals.
        augmented: the same of every augmentation after its name, in the order of the rows.
    """
    rows: list[tuple[Any, ...]] = []
    shown_metrics = {metric: metrics[metric] for metric in SHOWN if metric in metrics}
    for name, attention in augmented:
        values = pd.DataFrame({metric: wide[name] for metric, wide in shown_metrics.items() if name in wide})
        values = values.reindex(columns=SHOWN).dropna(subset=METRIC)
        for role, image_id in _chosen(values[METRIC]).items():
            maps = [_map_of(image_id, *found) for found in (original, attention)]
            moved = representation_metrics.moved_attention(*maps)
            shown = [values.at[image_id, metric] for metric in SHOWN]
            rows.append((name, role, image_id, len(values), *shown, moved))
    return pd.DataFrame(rows, columns=COLUMNS)


def _chosen(similarity: "pd.Series[float]") -> dict[str, str]:
    """Return the image ids of similarities by role; the series is sorted by image id."""
    if similarity.empty:
        return {}
    if len(similarity) == 1:
        return {TYPICAL: str(similarity.index[0])}
    worst = str(similarity.idxmin())
    others = similarity.drop(worst)
    return {TYPICAL: str((others - similarity.median()).abs().idxmin()), WORST: worst}


def _map_of(image_id: str, image_ids: NDArray[np.str_], attention: NDArray[Any] | Rows) -> NDArray[Any]:
    place = int(np.flatnonzero(image_ids == image_id)[0])
    return np.asarray(attention[place : place + 1][0])
