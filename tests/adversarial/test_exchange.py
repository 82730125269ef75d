"""The tables of the attack: means over ε, and the ε that an augmentation is worth."""

import numpy as np
import pandas as pd
import pytest

from embedding_shift.adversarial import curves, exchange
from embedding_shift.adversarial.measurement import COLUMNS

SETTINGS = (200, 0.95, 1)
IMAGES = [f"image{number}" for number in range(12)]
EPSILONS = (1, 2, 4)


def measured(slope=0.01, metric="cosine_similarity", epsilons=EPSILONS):
    """A table in which 1 − cosine is `slope` · ε² for the attack, a hundredth of that for random signs, and varies."""
    rows = []
    for place, image_id in enumerate(IMAGES):
        for epsilon in epsilons:
            shift = slope * epsilon**2 * (0.9 + 0.2 * place / (len(IMAGES) - 1))
            rows.append((image_id, "attack", epsilon, metric, 1 - shift))
            rows.append((image_id, "signs", epsilon, metric, 1 - shift / 100))
    return pd.DataFrame(rows, columns=COLUMNS)


def cosines(**shifts):
    return pd.DataFrame({name: np.full(len(IMAGES), 1 - shift) for name, shift in shifts.items()}, index=IMAGES)


def rates(table, **shifts):
    return exchange.table(table, cosines(**shifts), *SETTINGS).set_index("augmentation")


def test_the_curve_holds_means_of_the_attack_and_of_random_signs():
    table = curves.table(measured(), *SETTINGS)
    assert list(table.columns) == curves.COLUMNS
    assert table["epsilon"].tolist() == list(EPSILONS) and set(table["n"]) == {12}
    np.testing.assert_allclose(1 - table["mean"], [0.01, 0.04, 0.16])
    np.testing.assert_allclose(1 - table["random_mean"], [0.0001, 0.0004, 0.0016])
    assert (table["ci_low"] < table["mean"]).all() and (table["mean"] < table["ci_high"]).all()
    assert (table["random_low"] < table["random_mean"]).all()


def test_an_image_without_a_finite_value_is_left_out():
    table = measured()
    table.loc[3, "value"] = np.nan
    assert set(curves.table(table, *SETTINGS)["n"]) == {11}
    assert rates(table, blur=0.04).loc["blur", "n"] == 11


def test_the_rate_is_exact_where_the_shift_grows_with_the_square_of_epsilon():
    found = rates(measured(), elastic=0.0025, flip=0.0225, blur=0.09)
    np.testing.assert_allclose(found["epsilon"], [0.5, 1.5, 3], atol=1e-9)
    assert found[["from_epsilon", "to_epsilon"]].to_numpy().tolist() == [[0, 1], [1, 2], [2, 4]]
    assert (found["ci_low"] < found["epsilon"]).all() and (found["epsilon"] < found["ci_high"]).all()
    assert found["ci_high"]["blur"] - found["ci_low"]["blur"] < 0.2
    assert list(found["reason"]) == [exchange.ROUGH, "", ""]


def test_an_augmentation_without_a_shift_is_worth_nothing():
    assert rates(measured(), nothing=0.0).loc["nothing", "epsilon"] == 0


def test_nothing_is_read_beyond_the_largest_epsilon():
    found = rates(measured(), noise=0.5, edge=0.1599)
    assert np.isnan(found.loc["noise", ["epsilon", "ci_low", "ci_high", "to_epsilon"]].astype(float)).all()
    assert found.loc["noise", "reason"] == "farther than the attack at ε = 4"
    assert found.loc["edge", "epsilon"] == pytest.approx(4, abs=0.01) and np.isnan(found.loc["edge", "ci_high"])
    assert found.loc["edge", "reason"] == "the upper bound is farther than the attack at ε = 4"


def test_an_augmentation_is_compared_on_the_images_that_have_a_cosine():
    values = cosines(blur=0.04, dark=np.nan)
    values.loc[IMAGES[:4], "blur"] = np.nan
    found = exchange.table(measured(), values, *SETTINGS).set_index("augmentation")
    assert found["n"].tolist() == [8, 0]
    assert found.loc["dark", "reason"] == "no image has a cosine similarity"


def test_one_image_has_no_interval():
    alone = measured()[lambda rows: rows["image_id"] == IMAGES[0]]
    found = rates(alone, blur=0.036)
    assert found.loc["blur", "epsilon"] == pytest.approx(2) and found.loc["blur", "reason"] == ""
    assert np.isnan(found.loc["blur", ["ci_low", "ci_high"]].astype(float)).all()


def test_the_first_crossing_counts_on_a_curve_that_falls():
    shifts = np.array([[0.2, 0.1, 0.3, 0.15]])
    assert 1 < exchange.equal_epsilon(shifts, np.array([0, 1, 2, 4.0]))[0] < 2
