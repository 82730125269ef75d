"""What the transforms of a list contribute: two decompositions of the shift of the whole."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_tables import BOOTSTRAP, study_table

from embedding_shift.study.tables import step_contributions
from embedding_shift.study.variants import draws_and_doses
from embedding_shift.views.augment import Augmentation

VARIANTS = ["first-1", "first-2", "draw-0", "without-1", "without-2"]
NAMES = ["Crop", "Jitter", "Blur"]


def table(values, metric="cosine_similarity"):
    study = study_table(np.asarray(values, float)[:, np.newaxis], metric, VARIANTS)
    applied = pd.DataFrame(True, index=[f"i{image}" for image in range(len(values))], columns=NAMES)
    applied.loc["i0", "Blur"] = False
    return step_contributions.table(study, {"noise": applied}, *BOOTSTRAP)


def test_contributions_are_differences_of_shifts():
    found = table([[0.9, 0.7, 0.6, 0.8, 0.75], [0.7, 0.7, 0.2, 0.6, 0.55]])
    assert list(found.columns) == step_contributions.COLUMNS
    assert list(found["contribution"]) == ["added"] * 3 + ["lost"] * 3
    assert list(found["transform"]) == NAMES * 2 and list(found["step"]) == [1, 2, 3] * 2
    assert set(found["n"]) == {2} and list(found["applied"]) == [2, 2, 1] * 2
    expected = [(0.1 + 0.3) / 2, (0.2 + 0) / 2, (0.1 + 0.5) / 2, (0.2 + 0.4) / 2, (0.15 + 0.35) / 2, (0.1 + 0.5) / 2]
    np.testing.assert_allclose(found["mean"], expected)
    assert (found["ci_low"] <= found["mean"]).all() and (found["mean"] <= found["ci_high"]).all()
    assert found["ci_low"].iloc[0] < found["ci_high"].iloc[0]


def test_a_distance_is_its_own_shift():
    found = table([[1, 3, 7, 5, 4]], "l2_distance")
    assert list(found["mean"]) == [1, 2, 4, 2, 3, 4]
    assert found["ci_low"].isna().all()


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.lists(st.floats(-1, 1), min_size=5, max_size=5), min_size=1, max_size=6))
def test_what_the_steps_add_sums_to_the_shift_of_the_whole(values):
    found = table(values)
    added = found[found["contribution"] == step_contributions.ADDED]["mean"].sum()
    assert added == pytest.approx(1 - np.mean(values, axis=0)[2], abs=1e-12)


def test_images_without_a_value_are_left_out_and_plain_augmentations_have_no_rows():
    values = np.full((3, 5), 0.5)
    values[1, 3] = np.nan
    found = table(values)
    assert set(found["n"]) == {2} and list(found["applied"]) == [2, 2, 1] * 2
    assert table(np.full((2, 5), np.nan)).empty
    study = study_table(np.ones((2, 1, 1)), "cosine_similarity")
    assert list(step_contributions.table(study, {}, *BOOTSTRAP).columns) == step_contributions.COLUMNS


def test_the_records_tell_to_which_images_a_step_was_applied(kodak_views):
    """As in the main view, not as in another draw, and not as where a step is left out."""
    flip = {"transform": "HorizontalFlip", "parameters": {}, "probability": 0.5}
    steps = [flip, {"transform": "GaussianBlur", "parameters": {}}, flip]
    views = draws_and_doses.augment(kodak_views[:6], "mine", draws_and_doses.variants(steps, None, 3, []), 1)
    found = step_contributions.applied_steps((view.image_id, view.record) for view in views)
    assert list(found.columns) == ["HorizontalFlip", "GaussianBlur", "HorizontalFlip"]
    augmentation = Augmentation("mine", steps, 1)
    for original in kodak_views[:6]:
        record = augmentation.view_of(original).record
        assert list(found.loc[original.image_id]) == [step.get("applied", True) for step in record["steps"]]
    assert 0 < found.iloc[:, 0].sum() < 6
