"""The metrics. Importing this package registers every metric (see `registry`), and nothing else does."""

from embedding_shift.metrics import pixel_metrics, registered_metrics, representation_metrics

__all__ = ["pixel_metrics", "registered_metrics", "representation_metrics"]
