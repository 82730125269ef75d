"""How far each augmentation shifts the residual stream after every block, and where its direction first shows."""

from collections.abc import Iterator

import numpy as np

from embedding_shift.mechanism import similarity
from embedding_shift.mechanism.captured_views import ORIGINAL, TOKENS, CapturedViews, both_finite
from embedding_shift.mechanism.registry import Row, Settings, defined, register
from embedding_shift.mechanism.tower import AVERAGE, CLASS_TOKEN, SCALED, FloatArray, Tower
from embedding_shift.statistics import bootstrap

PERMUTATIONS = 199
FLIPS = 999
# The debiased CKA does not depend on the number of images on average; the permutations of more would take minutes.
MOST_CKA_IMAGES = 256


@register(
    "augmentation",
    "layer",
    "token",
    "cosine",
    "relative_l2",
    "lens_distance",
    "cka",
    "cka_null_q95",
    "coherence",
    "p",
    "is_first",
)
def layers(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per augmentation, token and layer; layer 0 is the input of the first block.

    Columns:
        cosine: mean cosine similarity between original and view.
        relative_l2: mean of ‖x′ − x‖ / (σ(x) √d), σ the standard deviation over the d channels.
        lens_distance: mean of 1 − cosine of what the tower would read out of this layer.
        cka, cka_null_q95: see `similarity.cka`.
        coherence, p, is_first: see `similarity.flip_test`; is_first marks the first layer with p ≤ 0.05.
    """
    before = views.read(ORIGINAL, *TOKENS.values())
    for augmentation in views.augmentations:
        after = views.read(augmentation, *TOKENS.values())
        for token, name in TOKENS.items():
            if name not in before:
                yield _undefined(augmentation, token, views.tower)
                continue
            pair = before[name].astype(np.float64), after[name].astype(np.float64)
            seed = bootstrap.seed_of(settings.bootstrap.root_seed, "layers", augmentation, token)
            for row in _of_token(*pair, views.tower, token, seed):
                yield {"augmentation": augmentation, "token": token, **row}


def _undefined(augmentation: str, token: str, tower: Tower) -> Row:
    reason = tower.missing.get("stream", "no class token")
    keys = ("layer", "cosine", "relative_l2", "lens_distance", "cka", "cka_null_q95", "coherence", "p")
    return {"augmentation": augmentation, "token": token, "is_first": False, **dict.fromkeys(keys, reason)}


def _of_token(before: FloatArray, after: FloatArray, tower: Tower, token: str, seed: int) -> Iterator[Row]:
    """Yield the rows of one token; before and after are (N, layers, d)."""
    finite = [both_finite(before[:, layer], after[:, layer]) for layer in range(before.shape[1])]
    # An image that is not finite in one layer moves nowhere there, and the flips of the others stay the same.
    shifts = [np.where(kept[:, None], after[:, layer] - before[:, layer], 0) for layer, kept in enumerate(finite)]
    test = similarity.flip_test(shifts, FLIPS, seed)
    for layer, kept in enumerate(finite):
        first, second = before[kept, layer], after[kept, layer]
        images = of_images(first, second, tower, token)
        cka = similarity.cka(first[:MOST_CKA_IMAGES], second[:MOST_CKA_IMAGES], PERMUTATIONS, seed)
        yield {
            "layer": layer,
            **{
                measure: values if isinstance(values, str) else defined(_mean(values))
                for measure, values in images.items()
            },
            "cka": defined(cka.value, _reason(len(first), similarity.FEWEST_IMAGES)),
            "cka_null_q95": defined(cka.null_q95, _reason(len(first), similarity.FEWEST_IMAGES)),
            "coherence": defined(test.coherence[layer], _reason(len(first), 2)),
            "p": defined(test.p[layer], _reason(len(first), 2)),
            "is_first": test.first == layer,
        }


def of_images(first: FloatArray, second: FloatArray, tower: Tower, token: str) -> dict[str, FloatArray | str]:
    """Return the measures that every image has of its own, (N,) each, or the reason why there are none.

    `cosine`, `relative_l2` and `lens_distance` are those whose means `layers` yields.

    Args:
        first, second: the stream (N, d) of originals and views after one layer.
        tower: the tower that was captured.
        token: a key of TOKENS.
    """
    return {
        "cosine": _cosine(first, second),
        "relative_l2": relative_l2(first, second),
        "lens_distance": _lens_distance(first, second, tower, token),
    }


def _reason(images: int, needed: int) -> str:
    return f"needs {needed} images" if images < needed else "undefined"


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else np.nan


def _cosine(first: FloatArray, second: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return (first * second).sum(-1) / np.linalg.norm(first, axis=-1) / np.linalg.norm(second, axis=-1)


def relative_l2(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return ‖x′ − x‖ / (σ(x) √d) of N streams x (N, d), with σ the standard deviation over the d channels."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.linalg.norm(second - first, axis=-1) / (first.std(-1) * np.sqrt(first.shape[-1]))


def _lens_distance(first: FloatArray, second: FloatArray, tower: Tower, token: str) -> FloatArray | str:
    if "read-out" in tower.missing or tower.norm != SCALED:
        return "no linear read-out"
    if tower.pooling != {"class": CLASS_TOKEN, "patch_mean": AVERAGE}[token]:
        return "not read out"
    return 1 - _cosine(tower.read_out(first), tower.read_out(second))
