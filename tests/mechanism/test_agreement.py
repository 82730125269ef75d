"""Agreement of encoders: of different depth, with and without a class token, and with an undefined ledger."""

import numpy as np
import pandas as pd
import pytest

from embedding_shift.mechanism import agreement


def layers_of(blocks, curve, token="class"):
    rows = [("noise", layer, token, curve(layer / blocks)) for layer in range(blocks + 1)]
    return pd.DataFrame(rows, columns=["augmentation", "layer", "token", "relative_l2"])


def ledger_of(shares):
    rows = [("noise", layer + 1, "mlp", share) for layer, share in enumerate(shares)]
    return pd.DataFrame(
        [*rows, ("noise", len(shares) + 1, "scale", 0.1)], columns=["augmentation", "layer", "part", "share"]
    )


def agreements(layers, ledgers):
    found = agreement.table(layers, ledgers)
    assert list(found.columns) == agreement.COLUMNS
    return dict(zip(found["quantity"], found["agreement"], strict=True))


def test_encoders_of_different_depth_that_do_the_same_agree():
    layers = {
        "deep": layers_of(20, lambda depth: depth),
        "shallow": layers_of(10, lambda depth: 3 * depth, "patch_mean"),
    }
    ledgers = {"deep": ledger_of([1.0] * 20), "shallow": ledger_of([2.0] * 10)}
    found = agreements(layers, ledgers)
    assert found["layer_profile"] == pytest.approx(1)
    assert found["ledger"] > 0.9


def test_encoders_that_write_at_opposite_ends_do_not_agree():
    layers = {"one": layers_of(10, lambda depth: depth), "other": layers_of(10, lambda depth: 1 - depth)}
    ledgers = {"one": ledger_of([1, *[0] * 9]), "other": ledger_of([*[0] * 9, 1])}
    found = agreements(layers, ledgers)
    assert found["layer_profile"] == pytest.approx(-1)
    assert found["ledger"] == pytest.approx(0)


def test_an_undefined_ledger_leaves_the_layer_profile():
    refused = pd.DataFrame([("noise", "why", "none", "why")], columns=["augmentation", "layer", "part", "share"])
    layers = {name: layers_of(4, np.square) for name in ("one", "other")}
    found = agreements(layers, {"one": ledger_of([1.0] * 4), "other": refused})
    assert found == {"layer_profile": pytest.approx(1), "ledger": "undefined"}
