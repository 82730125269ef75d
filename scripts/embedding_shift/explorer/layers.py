"""How far a view lies from its original after every layer, for every image that was captured."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from embedding_shift.explorer.run_files import RunFiles, view_names
from embedding_shift.mechanism.captured_views import ORIGINAL, TOKENS, CapturedViews
from embedding_shift.mechanism.readouts import layers
from embedding_shift.mechanism.tower import FloatArray, Tower

DIGITS = 6


def of_images(
    run: RunFiles, dataset: str, model: str, augmentations: Sequence[str], image_ids: Sequence[str]
) -> dict[str, Any]:
    """Return {augmentation: {token: {measure: {image id: values by layer}}}}; what is not defined is None.

    Args:
        run: the files of the run. Without captured streams, there are no values.
        dataset, model: names.
        augmentations: their names.
        image_ids: the images to show; those of them that were captured have values.
    """
    paths = {view: run.in_folder(".npz", dataset, model, "captured", view) for view in view_names(augmentations)}
    if not run.has("models", model, "tower.npz") or not all(paths.values()):
        return {}
    views = CapturedViews(paths, Tower.read(run.path("models", model, "tower.npz")))
    before = views.read(ORIGINAL, *TOKENS.values())
    shown = np.isin(views.image_ids, list(image_ids))
    names = [str(image_id) for image_id in views.image_ids[shown]]
    found: dict[str, Any] = {}
    for augmentation in augmentations:
        after = views.read(augmentation, *TOKENS.values())
        for token, array in TOKENS.items():
            if array in before:
                pair = before[array][shown].astype(np.float64), after[array][shown].astype(np.float64)
                found.setdefault(augmentation, {})[token] = _of_token(*pair, views.tower, token, names)
    return found


def _of_token(before: FloatArray, after: FloatArray, tower: Tower, token: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the values of one token by measure and image id; before and after are (N, layers, d)."""
    by_layer = [layers.of_images(before[:, layer], after[:, layer], tower, token) for layer in range(before.shape[1])]
    return {
        measure: {name: [_number(values[measure][place]) for values in by_layer] for place, name in enumerate(names)}
        for measure in by_layer[0]
        if not isinstance(by_layer[0][measure], str)
    }


def _number(value: Any) -> float | None:
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
