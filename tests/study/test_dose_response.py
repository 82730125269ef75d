"""Dose-response curves, and the ranking at equal damage."""

import numpy as np
import pandas as pd
import pytest
from study_tables import AUGMENTATIONS, BOOTSTRAP, study_table

from embedding_shift.study import dose_response, variant_names


def test_crossing_is_linear_between_doses_and_stops_at_the_highest():
    curves = np.array([[0, 10, 20, 1.0, 0.8, 0.4], [0, 2, 4, 1.0, 0.9, 0.7]])
    found, value = dose_response.crossing(np.array([0, 0.5, 1]), curves, 15)
    assert found == pytest.approx([0.75, 1])
    assert value == pytest.approx([0.6, 0.7])


def responses(slopes, images=6):
    """Study tables in which cosine similarity falls by the slope for every grey level of damage."""
    generator = np.random.default_rng(3)
    harm = np.array([0, 10, 40]) * generator.uniform(0.8, 1.2, (images, len(slopes), 1))
    harm[:, 0] *= 2  # the first augmentation does twice the damage at every dose
    variants = [variant_names.dose_name(dose) for dose in (0, 0.5, 1)]
    tables = [
        study_table(harm, "rmse", variants),
        study_table(1 - harm / 100, "ssim", variants),
        study_table(1 - harm * np.array(slopes)[:, np.newaxis], "cosine_similarity", variants),
    ]
    return dose_response.responses(pd.concat(tables), AUGMENTATIONS), harm


def test_equal_damage_ranks_kinds_and_not_doses():
    """Per grey level the second shifts more; as configured the first does, by its dose."""
    found, harm = responses([0.004, 0.005])
    table = dose_response.equal_damage(found, {"noise": 1, "blur": 1}, *BOOTSTRAP)
    level = harm[:, 1, 2].mean()
    rmse = table[table["damage"] == "rmse"].set_index("augmentation")
    assert rmse["level"].to_numpy() == pytest.approx([level, level])
    assert rmse["value"].to_dict() == pytest.approx({"noise": 1 - 0.004 * level, "blur": 1 - 0.005 * level})
    assert rmse["rank"].to_dict() == {"noise": 2, "blur": 1}
    assert rmse["rank_at_setting"].to_dict() == {"noise": 1, "blur": 2}
    assert (rmse["ci_low"] <= rmse["value"]).all() and (rmse["value"] <= rmse["ci_high"]).all()
    assert table[table["damage"] == "ssim"]["level"].to_numpy() == pytest.approx([1 - level / 100] * 2)


@pytest.mark.parametrize("images", [1, 2])
def test_few_images_give_tables_without_gaps(images):
    found, _ = responses([0.004, 0.005], images)
    table = dose_response.table(found, *BOOTSTRAP)
    assert list(table.columns) == ["augmentation", "dose", "metric", "n", "mean", "ci_low", "ci_high"]
    assert (table["n"] == images).all() and not table.isna().any().any()
    ranked = dose_response.equal_damage(found, {"noise": 1, "blur": 1}, *BOOTSTRAP)
    assert len(ranked) == 4 and not ranked.isna().any().any()


def test_without_two_dosed_augmentations_nothing_is_ranked():
    found, _ = responses([0.004])
    assert dose_response.equal_damage(found, {"noise": 1}, *BOOTSTRAP).empty
    empty = dose_response.responses(study_table(np.ones((2, 1, 1))), ["noise"])
    assert dose_response.table(empty, *BOOTSTRAP).empty
