"""What the related work says about the parts of an encoder, tested on shifts.

Gandelsman, Efros and Steinhardt (2024) find that the last layers and the heads have most of the direct effects on an
embedding. Whether this holds for the change of an embedding as well is a question that a run can answer.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from embedding_shift.mechanism.captured_views import ORIGINAL, CapturedViews
from embedding_shift.mechanism.readouts.ledger import read_parts, refusal
from embedding_shift.mechanism.registry import Row, Settings, defined, register
from embedding_shift.mechanism.shares import PARTS, Shares, shares
from embedding_shift.mechanism.tower import FloatArray
from embedding_shift.statistics import bootstrap

SOURCE = "Gandelsman et al. 2024"


class RelatedClaim(NamedTuple):
    """A claim about every augmentation.

    Attributes:
        text: the claim as a clause.
        excess: by how much the shares of N pairs agree with it, in units of 1 − cosine, (N,); 0 at the boundary.
    """

    text: str
    excess: Callable[[Shares], FloatArray]


def _late_excess(found: Shares) -> FloatArray:
    layers = found.heads.shape[1]
    late = slice(layers - max(1, layers // 4), None)
    parts = found.heads[:, late].sum((1, 2)) + found.biases[:, late].sum(1)
    mlps = found.mlps[:, late].sum(1) if found.mlps.shape[1] else 0
    return parts + mlps - found.total() / 2


CLAIMS = {
    "late-layers-write-most": RelatedClaim(
        "the last quarter of the blocks writes more than half of the shift of every augmentation", _late_excess
    ),
    "heads-write-more-than-mlps": RelatedClaim(
        "heads write more of the shift of every augmentation than MLPs",
        lambda found: found.heads.sum((1, 2)) - found.mlps.sum(1),
    ),
}
VALUES = ("effect", "ci_low", "ci_high")


@register("claim", "text", "source", "verdict", *VALUES, "n")
def related_claims(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per claim.

    Columns:
        verdict: `supported` if the interval lies above 0, `contradicted` if it lies below, else `not resolved`;
            `not tested` without a ledger.
        effect, ci_low, ci_high: share of 1 − cosine by which the augmentation that agrees least agrees with the claim,
            and its bootstrap interval.
        n: number of images.
    """
    reason = refusal(views.tower, settings) or ("needs 2 images" if len(views.image_ids) < 2 else "")
    found = {} if reason else _shares(views)
    for name, claim in CLAIMS.items():
        row = {"claim": name, "text": claim.text, "source": SOURCE}
        if not found:
            why = reason or "no augmentation moves the embedding of every image"
            yield {**row, "verdict": "not tested", "n": 0, **dict.fromkeys(VALUES, why)}
            continue
        columns = [column for shares in found.values() for column in (claim.excess(shares), shares.total())]
        seed = bootstrap.seed_of(settings.bootstrap.root_seed, "related claims", name)
        drawn = bootstrap.resampled_means(np.stack(columns, 1), settings.bootstrap.resamples, seed)
        least = _least(drawn)
        low, high = bootstrap.percentile_interval(least, len(columns[0]), settings.bootstrap.confidence)
        verdict = "supported" if low > 0 else "contradicted" if high < 0 else "not resolved"
        effect = _least(np.mean(columns, axis=1)[None])[0]
        values = (defined(value) for value in (effect, low, high))
        yield {**row, "verdict": verdict, "n": len(columns[0]), **dict(zip(VALUES, values, strict=True))}


def _least(means: FloatArray) -> FloatArray:
    """Return the least ratio of excess and total over augmentations, for means (…, 2 · augmentations)."""
    return np.asarray((means[:, ::2] / means[:, 1::2]).min(1))


def _shares(views: CapturedViews) -> dict[str, Shares]:
    """Return the shares by augmentation, of the images whose parts are finite in every view."""
    before = read_parts(views, ORIGINAL)
    after = {name: read_parts(views, name) for name in views.augmentations}
    arrays = [parts[name] for parts in (before, *after.values()) for name in PARTS]
    kept = np.logical_and.reduce([np.isfinite(array).reshape(len(array), -1).all(1) for array in arrays])
    chosen = {name: {key: parts[key][kept] for key in PARTS} for name, parts in ((ORIGINAL, before), *after.items())}
    found = {name: shares(chosen[ORIGINAL], chosen[name], views.tower) for name in after} if kept.sum() > 1 else {}
    return {name: values for name, values in found.items() if (values.total() > 0).all()}
