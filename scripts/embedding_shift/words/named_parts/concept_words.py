"""Name the dimensions of an embedding by words that are near the images with their largest values (FALCON)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.mechanism.tower import FloatArray
from embedding_shift.words.downstream.damage import unit

COLUMNS = ("dimension", "rank", "word", "score", "null_score", "p")
RANKS = 3  # words per dimension
RANDOM_SETS = 999
NONE = "none"


def table(
    embedding: NDArray[Any], exemplars: int, words: Sequence[str], directions: FloatArray, seed: int
) -> Iterator[dict[str, Any]]:
    """Yield the rows of concept_words.csv (COLUMNS): the nearest words of every dimension.

    A dimension is known by its exemplars, the images with the largest values (`mechanism.readouts.concepts`). A word is
    near if they are more similar than other images to what it says beyond the other words. Chance is the word of the
    same rank for random images in place of the exemplars.

    Columns:
        rank: 1 for the nearest word.
        score: mean cosine of the exemplars with the direction of the word, less that of all images.
        null_score: its mean for random images.
        p: share of RANDOM_SETS + 1 sets of images, the exemplars among them, with a score at least as large.

    Args:
        embedding: (N, D), embeddings of the originals. Images whose embedding is not finite are left out.
        exemplars: number of images by which a dimension is known.
        words: V words.
        directions: (V, D), their directions, of unit length.
        seed: of the random images.
    """
    kept = unit(embedding[np.isfinite(embedding).all(1)])
    size = embedding.shape[1]
    if len(kept) <= exemplars:
        reason = f"needs {exemplars + 1} images"
        for dimension in range(size):
            yield {**dict.fromkeys(COLUMNS, reason), "dimension": dimension, "word": NONE}
        return
    generator = np.random.default_rng(seed)
    chosen = np.argsort(-kept, axis=0, kind="stable")[:exemplars].T
    random = np.array([generator.choice(len(kept), exemplars, replace=False) for _ in range(RANDOM_SETS)])
    scores, by_chance = (_scores(kept, sets, directions) for sets in (chosen, random))
    null = -np.sort(-by_chance, axis=1)[:, :RANKS]
    order = np.argsort(-scores, axis=1, kind="stable")[:, :RANKS]
    for dimension, places in enumerate(order):
        for rank, place in enumerate(places):
            score = scores[dimension, place]
            yield {
                "dimension": dimension,
                "rank": rank + 1,
                "word": words[place],
                "score": float(score),
                "null_score": float(null[:, rank].mean()),
                "p": float((1 + (null[:, rank] >= score).sum()) / (1 + RANDOM_SETS)),
            }


def _scores(embedding: FloatArray, sets: NDArray[np.int_], directions: FloatArray) -> FloatArray:
    """Return the mean cosine of sets of images (S, k) with words, less that of all images, (S, V)."""
    means = np.array([embedding[rows].mean(0) for rows in sets])
    return np.asarray((means - embedding.mean(0)) @ directions.T)
