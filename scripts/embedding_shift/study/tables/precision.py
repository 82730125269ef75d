"""The error of reduced precision: the encoder against itself in single precision, on some of the images."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.metrics import registry
from embedding_shift.study.variants.variant_names import variants_of

COLUMNS = ["precision", "metric", "n", "mean_error", "largest_error", "smallest_shift", "augmentation", "ratio"]
KINDS = ("embedding", "attention")


def table(
    precision: str,
    exact: Mapping[str, ArrayByImage],
    reduced: Mapping[str, Mapping[str, ArrayByImage]],
    summary: pd.DataFrame,
) -> pd.DataFrame:
    """Return the error of a precision, and the smallest shift that it must not hide.

    An error, like a shift, is one minus the metric, or the distance itself.

    Args:
        precision: name of the precision.
        exact: {kind: (keys (M,), array (M, …))} of the sample in single precision. A key is `{image_id}--{view}`.
        reduced: {view: {kind: (image ids (N,), array (N, …))}} of at least these images in the given precision, sorted.
        summary: data frame of `summary.csv`.

    Returns:
        data frame with COLUMNS and a row per metric, over n views. `augmentation` has the smallest mean shift, and
        `ratio` is this shift divided by the mean error; infinite if there is no error.
    """
    rows: list[tuple[Any, ...]] = []
    for kind in KINDS:
        pairs = list(_pairs(kind, exact, reduced))
        for metric in registry.of_kind(kind) if pairs and 0 not in pairs[0][0].shape[1:] else ():
            values = np.concatenate([metric.function(one, other) for one, other in pairs])
            errors = _shift(metric, values[np.isfinite(values)])
            shifts = summary[summary["metric"] == metric.name].set_index("augmentation")["mean"]
            if not len(errors) or shifts.empty:
                continue
            shifts = _shift(metric, shifts)
            smallest, mean = shifts.min(), errors.mean()
            ratio = smallest / mean if mean > 0 else np.inf
            rows.append((precision, metric.name, len(errors), mean, errors.max(), smallest, shifts.idxmin(), ratio))
    return pd.DataFrame(rows, columns=COLUMNS)


def _pairs(
    kind: str, exact: Mapping[str, ArrayByImage], reduced: Mapping[str, Mapping[str, ArrayByImage]]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    for view, (image_ids, array) in variants_of(*exact[kind]).items():
        all_ids, others = reduced[view][kind]
        yield array, others[np.searchsorted(all_ids, image_ids)]


def _shift(metric: registry.Metric, values: Any) -> Any:
    return np.maximum(1 - values, 0) if metric.higher_is_closer else values
