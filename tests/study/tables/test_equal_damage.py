"""Every metric at equal damage, and the ranking there."""

import numpy as np
import pandas as pd
import pytest
from study_tables import AUGMENTATIONS, BOOTSTRAP, study_table

from embedding_shift.study.tables import dose_response, equal_damage
from embedding_shift.study.variants import variant_names

DOSES = [0, 0.5, 1]


def study_of(slopes, images=6, equal_dose=0.7):
    """A study in which the cosine similarity falls by its slope for every grey level of damage, and doses for it."""
    generator = np.random.default_rng(3)
    doses = [*DOSES, equal_dose]
    harm = 40 * np.array(doses) ** 2 * generator.uniform(0.8, 1.2, (images, len(slopes), 1))
    variants = [*map(variant_names.dose_name, DOSES), variant_names.equal_name("rmse")]
    tables = [study_table(harm, "rmse", variants)]
    tables.append(study_table(1 - harm * np.array(slopes)[:, np.newaxis], "cosine_similarity", variants))
    level = harm[:, 0, -1].mean()
    found = [("rmse", level, name, equal_dose) for name in AUGMENTATIONS[: len(slopes)]]
    chosen = pd.DataFrame(found, columns=["damage", "level", "augmentation", "dose"])
    return pd.concat(tables), chosen, level


def table_of(study, chosen, settings):
    found = dose_response.responses(study, AUGMENTATIONS)
    return equal_damage.table(found, study, chosen, settings, *BOOTSTRAP)


def test_equal_damage_ranks_kinds_and_not_doses():
    """Per grey level blur shifts more; as configured noise does, by its dose."""
    study, chosen, level = study_of([0.004, 0.005])
    table = table_of(study, chosen, {"noise": 1, "blur": 0.5}).set_index("augmentation")
    assert table["level"].to_numpy() == pytest.approx([level, level])
    assert table["value"].to_dict() == pytest.approx({"noise": 1 - 0.004 * level, "blur": 1 - 0.005 * level})
    assert table["rank"].to_dict() == {"noise": 2, "blur": 1}
    assert table["rank_at_setting"].to_dict() == {"noise": 1, "blur": 2}
    assert (table["ci_low"] <= table["value"]).all() and (table["value"] <= table["ci_high"]).all()


def test_the_interval_spans_that_of_the_dose_and_that_of_the_level():
    """Damage explains the metric, so the value at the level is certain; the mean at the dose found is not."""
    study, chosen, level = study_of([0.004, 0.005])
    row = table_of(study, chosen, {"noise": 1, "blur": 1}).iloc[0]
    assert row["ci_low"] < 1 - 0.004 * level * 1.02 and row["ci_high"] > 1 - 0.004 * level * 0.98


def test_a_jump_at_dose_0_is_never_bridged():
    """Between dose 0 and the least dose there is no dose: the curve of resamples with less damage goes on downwards."""
    curve = pd.DataFrame({0.0: [1.0, 1], 0.001: [0.9, 0.9], 0.5: [0.5, 0.6], 1.0: [0.1, 0.2]})
    kept = equal_damage._with(curve, 0.3, pd.Series([0.7, 0.8]))
    assert list(kept.columns) == [0.001, 0.3, 0.5, 1.0]
    assert list(equal_damage._with(curve.drop(columns=0.001), 0.49, pd.Series([0.7, 0.8])).columns) == [0.0, 0.49, 1.0]


def test_a_crossing_is_linear_between_doses_and_a_little_beyond():
    curves = np.array([[0, 10, 20, 1.0, 0.8, 0.4], [0, 2, 4, 1.0, 0.9, 0.7], [20, 30, 40, 1, 0.5, 0.4]])
    assert equal_damage.crossing(curves, 15) == pytest.approx([0.6, 0.5, 1.25])
    assert equal_damage.crossing(np.array([[3, 0.5]]), 15) == pytest.approx([0.5])


@pytest.mark.parametrize("images", [1, 2])
def test_few_images_have_values_and_ranks(images):
    study, chosen, _ = study_of([0.004, 0.005], images)
    table = table_of(study, chosen, {"noise": 1, "blur": 1})
    assert len(table) == 2 and table.drop(columns=["ci_low", "ci_high"]).notna().all().all()
    assert table[["ci_low", "ci_high"]].isna().all().all() == (images == 1)


def test_augmentations_without_a_dose_at_the_level_are_left_out():
    study, chosen, _ = study_of([0.004, 0.005, 0.006])
    chosen.loc[1, "dose"] = np.nan
    table = table_of(study, chosen, dict.fromkeys(AUGMENTATIONS, 1))
    assert table["augmentation"].to_list() == ["noise", "elastic"]
    chosen.loc[0, "dose"] = np.nan
    assert table_of(study, chosen, dict.fromkeys(AUGMENTATIONS, 1)).empty


@pytest.mark.parametrize("correlation", [-0.6, 0, 0.8])
def test_the_interval_covers_the_value_at_the_level(correlation):
    """Over repeated samples of 12 images whose damage and response vary, in which the dose is found anew each time."""
    generator = np.random.default_rng(1)

    def draw(images):
        first, second = generator.normal(size=(2, images))
        response = correlation * first + np.sqrt(1 - correlation**2) * second
        return 60 * np.exp(0.4 * first), 0.002 * np.exp(0.4 * response)

    def dose_of(strength):
        return np.sqrt(25 / strength.mean())

    strength, slope = draw(200_000)
    truth = 1 - np.mean(slope * (strength * dose_of(strength) ** 2) ** 1.3)
    hits = 0
    for seed in range(200):
        strength, slope = draw(12)
        doses = sorted([0, 0.25, 0.5, 1, dose := dose_of(strength)])
        harm = pd.DataFrame(np.outer(strength, np.square(doses)), columns=doses)
        response = 1 - slope[:, np.newaxis] * harm**1.3
        reading = equal_damage.read_off(harm, response, dose, 25, 200, 0.95, seed)
        hits += reading.ci_low <= truth <= reading.ci_high
    assert hits / 200 > 0.9
