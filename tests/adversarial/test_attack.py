"""The attack: its bound, its best view, its seeds, and the random views of the same size."""

import numpy as np
import pytest
from small_models import write_clip_bundle

from embedding_shift.adversarial import attack, attacked_views
from embedding_shift.encoders.gradients import ShiftGradient
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.io import shards
from embedding_shift.views.view_record import ViewRecord

EPSILONS = (1, 4, 16)


def photograph(seed=0):
    """A smooth picture whose values reach 0 and 255."""
    waves = np.random.default_rng(seed).uniform(1, 4, (3, 2))
    y, x = np.mgrid[:32, :32] / 32 * 2 * np.pi
    planes = [255 * (0.5 + 0.6 * np.sin(a * x + b * y)) for a, b in waves]
    return np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    write_clip_bundle(folder, layers=2, image_size=32, patch_size=8)
    return Encoder(folder, "cpu", batch_size=1)


def views(encoder, original, epsilons=EPSILONS, steps=5, seed=1):
    view = shards.View("a", original, {"image_sha256": "ab"})
    gradient = ShiftGradient(encoder, "small", original)
    return {view.image_id: view for view in attacked_views.views_of(view, gradient, epsilons, steps, seed)}


@pytest.fixture(scope="module")
def made(encoder):
    return views(encoder, photograph())


def difference(view):
    return np.abs(view.pixels.astype(int) - photograph()).max()


def shift_of(encoder, view):
    return ShiftGradient(encoder, "small", photograph())(view.pixels)[0]


def test_views_are_named_by_kind_and_epsilon(made):
    assert list(made) == [f"a--{kind}-{epsilon:03d}" for epsilon in EPSILONS for kind in ("attack", "signs")]
    assert attacked_views.kind_and_epsilon("attack-016") == ("attack", 16)


def test_no_value_moves_by_more_than_epsilon(made):
    for epsilon in EPSILONS:
        assert difference(made[f"a--attack-{epsilon:03d}"]) == epsilon
        assert difference(made[f"a--signs-{epsilon:03d}"]) == epsilon


def test_the_shift_is_that_of_the_stored_view_and_at_least_that_of_the_start(made, encoder):
    for epsilon in EPSILONS:
        view = made[f"a--attack-{epsilon:03d}"]
        drawn = ViewRecord.from_json(view.record).steps[0].parameters
        assert drawn["shift"] == shift_of(encoder, view)
        assert drawn["shift"] > 2 * drawn["start_shift"] > 0


def test_the_shift_grows_with_epsilon_and_random_signs_shift_little(made, encoder):
    attacked, random = (
        [shift_of(encoder, made[f"a--{kind}-{epsilon:03d}"]) for epsilon in EPSILONS] for kind in attacked_views.KINDS
    )
    assert attacked == sorted(attacked)
    assert all(4 * one < other for one, other in zip(random, attacked, strict=True))


def test_views_depend_on_the_seed_and_not_on_other_epsilons(made, encoder):
    again = views(encoder, photograph(), epsilons=(4,))
    other = views(encoder, photograph(), epsilons=(4,), seed=2)
    for key, view in again.items():
        assert np.array_equal(view.pixels, made[key].pixels) and view.record == made[key].record
        assert not np.array_equal(view.pixels, other[key].pixels)


def test_the_record_tells_how_a_view_was_made(made):
    record = ViewRecord.from_json(made["a--attack-004"].record)
    assert (record.augmentation, record.image_sha256, record.shape) == ("adversarial attack-004", "ab", (32, 32))
    (step,) = record.steps
    assert (step.transform, step.arguments) == ("ProjectedGradientDescent", {"epsilon": 4, "steps": 5})


def test_the_best_place_is_kept_when_the_last_one_is_worse():
    original = np.full((2, 2, 3), 100, np.uint8)
    shifts = iter([0.1, 0.5, 0.2])
    seen = []

    def gradient(view):
        seen.append(view)
        return next(shifts), np.ones((2, 2, 3), np.float32)

    found = attack.attack(gradient, original, epsilon=8, steps=2, seed=0)
    assert (found.shift, found.start_shift) == (0.5, 0.1)
    assert np.array_equal(found.pixels, seen[1]) and not np.array_equal(seen[1], seen[2])
    assert (seen[0] <= seen[1]).all() and (seen[1] < seen[2]).any(), "the search follows the gradient"


def test_an_undefined_gradient_leaves_the_start():
    original = np.full((2, 2, 3), 100, np.uint8)
    found = attack.attack(lambda view: (np.nan, np.full(view.shape, np.nan)), original, epsilon=8, steps=2, seed=0)
    assert 0 < np.abs(found.pixels.astype(int) - 100).max() <= 8


def test_random_signs_use_both_directions_and_stay_within_range():
    signs = attack.random_signs(np.full((64, 64, 3), 2, np.uint8), 3, seed=0)
    assert set(np.unique(signs)) == {0, 5} and abs((signs == 5).mean() - 0.5) < 0.02
