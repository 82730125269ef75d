"""Dose-response curves, and where they start."""

import numpy as np
import pandas as pd
import pytest
from study_tables import AUGMENTATIONS, BOOTSTRAP, study_table

from embedding_shift.statistics import bootstrap
from embedding_shift.study.tables import dose_response, dose_start
from embedding_shift.study.variants import variant_names

DOSES = (0, variant_names.LEAST_DOSE, 0.5, 1)


def responses(images=6):
    """Curves of noise, which starts at the image itself, and of blur, which jumps by ten grey levels."""
    harm = np.array([[0, 0, 10, 40], [0, 10, 20, 40]]) * np.random.default_rng(3).uniform(0.8, 1.2, (images, 1, 1))
    variants = [variant_names.dose_name(dose) for dose in DOSES]
    tables = [study_table(harm, "rmse", variants), study_table(1 - harm / 100, "cosine_similarity", variants)]
    tables.append(study_table(np.ones_like(harm), "patch_similarity_registered", variants))
    return dose_response.responses(pd.concat(tables), AUGMENTATIONS)


@pytest.mark.parametrize("images", [1, 2, 6])
def test_every_dose_has_a_mean_with_an_interval(images):
    found = responses(images)
    table = dose_response.table(found, *BOOTSTRAP)
    assert list(table.columns) == ["augmentation", "dose", "metric", "n", "mean", "ci_low", "ci_high"]
    assert (table["n"] == images).all() and table["mean"].notna().all()
    cosine = table[(table["augmentation"] == "blur") & (table["metric"] == "cosine_similarity")]
    assert cosine["dose"].to_list() == list(DOSES)
    assert cosine["mean"].to_numpy() == pytest.approx(found["blur", "cosine_similarity"].mean().to_numpy())


def test_the_mean_over_augmentations_is_that_of_the_same_images_and_doses():
    found = responses()
    lost = found["blur", "rmse"].drop(index=found["blur", "rmse"].index[0], columns=1.0)
    table = dose_response.means_table(found | {("blur", "rmse"): lost}, *BOOTSTRAP).set_index(["metric", "dose"])
    assert set(table["augmentations"]) == {2}
    assert list(table.loc["cosine_similarity"].index) == list(DOSES)
    assert list(table.loc["rmse"].index) == list(DOSES)[:-1], "blur has no dose 1"
    assert set(table.loc["rmse", "n"]) == {5} and set(table.loc["cosine_similarity", "n"]) == {6}
    both = (found["noise", "rmse"].loc[lost.index, 0.5] + lost[0.5]) / 2
    row = table.loc[("rmse", 0.5)]
    assert row["mean"] == pytest.approx(both.mean())
    seed = bootstrap.seed_of(BOOTSTRAP[2], "mean dose", "rmse")
    expected = bootstrap.bootstrap_mean(both, BOOTSTRAP[0], BOOTSTRAP[1], seed)
    assert row[["ci_low", "ci_high"]].to_list() == pytest.approx(expected)


def test_without_doses_there_is_no_curve():
    empty = dose_response.responses(study_table(np.ones((2, 1, 1))), ["noise"])
    assert dose_response.means_table(empty, *BOOTSTRAP).empty
    assert dose_response.table(empty, *BOOTSTRAP).empty
    assert dose_start.table(empty, {"noise": 1}, *BOOTSTRAP).empty


def test_only_a_scale_that_jumps_has_a_start():
    """Blur at a vanishing dose does a quarter of the shift of dose 1, in every image."""
    table = dose_start.table(responses(), {"noise": 1, "blur": 1}, *BOOTSTRAP).set_index(["augmentation", "metric"])
    assert set(table.index.get_level_values(0)) == {"blur"}
    assert table.loc[("blur", "cosine_similarity"), ["share", "share_low", "share_high"]].to_list() == pytest.approx(
        [0.25] * 3
    )
    registered = table.loc[("blur", "patch_similarity_registered")]
    assert registered["mean"] == 1 and np.isnan(registered["share"]), "there is no shift to have a share of"


def test_one_image_has_a_share_without_bounds():
    row = dose_start.table(responses(images=1), {"blur": 1}, *BOOTSTRAP).set_index("metric").loc["cosine_similarity"]
    assert row["share"] == pytest.approx(0.25) and np.isnan([row["share_low"], row["share_high"]]).all()


@pytest.mark.parametrize(("images", "least"), [(8, 0.88), (24, 0.9)])
def test_the_interval_of_a_share_covers_the_true_share(images, least):
    """Shifts that vary by a log-normal factor, the part with the whole; its true share is a fifth."""
    generator = np.random.default_rng(0)
    hits = 0
    for seed in range(300):
        whole = np.exp(generator.normal(0, 0.6, images))
        part = 0.2 * whole * np.exp(generator.normal(0, 0.4, images)) / np.exp(0.08)
        _, low, high = dose_start.share_interval(np.stack([part, whole], axis=1), 200, 0.95, seed)
        hits += low <= 0.2 <= high
    assert least <= hits / 300 <= 0.99
