"""Measure stored views. Their records tell how to undo the geometry."""

import hashlib
import json
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io import array_files, array_store, atomic, shards
from embedding_shift.io.array_store import Arrays, Store
from embedding_shift.metrics import evaluate, registry
from embedding_shift.views import geometry
from embedding_shift.views.view_record import ViewRecord

VALUES = "values"  # the name of the stored array

Values = dict[str, NDArray[np.float64]]


def setting(code: Sequence[str | Path]) -> str:
    """Return a digest of everything but the views that decides their pixel metrics, in hexadecimal.

    Args:
        code: the files of the code that computes.
    """
    decisive = [_names(), np.__version__, cv2.__version__, array_store.processor(), sorted(map(atomic.sha256, code))]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


def pixel_metrics(
    original_shard: str | Path,
    augmented_shards: Sequence[str | Path],
    stores: Sequence[Store | None] | None = None,
    first: int = 0,
    step: int = 1,
) -> tuple[list[str], list[Values]]:
    """Return the pixel metrics, registered and not, of shards that hold views of the same images.

    Args:
        original_shard: path of the shard of original views, which `shards.verify` has accepted, as the others.
        augmented_shards: paths of the shards of augmented views.
        stores: where the values of each shard are looked up and kept; None to compute everything.
        first, step: only every `step`-th image is measured, from number `first` on.

    Returns:
        N image ids, and {metric: float64 (N,)} of each augmented shard; NaN if a metric is not defined.

    Raises:
        InputError: the shards do not hold the same images in the same order.
    """
    stores = stores or [None] * len(augmented_shards)
    image_ids: list[str] = []
    rows: list[list[NDArray[np.float64]]] = [[] for _ in augmented_shards]
    # All views of an image are measured one after the other, so that what they share is computed once.
    shares = (shards.read_share(path, slice(first, None, step)) for path in (original_shard, *augmented_shards))
    for original, *views in zip_longest(*shares):
        for view, path in zip(views, augmented_shards, strict=True):
            found, expected = (one.image_id if one else "no more" for one in (view, original))
            if found != expected:
                raise InputError(f"{path} holds {found!r} where {original_shard} holds {expected!r}")
        image_ids.append(original.image_id)
        digest = hashlib.sha256(original.pixels.data).hexdigest() if any(stores) else ""
        for view, store, values in zip(views, stores, rows, strict=True):
            if store:
                values.append(_stored_or_measured(original, view, store, _key(digest, original, view)))
            else:
                values.append(_measured(original, view))
    for store in filter(None, stores):
        store.flush()
    return image_ids, [_by_metric(values) for values in rows]


def joined(shares: Sequence[tuple[list[str], list[Values]]]) -> tuple[list[str], list[Values]]:
    """Return the metrics of all images.

    Args:
        shares: the results of `pixel_metrics` or `representation_metrics` for `first` from 0 on, with the number of
            shares as `step`.
    """
    image_ids, columns = zip(*shares, strict=True)
    values = [
        {name: np.array(_interleaved([part[name] for part in parts])) for name in parts[0]}
        for parts in zip(*columns, strict=True)
    ]
    return _interleaved(image_ids), values


def _interleaved(parts: Sequence[Sequence[Any]]) -> list[Any]:
    """Return the elements of all parts: the first of each, then the second of each, and so on."""
    whole = [None] * sum(map(len, parts))
    for number, part in enumerate(parts):
        whole[number :: len(parts)] = part
    return whole


def _by_metric(rows: Sequence[NDArray[np.float64]]) -> Values:
    """Return {metric: (N,)} of N rows (metrics,)."""
    names = _names()
    return dict(zip(names, np.array(rows, np.float64).reshape(len(rows), len(names)).T, strict=True))


def _names() -> list[str]:
    """Return the names of the metrics of pixels, in the order of the stored values."""
    return [metric.name for kind in ("pixels", "registered_pixels") for metric in registry.of_kind(kind)]


def _stored_or_measured(original: shards.View, view: shards.View, store: Store, key: bytes) -> NDArray[np.float64]:
    """Return the values of all pixel metrics of one view, float64 (metrics,), from the store if it has them."""
    (found,) = store.find([key])
    if found:
        return found[VALUES]
    values = _measured(original, view)
    store.add([key], {VALUES: values[np.newaxis]})
    return values


def _measured(original: shards.View, view: shards.View) -> NDArray[np.float64]:
    for pixels in (original.pixels, view.pixels):
        pixels.flags.writeable = False  # as `image_features` asks
    correspondence = geometry.correspondence(ViewRecord.from_json(view.record))
    values = {metric.name: value for metric, value in evaluate.of_pixels(original.pixels, view.pixels, correspondence)}
    return np.array([values[name] for name in _names()], np.float64)


def _key(original_sha256: str, original: shards.View, view: shards.View) -> bytes:
    """Return the key of a view's metrics: its record counts because it tells how to undo the geometry.

    Args:
        original_sha256: SHA-256 of the original's pixels, which is computed once for all its views.
        original, view: both.
    """
    known = [original_sha256, original.pixels.shape, view.pixels.shape, view.record]
    digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode())
    digest.update(view.pixels.data)
    return digest.digest()[: array_store.KEY_SIZE]


def representation_metrics(
    original: str | Path, augmented: Sequence[str | Path], first: int = 0, step: int = 1
) -> tuple[list[str], list[Values]]:
    """Return the embedding and attention metrics, registered and not, of the views in some shards.

    Args:
        original: array file of the encoder's output for the original views.
        augmented: array files of its output for the augmented views of the same images, with the records of the views.
        first, step: as in `pixel_metrics`; images are in the order of their ids.

    Returns:
        N image ids, and {metric: float64 (N,)} of each file of augmented views; NaN if a metric is not defined.

    Raises:
        InputError: a file is damaged or has no records, or the files do not hold the same images.
    """
    before = array_files.read(original)
    values = []
    for path in augmented:
        after = array_files.read(path)
        if list(before["image_id"]) != list(after["image_id"]):
            raise InputError(f"{path} and {original} do not hold the same images")
        if "record" not in after:
            raise InputError(f"{path} has no records of views, so that no encoding job of this version wrote it")
        share = slice(first, None, step)
        originals, views = ({name: array[share] for name, array in arrays.items()} for arrays in (before, after))
        values.append(_representation_metrics(originals, views))
    return before["image_id"][first::step].tolist(), values


def _representation_metrics(before: Arrays, after: Arrays) -> Values:
    """Return {metric: float64 (N,)} of the arrays by name of the original and of the augmented views."""
    records = (ViewRecord.from_json(json.loads(record)) for record in after["record"])
    unregistered = {
        name: value
        for kind in ("embedding", "attention")
        for name, value in evaluate.of_arrays(kind, before[kind], after[kind]).items()
    }
    registered = evaluate.of_registered_attention(
        before["attention"], after["attention"], map(geometry.correspondence, records), unregistered
    )
    return unregistered | registered
