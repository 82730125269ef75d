"""The table of attacks that other encoders measure."""

import numpy as np

from embedding_shift.adversarial import transfer
from embedding_shift.statistics.bootstrap import Settings

IMAGES = np.array(["a", "b", "c"])
KEYS = np.array([f"{image}--{kind}-004" for image in IMAGES for kind in ("attack", "signs")])


def embeddings(*angles):
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles])


def test_each_encoder_is_compared_with_its_own_originals():
    originals = {"one": (IMAGES, embeddings(0, 0, 0)), "other": (IMAGES, embeddings(1, 1, 1))}
    attacked, still = embeddings(np.pi / 2, 0.0, np.pi / 3, 0.0, np.pi / 3, 0.0), embeddings(*[1.0] * 6)
    encoded = {("one", "one"): (KEYS, attacked), ("one", "other"): (KEYS, still)}
    table = transfer.table(originals, encoded, Settings(100, 0.95, 1))
    assert table[["attacked", "measured", "epsilon", "n"]].to_numpy().tolist() == [
        ["one", "one", 4, 3],
        ["one", "other", 4, 3],
    ]
    np.testing.assert_allclose(table["shift"], [2 / 3, 0], atol=1e-12)
    np.testing.assert_allclose(table["random_shift"], 0, atol=1e-12)
    assert table["ci_low"][0] < 2 / 3 < table["ci_high"][0]
