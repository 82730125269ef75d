"""Telling attacked from augmented views: the area under the curve, and scores that leave the image out."""

import numpy as np
import pytest

from embedding_shift.adversarial import detection
from embedding_shift.statistics.bootstrap import Settings

SETTINGS = Settings(300, 0.95, 1)
IMAGES = np.array([f"i{number:02d}" for number in range(20)])


def test_the_area_is_the_share_of_pairs_and_its_interval_covers_it():
    generator = np.random.default_rng(0)
    attack, other = generator.normal(1, 1, 40), generator.normal(0, 1, 40)
    value, low, high = detection.auc(attack, other, SETTINGS, 1)
    pairs = [(a > b) + 0.5 * (a == b) for a in attack for b in other]
    assert value == pytest.approx(np.mean(pairs)) and low < value < high
    assert detection.auc(other, other, SETTINGS, 1)[0] == 0.5
    assert detection.auc(np.ones(4), np.zeros(4), SETTINGS, 1) == (1, 1, 1)


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
    table = detection.table((IMAGES, before), {"blur": (IMAGES, natural)}, (keys, views), [4], SETTINGS)
    return table.set_index("score")["auc"]


def test_a_direction_that_attacks_share_tells_them_at_the_same_size():
    assert detected(True, 0.5)["direction"] > 0.99


def test_a_direction_of_each_image_alone_tells_nothing():
    assert 0.25 < detected(False, 0.5)["direction"] < 0.75


def test_a_larger_shift_is_told_by_its_size():
    assert detected(False, 2.0)["size"] == 1 and detected(False, 0.1)["size"] == 0


def test_two_images_are_too_few():
    two = IMAGES[:2], np.eye(2)
    keys = np.array([f"{image}--attack-004" for image in IMAGES[:2]])
    assert detection.table(two, {"blur": two}, (keys, np.eye(2)), [4], SETTINGS).empty
