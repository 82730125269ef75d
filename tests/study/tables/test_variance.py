"""The split of the variance."""

import numpy as np
import pytest
from study_tables import AUGMENTATIONS, study_table

from embedding_shift.study.tables import variance


def test_effects_without_noise_are_their_own_variances():
    image, kind = np.array([1.0, 4.0, 7.0, 2.0]), np.array([0.0, 3.0, 9.0])
    values = np.repeat((image[:, np.newaxis] + kind)[..., np.newaxis], 2, axis=2)
    expected = {"image": image.var(ddof=1), "augmentation": kind.var(ddof=1), "image_by_augmentation": 0, "draw": 0}
    assert variance.components(values) == pytest.approx(expected, abs=1e-12)


def test_components_are_recovered_from_simulated_data():
    generator = np.random.default_rng(5)
    scale = {"image": 2.0, "augmentation": 3.0, "image_by_augmentation": 1.0, "draw": 0.5}
    image, kind, both, draw = (
        generator.normal(0, deviation, shape)
        for deviation, shape in zip(
            scale.values(), [(150, 1, 1), (1, 150, 1), (150, 150, 1), (150, 150, 3)], strict=True
        )
    )
    found = variance.components(image + kind + both + draw)
    assert found == pytest.approx({name: deviation**2 for name, deviation in scale.items()}, rel=0.25)


@pytest.mark.parametrize("shape", [(1, 3, 2), (2, 3, 1), (1, 3, 1), (2, 1, 2), (1, 1, 1), (1, 1, 3), (4, 3, 2)])
def test_any_design_has_components(shape):
    """Bounds need three images; without one of two augmentations there is nothing to split."""
    values = np.random.default_rng(0).uniform(0.2, 0.9, shape)
    table = variance.table(study_table(values), AUGMENTATIONS[: shape[1]], shape[2], 0.95)
    assert list(table.columns) == variance.COLUMNS
    bounds = table[["share_low", "share_high"]]
    assert table.drop(columns=bounds.columns).notna().all().all()
    assert bounds.notna().all().all() == (shape[0] >= 3) or table.empty
    assert table[table["split"] == variance.ALL].empty == (np.prod(shape) == 1)
    assert (table[table["split"] == variance.WITHOUT_LARGEST].empty) == (shape[1] < 3)
    assert (table["variance"] >= 0).all()
    sums = table.groupby("split")["share"].sum()
    assert sums.to_list() == pytest.approx([1.0] * len(sums)) or not table["variance"].any()


def test_the_augmentation_that_dominates_is_found_and_left_out():
    """Blur shifts far more than the others, so that all variance seems to lie between augmentations."""
    generator = np.random.default_rng(2)
    shift = np.array([0.02, 0.6, 0.03])[:, np.newaxis] * generator.uniform(0.5, 1.5, (8, 3, 3))
    table = variance.table(study_table(1 - shift), AUGMENTATIONS, 3, 0.95).set_index(["split", "component"])
    assert set(table["largest"]) == {"blur"} and 0.6 < table["leverage"].iloc[0] < 1
    assert table.loc[("all", "augmentation"), "share"] > 0.8
    rest = variance.table(study_table(1 - shift[:, [0, 2]]), ["noise", "blur"], 3, 0.95)
    expected = rest[rest["split"] == "all"].set_index("component")["share"]
    assert table.loc["without_largest"]["share"].to_dict() == pytest.approx(expected.to_dict())
    assert table.loc[("without_largest", "draw"), "share"] > 0.2
    within = table["share_low"] <= table["share"], table["share"] <= table["share_high"]
    assert all(side.all() for side in within)


def test_the_split_is_of_the_square_root_of_the_shift():
    image, kind = np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.4])
    similarity = 1 - (image[:, np.newaxis] + kind)[..., np.newaxis].repeat(2, axis=2) ** 2
    table = variance.table(study_table(similarity), AUGMENTATIONS[:2], 2, 0.95).set_index("component")["variance"]
    assert table["image"] == pytest.approx(image.var(ddof=1)) and table["augmentation"] == pytest.approx(0.045)


def test_a_registered_metric_is_left_out_if_a_warp_cannot_change_it():
    values = np.random.default_rng(0).uniform(0.2, 0.9, (4, 3, 2))
    values[:, 2] = 1
    registered = study_table(values, "patch_similarity_registered")
    assert variance.table(registered, AUGMENTATIONS, 2, 0.95).empty
    assert not variance.table(study_table(values), AUGMENTATIONS, 2, 0.95).empty


@pytest.mark.parametrize("images", [8, 24])
def test_the_interval_of_a_share_covers_the_true_share(images):
    """Over repeated samples of images for the same five augmentations, whose spread grows with their shift."""
    generator = np.random.default_rng(4)
    means = np.array([0.1, 0.15, 0.2, 0.25, 0.4])[:, np.newaxis]
    deviations = (0.3, 0.2, 0.25) * means  # of image, interaction and draw
    truth = dict(zip(variance.COMPONENTS, [0.0] * 4, strict=True))
    image, both, draw = (deviations**2).T
    # The image shifts all augmentations in proportion; what is not common to all is interaction.
    root = np.sqrt(image)
    truth["image"] = np.mean(np.outer(root, root)[~np.eye(5, dtype=bool)])
    truth["augmentation"] = means.var(ddof=1)
    truth["image_by_augmentation"] = np.mean(image + both) - truth["image"]
    truth["draw"] = np.mean(draw)
    hits = dict.fromkeys(truth, 0)
    for _ in range(200):
        noise = (generator.normal(size=(images, *shape)) for shape in ((1, 1), (5, 1), (5, 3)))
        values = means + sum(size[:, np.newaxis] * part for size, part in zip(deviations.T, noise, strict=True))
        for name, (low, high) in variance.share_intervals(values, 0.95).items():
            hits[name] += low <= truth[name] / sum(truth.values()) <= high
    assert min(hits.values()) > 0.88 * 200, hits
