"""The doses at which augmentations do the same damage are found by making views."""

import math

import numpy as np
import pytest
import yaml
from pipeline import PROJECT

from embedding_shift.io import shards
from embedding_shift.metrics import pixel_metrics
from embedding_shift.study.variants import equal_doses, variant_names
from embedding_shift.views import image_difference

CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
NAMES = ("noise", "blur", "color_jitter", "perspective", "brightness_contrast", "coarse_dropout")
GRID = [0.25, 0.5, 1]


@pytest.fixture(scope="module")
def images(kodak_views):
    """Four photographs, cut to a quarter."""
    return [shards.View(view.image_id, view.pixels[:112, :112].copy(), view.record) for view in kodak_views[:4]]


def found_on(images, grid, names=NAMES):
    """The curves, the doses found by measure and augmentation, and the views at these doses."""
    curves = [equal_doses.DamageCurve(images, name, CONFIGURED[name], grid, 1) for name in names]
    chosen = list(equal_doses.choose(curves))
    return {(row.damage, row.augmentation): row for row in chosen}, list(equal_doses.views(curves, chosen))


@pytest.fixture(scope="module")
def found(images):
    return found_on(images, GRID)


def test_the_views_do_the_damage_of_the_level(images, found):
    """Measured again on the views themselves; a few doses step over the level, since they count pixels."""
    rows, views = found
    originals = {image.image_id: image.pixels for image in images}
    harm = {}
    for view in views:
        image_and_augmentation, variant = variant_names.split(view.image_id)
        image_id, name = variant_names.split(image_and_augmentation)
        measure = variant.removeprefix("equal-")
        value = image_difference.MEASURES[measure](originals[image_id], view.pixels)
        harm.setdefault((measure, name), []).append(image_difference.as_damage(measure, value))
    assert len(harm) > 8
    for key, values in harm.items():
        row = rows[key]
        assert len(values) == 4 and np.mean(values) == pytest.approx(row.reached)
        step = 0.1 if row.augmentation in ("coarse_dropout", "perspective") else equal_doses.TOLERANCE
        assert row.reached == pytest.approx(row.level, rel=step), key


def test_the_level_is_the_largest_that_every_augmentation_reaches(found):
    rows, _ = found
    for measure in image_difference.MEASURES:
        of_measure = [row for (damage, _), row in rows.items() if damage == measure]
        assert {row.level for row in of_measure} == {min(row.highest for row in of_measure)}
        limiting = min(of_measure, key=lambda row: row.highest)
        assert limiting.dose == 1 and limiting.reached == limiting.level


def test_an_augmentation_that_cannot_do_so_little_is_left_out(found):
    """Perspective resamples the image at any dose; by SSIM this alone is more than colour jitter ever does."""
    rows, views = found
    row = rows["ssim", "perspective"]
    assert row.lowest > row.level and row.reason == equal_doses.TOO_STRONG and math.isnan(row.dose)
    assert not any("perspective--equal-ssim" in view.image_id for view in views)
    assert not rows["rmse", "perspective"].reason


def test_doses_views_and_ranking_do_not_depend_on_the_grid(images, found):
    doubled = sorted({*GRID, 0.125, 0.375, 0.75})
    other_rows, other_views = found_on(images, doubled)
    rows, views = found
    assert {key: row.dose for key, row in rows.items() if not row.reason} == {
        key: row.dose for key, row in other_rows.items() if not row.reason
    }
    assert [view.pixels.tobytes() for view in views] == [view.pixels.tobytes() for view in other_views]

    def ranking(made):
        originals = {image.image_id: image.pixels for image in images}
        kept = {}
        for view in made:
            if view.image_id.endswith("rmse"):
                image_id, _, name = view.image_id.removesuffix("--equal-rmse").rpartition("--")
                kept.setdefault(name, []).append(pixel_metrics.edge_preservation(originals[image_id], view.pixels))
        return sorted(kept, key=lambda name: np.mean(kept[name]))

    assert ranking(other_views) == ranking(views)


class Curve(equal_doses.DamageCurve):
    """An augmentation with a given damage at every dose."""

    def __init__(self, name, harm, grid=(0.001, 0.5, 1)):
        self.name, self.grid, self._harm = name, list(grid), harm

    def at(self, dose, _):
        return self._harm(dose)


def test_what_cannot_be_compared_has_a_reason():
    curves = [
        Curve("strong", lambda dose: 40 * dose),
        Curve("weak", lambda dose: 20 * dose**2),
        Curve("idle", lambda dose: 0.0),
        Curve("odd", lambda dose: 100 * dose * (1.2 - dose)),
        Curve("jumping", lambda dose: 25 + dose),
    ]
    rows = {row.augmentation: row for row in equal_doses.choose(curves) if row.damage == "rmse"}
    assert {row.level for row in rows.values()} == {20}
    assert rows["strong"].dose == pytest.approx(0.5, abs=0.001) and rows["weak"].dose == 1
    reasons = {name: row.reason for name, row in rows.items() if row.reason}
    assert reasons == {
        "idle": equal_doses.NO_DAMAGE,
        "odd": equal_doses.NOT_MONOTONE,
        "jumping": equal_doses.TOO_STRONG,
    }


def test_a_step_over_the_level_gives_the_nearer_dose():
    curve = Curve("steps", lambda dose: 10.0 * round(5 * dose))
    assert curve.at(curve.dose_for(22, "rmse"), "rmse") == 20
    assert curve.at(curve.dose_for(28, "rmse"), "rmse") == 30


def test_a_single_augmentation_has_nothing_to_be_compared_with():
    assert list(equal_doses.choose([Curve("alone", lambda dose: dose)])) == []
