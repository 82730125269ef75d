"""Which images are each other's nearest, before and after an augmentation, by cosine similarity.

All functions take similarities (n, n) between images: rows are queries, columns candidates. An image is not its own
neighbour. Images at the same similarity are taken in their order.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def similarities(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the cosine similarities (n, m) of representations (n, d) and (m, d); 0 for one without length."""
    units = []
    for values in (first, second):
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        units.append(np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0))
    return np.asarray(units[0] @ units[1].T)


def nearest(similarity: FloatArray, k: int) -> IntArray:
    """Return the k nearest other images of every image, (n, k), the nearest first."""
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    least = np.partition(others, -k, axis=1)[:, -k, None]
    chosen = others >= least  # at least k in every row, and more where several are as similar as the last
    tied = chosen.sum(1) > k
    chosen[tied] = False
    chosen[tied, :k] = True
    columns = np.nonzero(chosen)[1].reshape(len(others), k)
    order = np.argsort(-np.take_along_axis(others, columns, 1), axis=1, kind="stable")
    nearest = np.take_along_axis(columns, order, 1)
    nearest[tied] = np.argsort(-others[tied], axis=1, kind="stable")[:, :k]
    return nearest


def overlap(before: IntArray, after: IntArray) -> FloatArray:
    """Return for every image the share of its k neighbours that it keeps, (n,)."""
    n, k = before.shape
    return _member(before, n)[np.arange(n)[:, None], after].sum(1) / k


def chance(n: int, k: int) -> float:
    """Return the expected overlap if the neighbours after are any k of the n − 1 others."""
    return k / (n - 1)


def permutation_p(before: IntArray, after: IntArray, permutations: int, seed: int) -> float:
    """Return the p value of the mean overlap if the images of the view are permuted.

    The overlaps of different images are not independent, so the p value does not come from the hypergeometric
    distribution of one of them.
    """
    n = len(before)
    member, generator = _member(before, n), np.random.default_rng(seed)
    observed = member[np.arange(n)[:, None], after].sum()
    counts, flat = [], member.ravel()
    for _ in range(permutations):
        order = generator.permutation(n)
        counts.append(np.count_nonzero(flat[(n * order)[:, None] + order[after]]))
    return float((1 + (np.array(counts) >= observed).sum()) / (permutations + 1))


def _member(neighbours: IntArray, n: int) -> NDArray[np.bool_]:
    member = np.zeros((n, n), bool)
    np.put_along_axis(member, neighbours, True, axis=1)
    return member


def trustworthiness(before: FloatArray, after: IntArray) -> float:
    """Return how near the neighbours after were before, 0 to 1 (Venna and Kaski 2001).

    With the roles of before and after exchanged this is the continuity.

    Args:
        before: similarities (n, n).
        after: neighbours (n, k), with k < n / 2.
    """
    n, k = after.shape
    own = np.take_along_axis(before, after, axis=1)
    others = before.copy()
    np.fill_diagonal(others, -np.inf)
    excess = 0
    for place in range(k):
        value, column = own[:, place, None], after[:, place, None]
        nearer = np.count_nonzero(others > value, axis=1)
        same = others == value
        tied = np.count_nonzero(same, axis=1) > 1
        nearer[tied] += (same[tied] & (np.arange(n) < column[tied])).sum(1)
        excess += np.maximum(nearer + 1 - k, 0).sum()
    return float(1 - 2 / (n * k * (2 * n - 3 * k - 1)) * excess)


def ranks_of_own(similarity: FloatArray) -> FloatArray:
    """Return the rank of every view's own original among all originals, (n,): 1 if it is the nearest.

    Args:
        similarity: of views (rows) and originals (columns). Originals at the same similarity count half.
    """
    own = np.diag(similarity)[:, None]
    return 1 + (similarity > own).sum(1) + 0.5 * ((similarity == own).sum(1) - 1)


def margins(similarity: FloatArray) -> FloatArray:
    """Return by how much every view is more similar to its own original than to any other, (n,)."""
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    return np.asarray(np.diag(similarity) - others.max(1))


def recall_among(ranks: FloatArray, n: int, candidates: int) -> float:
    """Return the expected share of views whose own original is the nearest among `candidates` originals.

    The other candidates are drawn from the n − 1 other originals: the mean of C(n − rank, c − 1) / C(n − 1, c − 1). It
    can be compared between datasets of different sizes.
    """
    drawn = candidates - 1
    farther = n - ranks
    possible = farther >= drawn
    logarithm = _log_binomial(farther[possible], drawn) - _log_binomial(np.array(n - 1.0), drawn)
    return float(np.exp(logarithm).sum() / len(ranks))


def _log_binomial(total: FloatArray, chosen: int) -> FloatArray:
    return np.asarray(special.gammaln(total + 1) - special.gammaln(chosen + 1) - special.gammaln(total - chosen + 1))


def hubness(neighbours: IntArray) -> float:
    """Return the skewness of how often each image is a neighbour of others; 0 if all are equally often."""
    counts = np.bincount(neighbours.ravel(), minlength=len(neighbours))
    centred = counts - counts.mean()
    variance = (centred**2).mean()
    return float((centred**3).mean() / variance**1.5) if variance else 0.0
