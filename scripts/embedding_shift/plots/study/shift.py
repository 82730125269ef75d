"""The shift in the figures of the study: one minus a similarity, or a distance itself, on a logarithmic axis."""

from embedding_shift.metrics import registry
from embedding_shift.views import image_difference

METRIC = "cosine_similarity"
AXIS_LABEL = "1 − mean cosine similarity"
ROUNDING = 1e-12  # double precision leaves up to this much of 1 − cosine similarity for two equal embeddings


def is_distance(metric: str) -> bool:
    """Return whether a metric, or a measure of damage, grows with the shift."""
    if metric in image_difference.MEASURES:
        return image_difference.as_damage(metric, 0) == 0
    return not registry.REGISTRY[metric].higher_is_closer
