"""Where in a view the encoder still sees the original: patches of the view against the original's embedding (ECLIP)."""

from collections.abc import Iterator

from embedding_shift.mechanism import patch_maps
from embedding_shift.mechanism.captured_views import ORIGINAL, CapturedViews
from embedding_shift.mechanism.registry import Row, Settings, register


@register("augmentation", "n", *patch_maps.NAMES)
def similarity_maps(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per augmentation. The target of a map is the embedding of the original (see `patch_maps.rows`).

    Columns:
        n: number of images.
        correlation, ci_low, ci_high: mean correlation of the two maps, with its bootstrap interval.
        best_patch_kept: share of images whose most similar patch stays the same.
        peak_original: mean similarity of the most similar patch of the original.
        peak_in_mask: the same of the view, among the patches that are the most similar quarter in the original.
    """
    embedding = views.read(ORIGINAL, "embedding")["embedding"]
    yield from patch_maps.rows(views, embedding, settings, "similarity maps")
