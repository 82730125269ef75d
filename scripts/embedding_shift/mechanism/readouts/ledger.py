"""Which heads, MLPs and biases write the shift of each augmentation: the exact ledger of 1 − cosine."""

import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from embedding_shift.mechanism.captured_views import ORIGINAL, Arrays, CapturedViews, both_finite
from embedding_shift.mechanism.registry import Row, Settings, defined, register
from embedding_shift.mechanism.shares import PARTS, Shares, end_of_stream, shares, undone
from embedding_shift.mechanism.tower import FloatArray, Tower
from embedding_shift.statistics import bootstrap

# The embedding that the parts add up to may differ by this much from the encoder's, relative to its length.
LARGEST_RESIDUE = 1e-4
FLOAT32 = "fp32"


@register("augmentation", "layer", "part", "share", "ci_low", "ci_high", "undo")
def ledger(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per augmentation, layer and part, or one row per augmentation with the reason why there are none.

    Columns:
        layer: from 1; 0 for the stream at the start, and one more than the number of layers for the scale.
        part: `head 1`, …, `mlp`, `bias`, `start` or `scale`.
        share: mean share of 1 − cosine; the shares of an augmentation add up to its mean 1 − cosine.
        ci_low, ci_high: bootstrap interval over images.
        undo: mean fall of 1 − cosine if this part alone is put back to the original's.
    """
    before, reason = read_originals(views, settings)
    for augmentation in views.augmentations:
        if reason:
            keys = ("layer", "share", "ci_low", "ci_high", "undo")
            yield {"augmentation": augmentation, "part": "none", **dict.fromkeys(keys, reason)}
            continue
        for row in _of_augmentation(augmentation, before, read_parts(views, augmentation), views.tower, settings):
            yield {"augmentation": augmentation, **row}


def read_originals(views: CapturedViews, settings: Settings) -> tuple[Arrays, str]:
    """Return the captured parts of the originals, and why the ledger is not defined for them; empty if it is."""
    reason = _refusal(views.tower, settings)
    if reason:
        return {}, reason
    before = read_parts(views, ORIGINAL)
    return before, _check(before, views.tower)


def _refusal(tower: Tower, settings: Settings) -> str:
    """Return why the ledger is not defined for a tower in a precision; empty if it is."""
    if settings.precision != FLOAT32:
        return f"the parts add up in {FLOAT32} only, not in {settings.precision}"
    return tower.missing.get("parts", "")


def read_parts(views: CapturedViews, view: str) -> Arrays:
    """Return the captured parts of a view, and its embedding, in float64."""
    arrays = views.read(view, *PARTS, "embedding")
    return {name: array.astype(np.float64) for name, array in arrays.items()}


def _check(parts: Arrays, tower: Tower) -> str:
    """Return the reason if the parts do not add up to the embedding."""
    kept = np.isfinite(end_of_stream(parts, tower)).all(1)
    found, expected = tower.read_out(end_of_stream(parts, tower)[kept]), parts["embedding"][kept]
    residue = np.linalg.norm(found - expected, axis=1).max(initial=0) / np.linalg.norm(expected, axis=1).max(
        initial=1e-30
    )
    if residue <= LARGEST_RESIDUE:
        return ""
    return f"the parts do not add up to the embedding: the relative difference is {residue:.1g}"


def _of_augmentation(
    augmentation: str, before: Arrays, after: Arrays, tower: Tower, settings: Settings
) -> Iterator[Row]:
    kept = np.logical_and.reduce([both_finite(before[name], after[name]) for name in PARTS])
    if not kept.all():
        print(f"warning: {np.sum(~kept)} images of {augmentation} have parts that are not finite", file=sys.stderr)
    if not kept.any():
        keys = ("layer", "share", "ci_low", "ci_high", "undo")
        yield {"part": "none", **dict.fromkeys(keys, "no image has finite parts")}
        return
    first, second = ({name: parts[name][kept] for name in PARTS} for parts in (before, after))
    table, back = (as_columns(values(first, second, tower)) for values in (shares, undone))
    seed = bootstrap.seed_of(settings.bootstrap.root_seed, "ledger", augmentation)
    means = bootstrap.resampled_means(table.values, settings.bootstrap.resamples, seed)
    low, high = bootstrap.percentile_interval(means, len(table.values), settings.bootstrap.confidence)
    for column, (layer, part) in enumerate(table.names):
        undo = back.values[:, column].mean()
        yield {
            "layer": layer,
            "part": part,
            "share": defined(table.values[:, column].mean()),
            "ci_low": defined(low[column], "needs 2 images"),
            "ci_high": defined(high[column], "needs 2 images"),
            "undo": defined(undo, "cannot be put back" if part == "scale" else "undefined"),
        }


class Columns(NamedTuple):
    """Values per part, (N, parts), and the layer and name of each part."""

    names: list[tuple[int, str]]
    values: FloatArray


def as_columns(found: Shares) -> Columns:
    """Return the values of all parts side by side: the start, the layers from the first to the last, the scale."""
    names, columns = [(0, "start")], [found.start]
    _, layers, heads = found.heads.shape
    for layer in range(layers):
        names += [(layer + 1, f"head {head + 1}") for head in range(heads)]
        columns += list(found.heads[:, layer].T)
        if found.mlps.shape[1]:
            names.append((layer + 1, "mlp"))
            columns.append(found.mlps[:, layer])
        names.append((layer + 1, "bias"))
        columns.append(found.biases[:, layer])
    return Columns([*names, (layers + 1, "scale")], np.stack([*columns, found.scale], 1))
