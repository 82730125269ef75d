"""The tables of a made-up attack, for the tests of the paper."""

import math

import pandas as pd

from embedding_shift.adversarial import curves, detection, exchange, inside, transfer
from embedding_shift.io import tables


def write_attack(folder, names):
    """Write an attack on two encoders, beyond which the first augmentation is; return the arguments that name it."""
    curve = [
        (epsilon, "cosine_similarity", 8, 1 - shift, 0.875 - shift, 1.125 - shift, 0.9375, 0.875, 1.0)
        for epsilon, shift in ((1, 0.25), (8, 0.5))
    ]
    read = [(4.0, 2.0, math.nan, 1, 8), *[(0.5, 0.25, 0.75, 0, 1)] * len(names)]
    rates = [(names[0], 8, 0.75, math.nan, math.nan, math.nan, math.nan, math.nan, "farther than the attack at ε = 8")]
    rates += [(name, 8, 0.25, *reading, "") for name, reading in zip(names[1:], read, strict=False)]
    pairs = [(one, other) for one in ("model_0", "model_1") for other in ("model_0", "model_1")]
    shifts = zip(pairs, (0.5, 0.25, 0.125, 0.5), strict=True)
    moved = [(*pair, 8, 8, shift, shift - 0.125, shift + 0.125, 0.0625, 0, 0.125) for pair, shift in shifts]
    grows = [(8, name, "class", layer, 8, 0.5, 0.25, 1, False) for name in names for layer in (0, 1, 2)]
    grows[1:3] = [
        (*row[:3], layer, 8, 0.875, 0.75, 1, layer == 1) for row, layer in zip(grows[1:3], (1, 2), strict=True)
    ]
    told = [
        (epsilon, name, score, 8, auc, auc - 0.25, min(auc + 0.25, 1))
        for epsilon in (1, 8)
        for name in names
        for score, auc in (("size", 0.5), ("direction", 0.875))
    ]
    for name, rows, columns in (
        ("detection", told, detection.COLUMNS),
        ("detection_layers", grows, inside.LAYER_COLUMNS),
        ("adversarial", curve, curves.COLUMNS),
        ("exchange_rate", rates, exchange.COLUMNS),
        ("transfer", moved, transfer.COLUMNS),
    ):
        tables.write_csv(folder / f"{name}.csv", pd.DataFrame(rows, columns=columns))
    options = ("detection", "detection_layers", "adversarial", "exchange_rate", "transfer")
    return [part for name in options for part in (f"--{name.replace('_', '-')}", str(folder / f"{name}.csv"))]
