"""Claims, and evidence for and against them, of made-up values."""

import numpy as np
import pandas as pd

from embedding_shift.claims import judging
from embedding_shift.io.values_by_metric import by_metric

NAMES = ["a", "b", "c", "d"]
APART = {"a": 0.2, "b": 0.5, "c": 0.8, "d": 0.9}  # a shifts most, d least
FAR = {"a": [0, 0, 1, 0], "b": [1, 0, 0, 0], "c": [1, 0.05, 0, 0], "d": [1, 0, 0, 0.3]}
# A claims file.
GOOD = """\
augmentations: [a, b, c]
claims:
  - id: first
    text: A shifts more than b.
    source: section 4
    contradicted_by: B shifts more.
    metric: cosine_similarity
    larger_shift: {more: [a], less: [b]}
"""


def long_table(values):
    """Return the long table of values by metric."""
    parts = [wide.melt(ignore_index=False).reset_index().assign(metric=metric) for metric, wide in values.items()]
    return pd.concat(parts, ignore_index=True)[["image_id", "augmentation", "metric", "value"]]


def evidence(similarity, vectors=None, n=40, spread=0.01, edges=None, seed=1):
    """Evidence in which the metrics have the given means, and each image's embeddings lie about the given vectors."""
    generator = np.random.default_rng(seed)
    image_ids = np.array([f"{i:04d}" for i in range(n)])
    parts = []
    for metric, means in (("cosine_similarity", similarity), ("edge_preservation", edges or {})):
        for name, mean in means.items():
            values = mean + generator.normal(0, spread, n)
            parts.append(pd.DataFrame({"image_id": image_ids, "augmentation": name, "metric": metric, "value": values}))
    arrays = {
        name: (image_ids, np.asarray(vector) + generator.normal(0, spread, (n, len(vector))))
        for name, vector in (vectors or {}).items()
    }
    return judging.Evidence(by_metric(pd.concat(parts, ignore_index=True)), arrays, 400, 0.95, seed)
