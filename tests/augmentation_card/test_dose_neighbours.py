"""Neighbours kept at each dose, against scikit-learn."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from embedding_shift.augmentation_card import dose_neighbours
from embedding_shift.statistics import bootstrap

N, K = 30, 4
IDS = np.array([f"image{place:02d}" for place in range(N)])
GENERATOR = np.random.default_rng(5)
ORIGINALS = GENERATOR.normal(size=(N, 6)).astype(np.float32)
SETTINGS = bootstrap.Settings(200, 0.95, 1)


def study(noise_by_dose, images=5):
    """Return keys and embeddings of views of the first images, with noise of a size per dose."""
    keys, views = [], []
    for dose, size in noise_by_dose.items():
        for place in range(images):
            keys.append(f"{IDS[place]}--dose-{round(1000 * dose):04d}")
            views.append(ORIGINALS[place] + size * GENERATOR.normal(size=6))
    return np.array(keys), np.array(views, np.float32)


def rows(encoded, originals=ORIGINALS, k=K):
    return list(dose_neighbours.table("blur", (IDS, originals), encoded, k, SETTINGS))


def test_the_share_is_that_of_another_library():
    keys, views = study({0.5: 1.0}, images=N)
    nearest = NearestNeighbors(n_neighbors=N, metric="cosine").fit(ORIGINALS)
    shares = []
    for place, view in enumerate(views):
        before, after = (
            [one for one in nearest.kneighbors(query[np.newaxis], return_distance=False)[0] if one != place][:K]
            for query in (ORIGINALS[place], view)
        )
        shares.append(len({*before} & {*after}) / K)
    found = dose_neighbours.kept(ORIGINALS.astype(np.float64), views.astype(np.float64), np.arange(N), K)
    assert found.tolist() == shares
    (row,) = rows((keys, views))
    assert row["kept"] == pytest.approx(np.mean(shares))
    assert 0 < row["kept"] < 1
    assert row["ci_low"] <= row["kept"] <= row["ci_high"]
    assert (row["n"], row["k"], row["chance"]) == (N, K, pytest.approx(K / (N - 1)))


def test_a_view_equal_to_its_original_keeps_all_and_dose_0_has_no_row():
    found = rows(study({0: 0.0, 0.25: 0.0, 1: 50.0}))
    assert [row["dose"] for row in found] == [0.25, 1]
    assert found[0]["kept"] == 1 == found[0]["ci_low"]
    assert found[1]["kept"] < 0.6


def test_an_embedding_that_is_not_finite_concerns_itself_alone():
    keys, views = study({0.5: 0.0})
    views[2] = np.nan
    (row,) = rows((keys, views))
    assert (row["n"], row["kept"]) == (4, 1)
    originals = ORIGINALS.copy()
    originals[0] = np.inf
    (row,) = rows((keys, views), originals)
    assert row["n"] == 3 and np.isfinite(row["kept"])


def test_too_few_images_and_no_doses_have_no_rows():
    assert not rows(study({0.5: 0.1}), k=N // 2)
    assert not rows((np.array(["image00--draw-1"]), ORIGINALS[:1]))
