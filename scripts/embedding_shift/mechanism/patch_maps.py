"""Maps of how similar the patches of a view are to some target, compared with the map of the original (ECLIP)."""

import json
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.mechanism.captured_views import ORIGINAL, CapturedViews
from embedding_shift.mechanism.registry import Row, Settings, defined
from embedding_shift.mechanism.tower import POOLING_HEAD, FloatArray
from embedding_shift.statistics import bootstrap
from embedding_shift.views import geometry
from embedding_shift.views.correspondence import Correspondence
from embedding_shift.views.view_record import ViewRecord

MAP_SIZE = 112  # pixels, at which maps are registered
BLOCK = 64  # images whose patches are in double precision at a time
MASKED_SHARE = 0.25  # of the patches, those most similar to the target in the original
NAMES = ("correlation", "ci_low", "ci_high", "best_patch_kept", "peak_original", "peak_in_mask")


def rows(views: CapturedViews, targets: NDArray[np.float32], settings: Settings, analysis: str) -> Iterator[Row]:
    """Yield one row per augmentation: `n`, the number of images with a map, and NAMES.

    A map is the cosine similarity of every patch, read out like the embedding, with the target of the image. The map of
    the original is warped as the view was, and the two are compared where the view shows the original.

    Args:
        views: captured views.
        targets: (N, D), the targets of the images; NaN for an image without one.
        settings: the settings of read-outs.
        analysis: name of the analysis, by which its resamples are drawn.
    """
    originals = of_view(views, ORIGINAL, targets)
    for augmentation in views.augmentations:
        if originals is None:
            reason = why_absent(views)
            yield {"augmentation": augmentation, "n": 0, **dict.fromkeys(NAMES, reason)}
            continue
        maps = of_view(views, augmentation, targets)
        pairs = zip(originals, maps if maps is not None else (), correspondences(views, augmentation), strict=True)
        values = np.array([_compare(*pair) for pair in pairs])
        values = values[np.isfinite(values).all(1)]
        yield {"augmentation": augmentation, **_row(values, augmentation, settings, analysis)}


def why_absent(views: CapturedViews) -> str:
    """Return why an encoder has no maps."""
    if views.tower.pooling == POOLING_HEAD:
        return "a pooling head reads no patches out"
    return views.tower.missing.get("read-out", "no patches")


def _row(values: FloatArray, augmentation: str, settings: Settings, analysis: str) -> Row:
    if not len(values):
        return {"n": 0, **dict.fromkeys(NAMES, "no map is defined")}
    seed = bootstrap.seed_of(settings.bootstrap.root_seed, analysis, augmentation)
    interval = bootstrap.bootstrap_mean(values[:, 0], settings.bootstrap.resamples, settings.bootstrap.confidence, seed)
    low, high = (defined(bound, "needs 2 images") for bound in interval)
    means = dict(zip(("correlation", *NAMES[3:]), map(float, values.mean(0)), strict=True))
    return {"n": len(values), "ci_low": low, "ci_high": high, **means}


def of_view(views: CapturedViews, view: str, targets: NDArray[np.float32]) -> FloatArray | None:
    """Return the maps (N, rows, columns) of a view; None if the encoder reads no patches out.

    Args:
        views: captured views.
        view: name of the view.
        targets: (N, D); the map of a target that is not finite or zero is NaN.
    """
    patches, grid = views.read(view, "patches").get("patches"), views.tower.grid
    if patches is None or grid is None:
        return None
    lengths = np.linalg.norm(targets.astype(np.float64), axis=1, keepdims=True)
    units = targets / np.where(lengths > 0, lengths, np.nan)
    maps = np.empty(patches.shape[:2])
    for start in range(0, len(maps), BLOCK):
        block = slice(start, start + BLOCK)
        maps[block] = np.einsum("ntd,nd->nt", patches[block].astype(np.float64), units[block])
    return maps.reshape(-1, *grid)


def correspondences(views: CapturedViews, augmentation: str) -> Iterator[Correspondence | None]:
    """Yield the geometry of every image's view; None for one that is not known."""
    records = views.read(augmentation, "record")["record"]
    return (geometry.correspondence(ViewRecord.from_json(json.loads(record))) for record in records)


def registered(before: FloatArray, correspondence: Correspondence | None) -> tuple[FloatArray, Correspondence]:
    """Return the map of an original (rows, columns), warped as a view was, at MAP_SIZE; and the warp at this size."""
    size = (MAP_SIZE, MAP_SIZE)
    moved = correspondence.scaled(MAP_SIZE) if correspondence else Correspondence.identity(size)
    return moved.warp(cv2.resize(before, size, interpolation=cv2.INTER_LINEAR)), moved


def _compare(before: FloatArray, after: FloatArray, correspondence: Correspondence | None) -> tuple[float, ...]:
    """Return correlation, whether the best patch is kept, and the two peaks of one image; NaN if it is not defined."""
    warped, moved = registered(before, correspondence)
    correlation = correlation_of(warped, after, moved)
    if not np.isfinite(correlation):
        return (np.nan,) * 4
    size, shape = (MAP_SIZE, MAP_SIZE), after.shape[::-1]
    blocks = moved.warp(cv2.resize(before, size, interpolation=cv2.INTER_NEAREST))  # Patches keep their peaks.
    expected = cv2.resize(blocks, shape, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(moved.valid.astype(np.float32), shape, interpolation=cv2.INTER_AREA) > 0.5
    expected = np.where(inside, expected, -np.inf)
    mask = expected >= np.quantile(expected[inside], 1 - MASKED_SHARE)
    kept = float(expected.argmax() == np.where(inside, after, -np.inf).argmax())
    return correlation, kept, float(before.max()), float(after[mask].max())


def correlation_of(warped: FloatArray, after: FloatArray, moved: Correspondence) -> float:
    """Return the correlation of a registered map with that of the view, where the view shows the original.

    It is NaN if a map is not finite or does not vary there.
    """
    large = cv2.resize(after, (MAP_SIZE, MAP_SIZE), interpolation=cv2.INTER_LINEAR)
    pair = np.stack([warped[moved.valid], large[moved.valid]])
    if pair.shape[1] < 2 or not np.isfinite(pair).all() or (np.ptp(pair, axis=1) == 0).any():
        return np.nan
    return float(np.corrcoef(pair)[0, 1])
