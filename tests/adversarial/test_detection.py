"""Telling attacked from augmented views: the area under the curve, and scores that leave the image out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import integers

from embedding_shift.adversarial import detection
from embedding_shift.statistics import bootstrap
from embedding_shift.statistics.bootstrap import Settings

SETTINGS = Settings(300, 0.95, 1)
IMAGES = np.array([f"i{number:02d}" for number in range(20)])


def test_the_area_is_the_share_of_pairs_and_its_interval_covers_it():
    generator = np.random.default_rng(0)
    attack, other = generator.normal(1, 1, 40), generator.normal(0, 1, 40)
    value, low, high = detection.auc(attack, other[None], SETTINGS, 1)
    pairs = [(a > b) + 0.5 * (a == b) for a in attack for b in other]
    assert value == pytest.approx(np.mean(pairs)) and low < value < high
    assert detection.auc(other, other[None], SETTINGS, 1)[0] == 0.5
    assert detection.auc(np.ones(4), np.zeros((1, 4)), SETTINGS, 1) == (1, 1, 1)


def embeddings(common, size, seed):
    """Unit vectors, and views whose shift has `size` along one common direction or along one per image."""
    generator = np.random.default_rng(seed)
    before = np.random.default_rng(0).normal(size=(20, 64))
    before /= np.linalg.norm(before, axis=1, keepdims=True)
    along = np.eye(64)[0] if common else generator.normal(size=(20, 64)) / 8
    return before, before + size * along


def detected(attack_shares_a_direction, size):
    before, after = embeddings(attack_shares_a_direction, size, seed=1)
    _, natural = embeddings(False, 0.5, seed=2)
    keys = np.array([f"{image}--{kind}-004" for image in IMAGES for kind in ("attack", "signs")])
    views = np.repeat(after, 2, axis=0)
    shifts = detection.embedding_shifts((IMAGES, before), {"blur": (IMAGES, natural)}, (keys, views))
    table = detection.table({"size": shifts, "direction": shifts}, SETTINGS)
    assert (
        table[table["augmentation"] == "all"]["auc"].to_numpy() == table[table["augmentation"] == "blur"]["auc"]
    ).all()
    return table[table["augmentation"] == "blur"].set_index("score")["auc"]


def test_a_direction_that_attacks_share_tells_them_at_the_same_size():
    assert detected(True, 0.5)["direction"] > 0.99


def test_a_direction_of_each_image_alone_tells_nothing():
    assert 0.25 < detected(False, 0.5)["direction"] < 0.75


def test_a_larger_shift_is_told_by_its_size():
    assert detected(False, 2.0)["size"] == 1 and detected(False, 0.1)["size"] == 0


def test_two_images_are_too_few():
    two = IMAGES[:2], np.eye(2)
    keys = np.array([f"{image}--attack-004" for image in IMAGES[:2]])
    shifts = detection.embedding_shifts(two, {"blur": two}, (keys, np.eye(2)))
    assert detection.table({"size": shifts, "direction": shifts}, SETTINGS).empty


@settings(deadline=None, max_examples=25)
@given(arrays(np.float64, (2, 9), elements=integers(0, 4)), integers(0, 2**32))
def test_resampled_areas_are_those_of_repeated_images(scores, seed):
    """Whole scores tie often. The interval is that of the areas of the resampled images, counted pair by pair."""
    attack, other = scores
    counts = bootstrap.resampled_counts(9, 100, seed).astype(int)
    areas = [roc_area(np.repeat(attack, count), np.repeat(other, count)) for count in counts]
    low, high = bootstrap.percentile_interval(areas, 9, SETTINGS.confidence)
    expected = roc_area(attack, other), low, high
    assert detection.auc(attack, other[None], SETTINGS._replace(resamples=100), seed) == pytest.approx(
        expected, abs=1e-12
    )


def roc_area(attack, other):
    """The definition: every pair of an attacked and an augmented view is compared."""
    return np.mean(np.sign(attack[:, None] - other[None, :]) + 1) / 2


def test_an_image_without_a_value_is_left_out_of_both_views():
    vectors = np.random.default_rng(0).normal(size=(3, 20, 4))
    vectors[1, 3, 2] = np.nan
    by_name = {"blur": vectors[1], "noise": vectors[2]}
    table = detection.table({"ledger": detection.Vectors({4: vectors[0]}, by_name)}, SETTINGS)
    assert table[["augmentation", "n"]].to_numpy().tolist() == [["blur", 19], ["noise", 20], ["all", 19]]


def test_all_augmentations_together_are_the_mean_of_each():
    attack, others = np.random.default_rng(0).normal(size=20), np.random.default_rng(1).normal(size=(3, 20))
    alone = [detection.auc(attack, other[None], SETTINGS, 1)[0] for other in others]
    together, low, high = detection.auc(attack, others, SETTINGS, 1)
    assert together == pytest.approx(np.mean(alone)) and low < together < high
