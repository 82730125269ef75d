"""The typical and the worst image of every augmentation."""

import numpy as np
import pandas as pd
import pytest

from embedding_shift.io.values_by_metric import by_metric
from embedding_shift.metrics import representation_metrics
from embedding_shift.statistics import notable_images

IDS = np.array(["a", "b", "c", "d", "e"])


def metrics(similarity, ids=IDS):
    rows = [(image_id, "blur", "cosine_similarity", value) for image_id, value in zip(ids, similarity, strict=True)]
    return by_metric(pd.DataFrame(rows, columns=["image_id", "augmentation", "metric", "value"]))


def attention(moved=0.0):
    """Return maps of two patches, of which the second gets the share `moved`."""
    array = np.zeros((len(IDS), 2, 1, 2))
    array[..., 0], array[..., 1] = 1 - moved, moved
    return IDS, array


def roles(similarity, ids=IDS):
    table = notable_images.table(metrics(similarity, ids), attention(), [("blur", attention(0.25))])
    assert list(table.columns) == notable_images.COLUMNS
    return dict(zip(table["role"], table["image_id"], strict=True)), table


def test_the_worst_has_the_lowest_similarity_and_the_typical_one_is_nearest_to_the_median():
    found, table = roles([0.9, 0.1, 0.7, 0.95, 0.8])
    assert found == {"typical": "e", "worst": "b"}
    assert table["attention_moved"].tolist() == [0.25, 0.25] and set(table["images"]) == {5}


def test_of_equal_images_the_first_is_taken_and_one_image_has_one_role():
    assert roles([0.5] * 5)[0] == {"worst": "a", "typical": "b"}
    assert roles([0.5], IDS[2:3])[0] == {"typical": "c"}
    assert roles([0.5, 0.9], IDS[:2])[0] == {"typical": "b", "worst": "a"}


def test_an_encoder_without_attention_has_no_share():
    no_maps = IDS, np.zeros((len(IDS), 0, 0, 0))
    table = notable_images.table(metrics([0.9, 0.1, 0.7, 0.95, 0.8]), no_maps, [("blur", no_maps)])
    assert table["attention_moved"].isna().all() and table["attention_similarity"].isna().all()


@pytest.mark.parametrize(("scale", "expected"), [(1, 0.0), (3, 0.0)])
def test_the_moved_share_ignores_the_scale(scale, expected):
    maps = np.random.default_rng(0).random((3, 4, 4))
    assert representation_metrics.moved_attention(maps, scale * maps) == pytest.approx(expected, abs=1e-12)


def test_attention_that_moves_altogether_has_moved_all():
    before, after = np.zeros((2, 1, 2, 2))
    before[0, 0, 0] = after[0, 1, 1] = 0.5
    assert representation_metrics.moved_attention(before, after) == 1
