"""Views of the study are measured with their own geometry."""

import numpy as np
import pytest
from configured_study import views_of_study

from embedding_shift.metrics import registered_metrics
from embedding_shift.study.measurement import study_metrics, study_pixels
from embedding_shift.views.correspondence import Correspondence


def test_views_of_the_study_are_measured_with_their_own_geometry(kodak_views):
    originals = kodak_views[:1]
    views = views_of_study(originals, "shift_scale_rotate", 2, [0.25, 1]).values()
    image_id, pixels = originals[0].image_id, originals[0].pixels
    rows = study_pixels.pixel_rows({"original": {image_id: pixels}}, views, "shift_scale_rotate")
    values = rows.set_index(["variant", "metric"])["value"]
    made_here = {"draw-1", "dose-0250", "dose-0500", "dose-1000"}  # 0.5 is the configured setting
    assert set(rows["variant"]) == made_here | {"dose-0000"}
    for variant in made_here:
        assert values[variant, "patch_similarity_registered"] > 0.999 > values[variant, "patch_similarity"]
    assert values["dose-0000", "rmse"] == 0
    assert values["dose-0000", "detail_preservation"] == 1


def test_attention_of_the_study_is_registered_by_view(kodak_views):
    """A flipped map is the same map once the flip is undone."""
    image_id = kodak_views[0].image_id
    attention = np.random.default_rng(0).random((1, 2, 7, 7), dtype=np.float32)
    views = list(views_of_study(kodak_views[:1], "horizontal_flip", 2).values())
    rows = study_metrics.registered_attention_rows(
        {"original": (np.array([image_id]), attention)},
        ([views[0].image_id], attention[..., ::-1]),
        {view.image_id: view.record for view in views},
        "horizontal_flip",
    )
    expected = registered_metrics.attention_similarity(attention[0], attention[0], Correspondence.identity((224, 224)))
    assert rows["value"].to_list() == pytest.approx([expected], abs=1e-6)
