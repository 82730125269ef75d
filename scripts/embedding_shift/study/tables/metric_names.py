"""The metrics of the study's tables."""

from embedding_shift.metrics import registry
from embedding_shift.views import image_difference

AS_RELEASED = "patch_similarity_as_released"


def in_order() -> list[str]:
    """Return the names of the metrics in the order of the tables: those of the registry, then the measures of damage.

    The patch similarity as released is left out; the audit reports it.
    """
    registered = [metric.name for metric in registry.in_order() if metric.name != AS_RELEASED]
    return registered + list(image_difference.MEASURES)
