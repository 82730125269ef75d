"""What computing with fewer digits costs: the encoder against itself in single precision, on some of the images."""

import numpy as np
import pandas as pd

from embedding_shift.metrics import registry
from embedding_shift.study.variant_names import variants_of

COLUMNS = ["precision", "metric", "n", "mean_error", "largest_error", "smallest_shift", "augmentation", "ratio"]
KINDS = ("embedding", "attention")


def table(precision, exact, reduced, summary):
    """Return what the precision changes, beside the smallest shift that it must not hide.

    A change, like a shift, is one minus the metric, or the distance itself.

    Args:
        precision: its name.
        exact: {kind: (keys (M,), array (M, …))} of the sample in single precision; a key is `{image_id}--{view}`.
        reduced: {view: {kind: (image ids (N,), array (N, …))}} of all images in that precision.
        summary: data frame of `summary.csv`.

    Returns:
        data frame with COLUMNS: a row per metric, over n views; `ratio` is the smallest mean shift of an augmentation,
        which is named, by the mean error: infinite without an error.
    """
    rows = []
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


def _pairs(kind, exact, reduced):
    for view, (image_ids, array) in variants_of(*exact[kind]).items():
        all_ids, others = reduced[view][kind]
        yield array, others[np.searchsorted(all_ids, image_ids)]


def _shift(metric, values):
    return np.maximum(1 - values, 0) if metric.higher_is_closer else values
