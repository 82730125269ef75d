"""Whether the shift follows the parameters that an augmentation drew: invariance, or equivariance, layer by layer."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from embedding_shift.mechanism import drawn_parameters, regression
from embedding_shift.mechanism.captured_views import ORIGINAL, TOKENS, Arrays, CapturedViews, both_finite
from embedding_shift.mechanism.registry import Row, Settings, defined, register
from embedding_shift.mechanism.tower import FloatArray
from embedding_shift.statistics import bootstrap

PERMUTATIONS = 199
Kept = NDArray[np.bool_]
NAMES = ("size_r2", "recovered_r2", "p")


@register("augmentation", "token", "layer", "parameter", "n", *NAMES)
def equivariance(views: CapturedViews, settings: Settings) -> Iterator[Row]:
    """Yield one row per augmentation, token, layer and drawn parameter; the layer `embedding` is the end.

    All R² are cross-validated: each image is predicted from all others.

    Columns:
        n: number of images.
        size_r2: R² of the size of the shift, predicted from the parameter and its square.
        recovered_r2: R² of the parameter, predicted from the shift: near 1 the shift tells the parameter, and near 0 or
            below it does not.
        p: its p value, by permutation of the parameter over images.
    """
    before = views.read(ORIGINAL, *TOKENS.values(), "embedding")
    for augmentation in views.augmentations:
        after = views.read(augmentation, *TOKENS.values(), "embedding", "record")
        parameters = drawn_parameters.of_records(after.pop("record"))
        if not parameters:
            reason = "no number is drawn that varies"
            row = {"token": "none", "layer": "none", "parameter": "none", "n": len(views.image_ids)}
            yield {"augmentation": augmentation, **row, **dict.fromkeys(NAMES, reason)}
        for token, layer, shift, kept in _shifts(before, after):
            for parameter, values in parameters.items():
                names = ("equivariance", augmentation, token, layer, parameter)
                seed = bootstrap.seed_of(settings.bootstrap.root_seed, *names)
                row = {"token": token, "layer": layer, "parameter": parameter, "n": len(shift)}
                yield {"augmentation": augmentation, **row, **_of_parameter(shift, values[kept], seed)}


def _shifts(before: Arrays, after: Arrays) -> Iterator[tuple[str, int | str, FloatArray, Kept]]:
    """Yield token, layer, shift (n, d) of the images that are finite there, and which they are."""
    for token, name in TOKENS.items():
        for layer in range(before[name].shape[1] if name in before else 0):
            yield token, layer, *_shift(before[name][:, layer], after[name][:, layer])
    yield "embedding", "embedding", *_shift(before["embedding"], after["embedding"])


def _shift(before: FloatArray, after: FloatArray) -> tuple[FloatArray, Kept]:
    kept = both_finite(before, after)
    return (after[kept] - before[kept]).astype(np.float64), kept


def _of_parameter(shift: FloatArray, values: FloatArray, seed: int) -> Row:
    reason = f"needs {regression.FEWEST_IMAGES} images" if len(shift) < regression.FEWEST_IMAGES else "undefined"
    spread = values.std() if len(values) else 0
    standard = (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)
    size = regression.leave_one_out(np.stack([standard, standard**2], 1), np.linalg.norm(shift, axis=1))
    recovered = regression.leave_one_out(shift, values, PERMUTATIONS, seed)
    found = {"size_r2": size.r2, "recovered_r2": recovered.r2, "p": recovered.p}
    return {name: defined(value, reason) for name, value in found.items()}
