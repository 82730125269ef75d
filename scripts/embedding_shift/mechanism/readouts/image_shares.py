"""What heads, MLPs and the last blocks write of the shift of every image: the ledger, image by image.

The claims of the related work are judged by this table.
"""

from collections.abc import Iterator

from embedding_shift.mechanism.captured_views import CapturedViews
from embedding_shift.mechanism.readouts.ledger import read_originals, read_parts
from embedding_shift.mechanism.registry import Row, Settings, defined, register
from embedding_shift.mechanism.shares import Shares, shares
from embedding_shift.mechanism.tower import FloatArray

VALUES = ("heads", "mlps", "last_quarter", "rest", "total")


@register("augmentation", "image_id", *VALUES)
def image_shares(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per augmentation and image, or one row per augmentation with the reason why there are none.

    Columns:
        heads, mlps: what all heads and all MLPs write of 1 − cosine.
        last_quarter: what the last quarter of the blocks writes, at least one block.
        rest: what everything else writes: the blocks before, the stream at the start, and the scale.
        total: 1 − cosine.
    """
    before, reason = read_originals(views, settings)
    for augmentation in views.augmentations:
        if reason:
            yield {"augmentation": augmentation, "image_id": "none", **dict.fromkeys(VALUES, reason)}
            continue
        written = _written(shares(before, read_parts(views, augmentation), views.tower))
        for place, image_id in enumerate(views.image_ids):
            values = {name: defined(written[name][place]) for name in VALUES}
            yield {"augmentation": augmentation, "image_id": str(image_id), **values}


def _written(found: Shares) -> dict[str, FloatArray]:
    """Return VALUES, each (N,)."""
    layers = found.heads.shape[1]
    late = slice(layers - max(1, layers // 4), None)
    last_quarter = found.heads[:, late].sum((1, 2)) + found.biases[:, late].sum(1)
    if found.mlps.shape[1]:
        last_quarter = last_quarter + found.mlps[:, late].sum(1)
    total = found.total()
    return {
        "heads": found.heads.sum((1, 2)),
        "mlps": found.mlps.sum(1),
        "last_quarter": last_quarter,
        "rest": total - last_quarter,
        "total": total,
    }
