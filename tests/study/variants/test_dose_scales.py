"""The dose scales of the configured augmentations: from the image itself, and with more damage at every dose."""

import pytest
from configured_study import CONFIGURED, DOSED

from embedding_shift.config.entries import steps_of
from embedding_shift.study.variants import draws_and_doses, equal_doses, variant_names
from embedding_shift.views import image_difference

# Perspective crops and resizes as soon as a corner moves; colour jitter converts to whole numbers of hue.
JUMPING = {"perspective", "color_jitter"}
MANY_DOSES = [0.003, 0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 1]


@pytest.mark.parametrize("name", DOSED)
def test_damage_starts_at_nothing_and_grows(name, kodak_views):
    """On average over eight images; a scale may start with a jump, which the study then shows."""
    curve = equal_doses.DamageCurve(kodak_views[:8], name, CONFIGURED[name], MANY_DOSES, 1)
    assert curve.grid[0] == variant_names.LEAST_DOSE and len(curve.grid) >= len(MANY_DOSES)
    assert all(map(curve.grows, image_difference.MEASURES))
    starts_at = curve.at(curve.grid[0], "rmse")
    assert (starts_at > image_difference.ROUNDING) == (name in JUMPING)
    assert starts_at < 0.5 * curve.at(curve.grid[-1], "rmse")


@pytest.mark.parametrize("name", DOSED)
def test_the_study_shows_the_jumps(name, kodak_views):
    steps, scale = steps_of(CONFIGURED[name]), CONFIGURED[name]["dose"]
    jumps = draws_and_doses.jumps_at_zero(kodak_views[:3], name, steps[0], scale, 1)
    assert jumps == (name in JUMPING)
    variants = draws_and_doses.variants(steps, scale, 1, [0.5, 1], jumps)
    least = variant_names.dose_name(variant_names.LEAST_DOSE)
    assert (least in {variant.name for variant in variants}) == jumps
