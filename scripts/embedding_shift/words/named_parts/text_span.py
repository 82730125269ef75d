"""Explain what vectors vary in by words, one after the other (TextSpan).

Gandelsman, Efros and Steinhardt (2024), "Interpreting CLIP's image representation via text-based decomposition",
algorithm 1, with two changes: words compete by the direction that they add to the words before, whatever its length,
and each is compared with chance.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from embedding_shift.mechanism.tower import FloatArray

ROTATIONS = 99  # of the words, as chance
LEAST_LEFT = 0.1  # squared share of a word that the words before do not say; below it, rounding and nuances decide
ROUNDING = 1e-12  # of the squared length: what varies less does not vary


class Factors(NamedTuple):
    """What vectors vary in: as few vectors with the same covariance.

    Attributes:
        vectors: (G, r, d) for G groups of vectors, with a sum of squares that is that of the centred vectors.
        rank: number of vectors of every group that are not zero, at most r, the others coming last, (G,).
    """

    vectors: FloatArray
    rank: "np.ndarray"


class Span(NamedTuple):
    """The words that explain G groups of vectors, ordered by rank, (G, ranks) each.

    Attributes:
        words: places of the words; −1 from the rank on at which nothing is left to explain.
        shares: share of the variance that each word adds to those before.
        null_shares: mean share that the best of as many random words adds to the same words before.
        p: share of ROTATIONS + 1 sets of words, these words among them, whose best adds at least as much.
    """

    words: "np.ndarray"
    shares: FloatArray
    null_shares: FloatArray
    p: FloatArray


def factors(vectors: FloatArray) -> Factors:
    """Return the factors of groups of vectors (n, G, d) around their means."""
    centred = vectors - vectors.mean(0)
    values, axes = np.linalg.eigh(np.einsum("ngi,ngj->gij", centred, centred, optimize=True))
    most = min(len(vectors) - 1, vectors.shape[2])
    values, axes = values[:, ::-1][:, :most], axes[:, :, ::-1][:, :, :most]
    scale = (vectors**2).sum((0, 2))
    values = np.where(values > ROUNDING * scale[:, None], values, 0)
    return Factors(np.sqrt(values)[:, :, None] * axes.transpose(0, 2, 1), (values > 0).sum(1))


def explain(found: Factors, words: FloatArray, ranks: int, seed: int) -> Span:
    """Return the words that explain most of what vectors vary in.

    The word of rank r is the one that explains most of what those before leave. Chance is the best of the words after a
    random rotation among them: each of them is then a blend of all words, and the covariance of all together is the
    same. The test is exact for words from a normal distribution (Langsrud 2005, Statistics and Computing 15:53–60).

    Args:
        found: the factors.
        words: (G, V, d), the words in the space of every group.
        ranks: number of words per group.
        seed: of the rotations.
    """
    ranks = min(ranks, words.shape[1], found.vectors.shape[1])
    span, basis = _greedy(found, words, ranks)
    null = np.array(list(_by_chance(found, words, basis, np.random.default_rng(seed))))
    as_good = (null >= span.shares - ROUNDING).sum(0)
    p = np.where(span.words < 0, np.nan, (1 + as_good) / (1 + ROTATIONS))
    return span._replace(null_shares=null.mean(0), p=p)


def _greedy(found: Factors, words: FloatArray, ranks: int) -> tuple[Span, FloatArray]:
    """Return the words, without comparison with chance, and the directions (G, ranks, d) that they add."""
    groups, _, size = words.shape
    residual, left, own = found.vectors, words, (words**2).sum(2)
    total = (residual**2).sum((1, 2))
    chosen, shares = np.full((groups, ranks), -1), np.full((groups, ranks), np.nan)
    basis = np.zeros((groups, ranks, size))
    for rank in range(ranks):
        products = left @ residual.transpose(0, 2, 1)
        explained = _ratio((products**2).sum(2), (left**2).sum(2), own)
        best = explained.argmax(1)
        some = (rank < found.rank) & (explained.max(1) > 0)
        direction = left[np.arange(groups), best]
        lengths = np.linalg.norm(direction, axis=1, keepdims=True)
        basis[some, rank] = (direction / np.where(lengths > 0, lengths, 1))[some]
        chosen[some, rank] = best[some]
        shares[some, rank] = (explained.max(1) / np.where(total > 0, total, 1))[some]
        residual, left = (_without(vectors, basis[:, rank]) for vectors in (residual, left))
    return Span(chosen, shares, shares, shares), basis


def _by_chance(
    found: Factors, words: FloatArray, basis: FloatArray, generator: np.random.Generator
) -> Iterator[FloatArray]:
    """Yield the largest shares (G, ranks) that a word of random sets adds to the directions before each rank.

    A rotation of the words U S Wᵀ is E S Wᵀ with random orthonormal columns E, so no word is ever computed: products of
    words are those of E with a few vectors.
    """
    _, values, axes = np.linalg.svd(words, full_matrices=False)
    turned = values[:, :, None] * axes  # S Wᵀ
    total = (found.vectors**2).sum((1, 2))
    within = turned @ found.vectors.transpose(0, 2, 1)
    steps = list(_steps(found.vectors, basis, turned))
    for _ in range(ROTATIONS):
        frame = _orthonormal(words.shape[1], values.shape[1], generator)
        own = (frame**2 @ (values**2).T).T
        lengths, explained = own.copy(), ((frame @ within) ** 2).sum(2)
        shares = np.empty(basis.shape[:2])
        for rank, (along, slope, square) in enumerate(steps):
            shares[:, rank] = _ratio(explained, lengths, own).max(1) / np.where(total > 0, total, 1)
            parts = along @ frame.T
            lengths -= parts**2
            explained += parts * (parts * square[:, None] - 2 * slope @ frame.T)
        yield shares


def _steps(residual: FloatArray, basis: FloatArray, turned: FloatArray) -> Iterator[tuple[FloatArray, ...]]:
    """Yield by which products a direction of the basis changes what words explain, for every rank.

    If the words t explain ‖F t‖² and then F loses the direction b, they explain ‖F t‖² − 2 (t·b) t·FᵀFb + (t·b)² ‖Fb‖².

    Yields:
        S Wᵀ b and S Wᵀ FᵀF b, (G, k) each, and ‖Fb‖², (G,).
    """
    for direction in basis.transpose(1, 0, 2):
        written = residual @ direction[:, :, None]
        back = (residual.transpose(0, 2, 1) @ written)[:, :, 0]
        along, slope = ((turned @ vector[:, :, None])[:, :, 0] for vector in (direction, back))
        yield along, slope, (written[:, :, 0] ** 2).sum(1)
        residual = _without(residual, direction)


def _ratio(explained: FloatArray, lengths: FloatArray, own: FloatArray) -> FloatArray:
    """Return the sum of squares that the direction of each word explains, (G, V).

    Args:
        explained: sums of squares of the products of what is left of the words with the factors.
        lengths: squared lengths of what is left of the words.
        own: squared lengths of the whole words.
    """
    return np.divide(explained, lengths, out=np.zeros_like(lengths), where=lengths > LEAST_LEFT * own)


def _without(vectors: FloatArray, direction: FloatArray) -> FloatArray:
    """Return vectors (G, m, d) without what they have along a direction (G, d) of length one or zero."""
    return vectors - (vectors @ direction[:, :, None]) * direction[:, None]


def _orthonormal(rows: int, columns: int, generator: np.random.Generator) -> FloatArray:
    """Return random orthonormal columns, uniform among all."""
    frame, triangle = np.linalg.qr(generator.normal(size=(rows, columns)))
    return np.asarray(frame * np.sign(np.diag(triangle)))
