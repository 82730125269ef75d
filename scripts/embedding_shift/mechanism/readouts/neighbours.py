"""Whether images keep their neighbours under an augmentation, in the whole embedding and in the space of every head."""

from collections.abc import Iterator

import numpy as np

from embedding_shift.mechanism import neighbourhoods
from embedding_shift.mechanism.captured_views import ORIGINAL, Arrays, CapturedViews, both_finite
from embedding_shift.mechanism.registry import Row, Settings, register
from embedding_shift.mechanism.tower import FloatArray, Tower
from embedding_shift.statistics import bootstrap

WHOLE = "whole"
PERMUTATIONS = 199
# Hundreds of heads are compared by evenly spaced images if there are more than these: time grows with the square.
MOST_HEAD_IMAGES = 500
CANDIDATES = 100  # among which recall_among_100 finds the original
VALUES = (
    "overlap",
    "chance",
    "calibrated",
    "p",
    "trustworthiness",
    "continuity",
    "recall_at_1",
    "recall_among_100",
    "margin",
    "hubness",
)


@register("augmentation", "space", "k", *VALUES)
def neighbours(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per augmentation and space: `whole`, and `layer.head` for every head.

    Columns:
        k: number of neighbours.
        overlap: mean share of its k neighbours that an image keeps.
        chance, calibrated, p: its exact expectation by chance, (overlap − chance) / (1 − chance), and its p value by
            permutation of the images.
        trustworthiness, continuity: how near new neighbours were before, and lost ones are after (Venna and Kaski).
        recall_at_1: share of views whose own original is the nearest original.
        recall_among_100: the same among 100 originals, in expectation.
        margin: mean of the similarity to the own original less that to the nearest other.
        hubness: skewness of how often each view is a neighbour of others.
    Heads are compared by at most MOST_HEAD_IMAGES images.
    """
    spaces = head_spaces(views.tower)
    before = _read(views, ORIGINAL)
    for augmentation in views.augmentations:
        after = _read(views, augmentation)
        pairs = {WHOLE: (before["embedding"], after["embedding"])}
        if "heads" in before:
            chosen = sample(before), sample(after)
            pairs |= {name: of_head(*chosen, space) for name, space in spaces.items()}
        for name, pair in pairs.items():
            seed = bootstrap.seed_of(settings.bootstrap.root_seed, "neighbours", augmentation, name)
            yield {
                "augmentation": augmentation,
                "space": name,
                "k": settings.neighbours,
                **compare(*pair, settings, seed),
            }
        if len(pairs) == 1:
            reason = views.tower.missing.get("parts", "no heads")
            yield {
                "augmentation": augmentation,
                "space": "heads",
                "k": settings.neighbours,
                **dict.fromkeys(VALUES, reason),
            }


def _read(views: CapturedViews, view: str) -> Arrays:
    return {name: array.astype(np.float64) for name, array in views.read(view, "embedding", "heads").items()}


class HeadSpace:
    """Vectors of one head whose products equal those of what the head adds to the embedding, but that are shorter.

    A head with output o adds M C W o to the embedding, before the scale. With the eigenvectors of (M C W)ᵀ (M C W), a
    vector as long as o has the same products.

    Attributes:
        layer, head: place of the head among the captured arrays.
        root: (width of a head, width of a head), which turns outputs into these vectors.
    """

    def __init__(self, tower: Tower, layer: int, head: int) -> None:
        self.layer, self.head = layer, head
        added = tower.centred(tower.weights[layer, :, head].T) @ tower.matrix
        values, vectors = np.linalg.eigh(added @ added.T)
        self.root = vectors * np.sqrt(np.maximum(values, 0))

    def of(self, heads: FloatArray) -> FloatArray:
        """Return the vectors (N, width of a head) of captured heads (N, l, heads, width of a head)."""
        return np.asarray(heads[:, self.layer, self.head] @ self.root)


def head_spaces(tower: Tower) -> dict[str, HeadSpace]:
    """Return the space of every head by its name, `layer.head` counted from 1."""
    layers, _, heads = tower.weights.shape[:3] if tower.weights.ndim == 4 else (0, 0, 0)
    return {
        f"{layer + 1}.{head + 1}": HeadSpace(tower, layer, head) for layer in range(layers) for head in range(heads)
    }


def sample(arrays: Arrays) -> Arrays:
    """Return the images of captured arrays by which heads are compared."""
    heads = arrays["heads"]
    step = -(-len(heads) // MOST_HEAD_IMAGES)
    return {"heads": heads[::step]}


def of_head(before: Arrays, after: Arrays, space: HeadSpace) -> tuple[FloatArray, FloatArray]:
    """Return the vectors of a head less the mean of the originals, which most images share."""
    first, second = space.of(before["heads"]), space.of(after["heads"])
    finite = np.isfinite(first).all(1)
    mean = first[finite].mean(0) if finite.any() else 0
    return first - mean, second - mean


def compare(before: FloatArray, after: FloatArray, settings: Settings, seed: int) -> dict[str, float | str]:
    """Return VALUES for representations (N, d) of originals and views; those that are not defined are the reason."""
    kept = both_finite(before, after)
    before, after = before[kept], after[kept]
    n, k = len(before), settings.neighbours
    if n < 2:
        return dict.fromkeys(VALUES, "needs 2 images")
    across = neighbourhoods.similarities(after, before)
    ranks = neighbourhoods.ranks_of_own(across)
    found: dict[str, float | str] = {
        "recall_at_1": float((ranks == 1).mean()),
        "margin": float(neighbourhoods.margins(across).mean()),
        "recall_among_100": neighbourhoods.recall_among(ranks, n, CANDIDATES)
        if n >= CANDIDATES
        else f"needs {CANDIDATES} images",
    }
    if 2 * k >= n:
        return dict.fromkeys(VALUES, f"needs {2 * k + 1} images") | found
    first, second = (neighbourhoods.similarities(values, values) for values in (before, after))
    old, new = neighbourhoods.nearest(first, k), neighbourhoods.nearest(second, k)
    overlap, chance = float(neighbourhoods.overlap(old, new).mean()), neighbourhoods.chance(n, k)
    return found | {
        "overlap": overlap,
        "chance": chance,
        "calibrated": (overlap - chance) / (1 - chance),
        "p": neighbourhoods.permutation_p(old, new, PERMUTATIONS, seed),
        "trustworthiness": neighbourhoods.trustworthiness(first, new),
        "continuity": neighbourhoods.trustworthiness(second, old),
        "hubness": neighbourhoods.hubness(new),
    }
