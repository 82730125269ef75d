"""What no change looks like, and what another picture does: floor and ceiling of every metric."""

import numpy as np
import pandas as pd

from embedding_shift.statistics import bootstrap
from embedding_shift.study import variant_names

COLUMNS = ["reference", "metric", "mean", "ci_low", "ci_high"]


def table(references, resamples, confidence, root_seed):
    """Return mean and bootstrap interval per reference and metric: a data frame with COLUMNS.

    Args:
        references: the reference table of `study_metrics`.
        resamples, confidence, root_seed: of the bootstrap.
    """
    references = references[np.isfinite(references["value"])]
    groups = dict(list(references.groupby(["reference", "metric"])))
    rows = []
    for reference in variant_names.REFERENCES:
        for metric in variant_names.names():
            if (reference, metric) not in groups:
                continue
            group = groups[reference, metric].sort_values(["image_id", "other_id"])
            seed = bootstrap.seed_of(root_seed, "noise floor", reference, metric)
            values = group["value"].to_numpy()
            if reference == variant_names.ANOTHER:
                pairs = group[["image_id", "other_id"]].to_numpy()
                low, high = pair_interval(pairs, values, resamples, confidence, seed)
            else:
                low, high = bootstrap.bootstrap_mean(values, resamples, confidence, seed)
            rows.append((reference, metric, values.mean(), low, high))
    return pd.DataFrame(rows, columns=COLUMNS)


def pair_interval(pairs, values, resamples, confidence, seed):
    """Expanded percentile bootstrap interval of a mean over pairs of images.

    Images are resampled, not pairs, which share images; an image drawn twice makes no pair with itself.

    Args:
        pairs: (P, 2) image ids.
        values: (P,) floats.
        resamples, confidence, seed: as of `statistics.bootstrap_mean`.

    Returns:
        (low, high); both are the mean where all values are equal.
    """
    if np.ptp(values) == 0:
        return float(values.mean()), float(values.mean())
    image_ids, indices = np.unique(pairs, return_inverse=True)
    one, two = indices.reshape(pairs.shape).T
    n = len(image_ids)
    means = []
    for drawn in np.random.default_rng(seed).integers(n, size=(resamples, n)):
        weights = np.bincount(drawn, minlength=n).astype(np.float64)
        together = weights[one] * weights[two]
        if total := together.sum():
            means.append((together * values).sum() / total)
    low, high = bootstrap.percentile_interval(means, n, confidence)
    return float(low), float(high)
