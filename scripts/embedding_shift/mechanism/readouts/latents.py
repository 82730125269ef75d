"""Where the latents of a pool look, and how each latent of a view differs from that of the original."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from embedding_shift.mechanism.captured_views import ORIGINAL, Arrays, CapturedViews, both_finite
from embedding_shift.mechanism.registry import Row, Settings, defined, register
from embedding_shift.mechanism.tower import FloatArray
from embedding_shift.statistics import bootstrap

BLOCK = 64  # images whose latents are in double precision at a time
ATTENTION = ("to_class", "to_patches", "to_latents", "from_latents")
MASSES = tuple(name for mass in ATTENTION for name in (f"{mass}_original", mass))
NAMES = ("cosine", "ci_low", "ci_high", "cosine_to_others", *MASSES)
ALL = "all"
ABSENT = "the encoder has no latents"


@register("augmentation", "latent", "n", *NAMES)
def latents(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield rows per augmentation: the mean over all latents, and every latent.

    Latents are learned, so a latent of the view and the one with the same number of the original are a pair. All values
    are means over images; attention is that in the last layer of the pool, a mean over heads.

    Columns:
        latent: `all`, or the number of the latent from 1.
        n: number of images.
        cosine, ci_low, ci_high: cosine of the latent of the view and that of the original, with its bootstrap interval.
        cosine_to_others: mean cosine of the latent of the view and the other latents of the original.
        to_class, to_patches, to_latents: how much of the attention of the latent falls on the class token, on all
            patches and on all latents, in the view; they sum to 1. With `_original`, the same in the original.
        from_latents: how much of the attention of a latent, on average over all latents, falls on this one.
    """
    before = views.read(ORIGINAL, "latents", "latent_attention")
    for augmentation in views.augmentations:
        if len(before) < 2:
            yield {"augmentation": augmentation, "latent": ALL, "n": 0, **dict.fromkeys(NAMES, ABSENT)}
            continue
        after = views.read(augmentation, "latents", "latent_attention")
        kept = np.logical_and(*(both_finite(before[name], after[name]) for name in ("latents", "latent_attention")))
        yield from _rows(augmentation, before, after, kept, settings)


def _rows(
    augmentation: str, before: Arrays, after: Arrays, kept: NDArray[np.bool_], settings: Settings
) -> Iterator[Row]:
    values = dict(zip(("cosine", "cosine_to_others"), _cosines(before["latents"], after["latents"], kept), strict=True))
    for suffix, arrays in (("_original", before), ("", after)):
        attention = arrays["latent_attention"][kept].astype(np.float64)
        masses = attention[..., 0], attention[..., 1], attention[..., 2:].sum(-1), attention[..., 2:].mean(1)
        values |= {f"{name}{suffix}": mass for name, mass in zip(ATTENTION, masses, strict=True)}
    n, count = values["cosine"].shape
    seed = bootstrap.seed_of(settings.bootstrap.root_seed, "latents", augmentation)
    for place in range(-1, count):
        columns = {name: value.mean(1) if place < 0 else value[:, place] for name, value in values.items()}
        row = {name: defined(column.mean(), "needs 2 latents") for name, column in columns.items()} if n else {}
        if n:
            bounds = bootstrap.bootstrap_mean(
                columns["cosine"], settings.bootstrap.resamples, settings.bootstrap.confidence, seed
            )
            row |= zip(("ci_low", "ci_high"), (defined(bound, "needs 2 images") for bound in bounds), strict=True)
        latent = ALL if place < 0 else place + 1
        yield {"augmentation": augmentation, "latent": latent, "n": n, **dict.fromkeys(NAMES, "needs an image"), **row}


def _cosines(before: NDArray[np.float16], after: NDArray[np.float16], kept: NDArray[np.bool_]) -> list[FloatArray]:
    """Return the cosine of every latent with its own of the original, and its mean cosine with the others, (n, K).

    Args:
        before, after: latents (N, K, D).
        kept: which n of the N images count.
    """
    places, count = np.flatnonzero(kept), before.shape[1]
    own, others = (np.empty((len(places), count)) for _ in range(2))
    for start in range(0, len(places), BLOCK):
        rows = places[start : start + BLOCK]
        first, second = (_unit(latents[rows].astype(np.float64)) for latents in (before, after))
        matched = np.einsum("nkd,nkd->nk", first, second)
        rest = np.einsum("nd,nkd->nk", first.sum(1), second) - matched
        block = slice(start, start + len(rows))
        own[block], others[block] = matched, rest / (count - 1) if count > 1 else np.nan
    return [own, others]


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
