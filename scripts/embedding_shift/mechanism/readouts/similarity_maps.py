"""Where in a view the encoder still sees the original: patches of the view against the original's embedding (ECLIP)."""

import json
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.mechanism.captured_views import ORIGINAL, CapturedViews
from embedding_shift.mechanism.registry import Row, Settings, defined, register
from embedding_shift.mechanism.tower import POOLING_HEAD, FloatArray
from embedding_shift.statistics import bootstrap
from embedding_shift.views import geometry
from embedding_shift.views.correspondence import Correspondence
from embedding_shift.views.view_record import ViewRecord

MAP_SIZE = 112  # pixels, at which maps are registered
BLOCK = 64  # images whose patches are in double precision at a time
MASKED_SHARE = 0.25  # of the patches, those most similar to the original's embedding
NAMES = ("correlation", "ci_low", "ci_high", "best_patch_kept", "peak_original", "peak_in_mask")


@register("augmentation", "n", *NAMES)
def similarity_maps(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per augmentation.

    A map is the cosine similarity of every patch, read out like the embedding, with the embedding of the original. The
    map of the original is warped as the view was, and the two are compared where the view shows the original.

    Columns:
        n: number of images.
        correlation, ci_low, ci_high: mean correlation of the two maps, with its bootstrap interval.
        best_patch_kept: share of images whose most similar patch stays the same.
        peak_original: mean similarity of the most similar patch of the original.
        peak_in_mask: the same of the view, among the patches that are the most similar quarter in the original.
    """
    before = views.read(ORIGINAL, "patches", "embedding")
    grid = views.tower.grid
    # Patches take most of the memory, so they are left as soon as their maps are known.
    originals = _maps(before.pop("patches"), before["embedding"], grid) if "patches" in before and grid else None
    for augmentation in views.augmentations:
        if originals is None or grid is None:
            pooled = views.tower.pooling == POOLING_HEAD
            reason = (
                "a pooling head reads no patches out" if pooled else views.tower.missing.get("read-out", "no patches")
            )
            yield {"augmentation": augmentation, "n": 0, **dict.fromkeys(NAMES, reason)}
            continue
        after = views.read(augmentation, "patches", "record")
        maps = _maps(after.pop("patches"), before["embedding"], grid)
        pairs = zip(originals, maps, _correspondences(after["record"]), strict=True)
        values = np.array([_compare(*pair) for pair in pairs])
        values = values[np.isfinite(values).all(1)]
        yield {"augmentation": augmentation, **_row(values, augmentation, settings)}


def _row(values: FloatArray, augmentation: str, settings: Settings) -> Row:
    if not len(values):
        return {"n": 0, **dict.fromkeys(NAMES, "no map is defined")}
    seed = bootstrap.seed_of(settings.bootstrap.root_seed, "similarity maps", augmentation)
    interval = bootstrap.bootstrap_mean(values[:, 0], settings.bootstrap.resamples, settings.bootstrap.confidence, seed)
    low, high = (defined(bound, "needs 2 images") for bound in interval)
    means = dict(zip(("correlation", *NAMES[3:]), map(float, values.mean(0)), strict=True))
    return {"n": len(values), "ci_low": low, "ci_high": high, **means}


def _maps(patches: FloatArray, embedding: FloatArray, grid: tuple[int, int]) -> FloatArray:
    """Return the maps (N, rows, columns) of patches (N, T, D) of unit length."""
    lengths = np.linalg.norm(embedding.astype(np.float64), axis=1, keepdims=True)
    units = embedding / np.where(lengths > 0, lengths, np.nan)
    maps = np.empty(patches.shape[:2])
    for start in range(0, len(maps), BLOCK):
        rows = slice(start, start + BLOCK)
        maps[rows] = np.einsum("ntd,nd->nt", patches[rows].astype(np.float64), units[rows])
    return maps.reshape(-1, *grid)


def _correspondences(records: NDArray[np.str_]) -> Iterator[Correspondence | None]:
    return (geometry.correspondence(ViewRecord.from_json(json.loads(record))) for record in records)


def _compare(before: FloatArray, after: FloatArray, correspondence: Correspondence | None) -> tuple[float, ...]:
    """Return correlation, whether the best patch is kept, and the two peaks of one image; NaN if it is not defined."""
    size = (MAP_SIZE, MAP_SIZE)
    moved = correspondence.scaled(MAP_SIZE) if correspondence else Correspondence.identity(size)
    large = [cv2.resize(values, size, interpolation=cv2.INTER_LINEAR) for values in (before, after)]
    warped = moved.warp(large[0])
    pair = np.stack([warped[moved.valid], large[1][moved.valid]])
    if pair.shape[1] < 2 or not np.isfinite(pair).all() or (np.ptp(pair, axis=1) == 0).any():
        return (np.nan,) * 4
    shape = after.shape[::-1]
    blocks = moved.warp(cv2.resize(before, size, interpolation=cv2.INTER_NEAREST))  # Patches keep their peaks.
    expected = cv2.resize(blocks, shape, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(moved.valid.astype(np.float32), shape, interpolation=cv2.INTER_AREA) > 0.5
    expected = np.where(inside, expected, -np.inf)
    mask = expected >= np.quantile(expected[inside], 1 - MASKED_SHARE)
    kept = float(expected.argmax() == np.where(inside, after, -np.inf).argmax())
    return float(np.corrcoef(pair)[0, 1]), kept, float(before.max()), float(after[mask].max())
