"""What attacked and augmented views do inside the encoder, by which they may be told apart.

The vector of the score `ledger` holds the share of every head, MLP and other part in 1 − cosine. That of `layer` holds
the size of the shift of every captured token at the input of the first block and after every block. By that size alone,
`layer_table` says from which layer on the attack moves farther than an augmentation: the table `detection_layers.csv`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from embedding_shift.adversarial import detection
from embedding_shift.adversarial.detection import FloatArray, Vectors
from embedding_shift.io import array_files
from embedding_shift.mechanism.captured_views import ORIGINAL, TOKENS, Arrays, CapturedViews
from embedding_shift.mechanism.readouts import layers, ledger
from embedding_shift.mechanism.registry import Settings
from embedding_shift.mechanism.shares import PARTS, shares
from embedding_shift.mechanism.tower import Tower
from embedding_shift.statistics import bootstrap
from embedding_shift.study.variants import variant_names

LAYER_COLUMNS = ["epsilon", "augmentation", "token", "layer", "n", "auc", "ci_low", "ci_high", "is_first"]
NAMES = (*TOKENS.values(), *PARTS)
CHANCE = 0.5


class Captured(NamedTuple):
    """The captured arrays, float64 (N, …), of the N images that are captured and attacked; see `towers.capture`."""

    original: Arrays
    attacks: Mapping[int, Arrays]
    augmented: Mapping[str, Arrays]

    def vectors(self, of_view: Callable[[Arrays], FloatArray]) -> Vectors:
        """Return what a function makes of the arrays of every view but the original."""
        return Vectors(
            {epsilon: of_view(arrays) for epsilon, arrays in self.attacks.items()},
            {name: of_view(arrays) for name, arrays in self.augmented.items()},
        )


def read(views: CapturedViews, attacked: str | Path) -> Captured:
    """Return what was captured of the attacked images.

    Args:
        views: what was captured of originals and augmentations.
        attacked: npz file, the same of attacked views; its ids are their keys.

    Raises:
        InputError: a file is damaged.
    """
    stored = array_files.read(attacked, {"image_id", *NAMES})
    keys = stored.pop("image_id")
    attacks: dict[int, Arrays] = {}
    for name, array in stored.items():
        for epsilon, (_, rows) in detection.of_attack(keys, array).items():
            attacks.setdefault(epsilon, {})[name] = rows.astype(np.float64)
    chosen = np.isin(views.image_ids, [variant_names.split(str(key))[0] for key in keys])

    def arrays(view: str) -> Arrays:
        return {name: array[chosen].astype(np.float64) for name, array in views.read(view, *NAMES).items()}

    return Captured(arrays(ORIGINAL), attacks, {name: arrays(name) for name in views.augmentations})


def scores(captured: Captured, views: CapturedViews, settings: Settings) -> dict[str, Vectors]:
    """Return the vectors of the scores `ledger` and `layer`; without those that are not defined for the encoder."""
    tower, found = views.tower, {}
    if not ledger.read_originals(views, settings)[1]:
        found[detection.LEDGER] = captured.vectors(partial(_shares, captured.original, tower))
    tokens = _tokens(captured)
    if tokens:
        sizes = partial(_sizes, captured.original, tower)
        found[detection.LAYER] = captured.vectors(lambda after: np.hstack([sizes(token, after) for token in tokens]))
    return found


def layer_table(captured: Captured, tower: Tower, settings: bootstrap.Settings) -> pd.DataFrame:
    """Return how well the size of the shift after each layer alone tells the attack from each augmentation.

    `layer` 0 is the input of the first block. `auc` and its interval are those of `detection.auc` by the size of the
    shift of one token, relative to the standard deviation over its channels. `is_first` marks the first layer whose
    interval lies above CHANCE; each interval holds for its layer alone.

    Returns:
        data frame with LAYER_COLUMNS; without rows for an encoder without such tokens.
    """
    rows: list[dict[str, Any]] = []
    for token in _tokens(captured):
        sizes = captured.vectors(partial(_sizes, captured.original, tower, token))
        for epsilon, name, attack, others in sizes.pairs():
            seed = detection.seed(settings, epsilon, name)
            layers_of_both = zip(attack.T, np.moveaxis(others, -1, 0), strict=True)
            areas = [detection.auc(*both, settings, seed) for both in layers_of_both]
            first = next((layer for layer, (_, low, _) in enumerate(areas) if low > CHANCE), None)
            key = {"epsilon": epsilon, "augmentation": name, "token": token, "n": len(attack)}
            for layer, (auc, low, high) in enumerate(areas):
                area = {"auc": auc, "ci_low": low, "ci_high": high}
                rows.append(key | {"layer": layer, **area, "is_first": layer == first})
    found = pd.DataFrame(rows, columns=LAYER_COLUMNS)
    return found.sort_values("epsilon", kind="stable").reset_index(drop=True)


def _tokens(captured: Captured) -> list[str]:
    return [token for token, name in TOKENS.items() if name in captured.original]


def _shares(before: Arrays, tower: Tower, after: Arrays) -> FloatArray:
    """Return the share of every part of the encoder, (N, parts)."""
    return ledger.as_columns(shares(before, after, tower)).values


def _sizes(before: Arrays, tower: Tower, token: str, after: Arrays) -> FloatArray:
    """Return the relative size of the shift of a token in every layer, (N, layers)."""
    name = TOKENS[token]
    pairs = zip(before[name].swapaxes(0, 1), after[name].swapaxes(0, 1), strict=True)
    return np.stack([layers.relative_l2(first, second) for first, second in pairs], axis=1)
