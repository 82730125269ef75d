"""Measure the views of the attack: `image_id, kind, epsilon, metric, value`.

No pixel moves, so the registered metrics equal the others and are left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from embedding_shift.adversarial.attack import Pixels
from embedding_shift.adversarial.attacked_views import kind_and_epsilon
from embedding_shift.io import shards
from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.metrics import evaluate, registry
from embedding_shift.study.variants import variant_names
from embedding_shift.views import image_difference

COLUMNS = ["image_id", "kind", "epsilon", "metric", "value"]


def pixel_rows(originals: Mapping[str, Pixels], views: Iterable[shards.View]) -> pd.DataFrame:
    """Return the rows of the pixel metrics and the measures of damage.

    Args:
        originals: {image id: pixels}.
        views: the views of `attacked_views.views_of`, of these images.
    """
    measures = {metric.name: metric.function for metric in registry.of_kind("pixels")} | image_difference.MEASURES
    rows: list[tuple[Any, ...]] = []
    for view in views:
        image_id, variant = variant_names.split(view.image_id)
        pair = originals[image_id], view.pixels
        rows += [(image_id, *kind_and_epsilon(variant), name, measure(*pair)) for name, measure in measures.items()]
    return _frame(rows)


def output_rows(kind: str, original: ArrayByImage, encoded: ArrayByImage) -> pd.DataFrame:
    """Return the rows of the metrics of one kind; none for an encoder without attention maps.

    Args:
        kind: "embedding" or "attention".
        original: image ids (N,) and array (N, …) of the images.
        encoded: keys (M,) and array (M, …) of the views of these images.
    """
    image_ids, before = original
    places = {image_id: place for place, image_id in enumerate(image_ids)}
    names = [variant_names.split(str(key)) for key in encoded[0]]
    values = evaluate.of_arrays(kind, before[[places[image_id] for image_id, _ in names]], encoded[1])
    return _frame(
        (image_id, *kind_and_epsilon(variant), metric, value)
        for metric, column in values.items()
        for (image_id, variant), value in zip(names, column, strict=True)
    )


def _frame(rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS).astype({"epsilon": np.int64, "value": np.float64})
