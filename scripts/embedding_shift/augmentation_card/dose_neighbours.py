"""How many of its nearest images an image keeps at each dose of the study, in the table `dose_neighbours.csv`.

The neighbours are originals: those nearest to the embedding of the original, and those nearest to that of the view. The
image itself is not its own neighbour.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.mechanism import neighbourhoods
from embedding_shift.statistics import bootstrap
from embedding_shift.study.variants import variant_names

COLUMNS = ("augmentation", "dose", "k", "n", "kept", "ci_low", "ci_high", "chance")

FloatArray = NDArray[np.float64]


def table(
    augmentation: str, originals: ArrayByImage, encoded: ArrayByImage, k: int, settings: bootstrap.Settings
) -> Iterator[dict[str, Any]]:
    """Yield the rows (COLUMNS) of an augmentation, one per dose above 0.

    An augmentation without doses has no rows, and no augmentation has any if 2 k is not less than the number of
    originals. An image whose embeddings are not finite does not count.

    Args:
        augmentation: its name.
        originals: image ids (N,) and embeddings (N, D) of all originals.
        encoded: keys (M,) and embeddings (M, D) of the study's views of the augmentation.
        k: number of neighbours.
        settings: how intervals are computed.
    """
    finite = np.isfinite(originals[1]).all(1)
    image_ids, embeddings = originals[0][finite], originals[1][finite].astype(np.float64)
    if 2 * k >= len(image_ids):
        return
    places = {image_id: place for place, image_id in enumerate(image_ids.tolist())}
    variants = {variant_names.dose_of(name): views for name, views in variant_names.variants_of(*encoded).items()}
    for dose in sorted(dose for dose in variants if dose):
        ids, after = variants[dose]
        usable = np.isfinite(after).all(1) & np.isin(ids, image_ids)
        if not usable.any():
            continue
        own = np.array([places[image_id] for image_id in ids[usable].tolist()])
        shares = kept(embeddings, after[usable].astype(np.float64), own, k)
        seed = bootstrap.seed_of(settings.root_seed, "dose neighbours", augmentation, dose)
        low, high = bootstrap.bootstrap_mean(shares, settings.resamples, settings.confidence, seed)
        yield {
            "augmentation": augmentation,
            "dose": dose,
            "k": k,
            "n": len(own),
            "kept": float(shares.mean()),
            "ci_low": low,
            "ci_high": high,
            "chance": neighbourhoods.chance(len(image_ids), k),
        }


def kept(originals: FloatArray, views: FloatArray, own: NDArray[np.intp], k: int) -> FloatArray:
    """Return the share of the k nearest other originals that each view has in common with its original, (n,).

    Args:
        originals: embeddings (N, D).
        views: embeddings (n, D).
        own: the place of each view's original, (n,).
        k: number of neighbours, less than N.
    """
    rows = np.arange(len(own))
    found = []
    for queries in (originals[own], views):
        similarity = neighbourhoods.similarities(queries, originals)
        similarity[rows, own] = -np.inf
        found.append(np.argsort(-similarity, axis=1, kind="stable")[:, :k])
    return np.array([len(np.intersect1d(*pair)) / k for pair in zip(*found, strict=True)])
