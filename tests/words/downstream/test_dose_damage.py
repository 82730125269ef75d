"""Damage at the doses of the study: planted damage, SciPy's correlations, images that are paired, and no doses."""

import numpy as np
import pytest
from scipy import stats

from embedding_shift.io import array_files
from embedding_shift.statistics import bootstrap
from embedding_shift.words.downstream import damage_forecast, dose_damage
from embedding_shift.words.downstream.class_predictions import Classifier
from embedding_shift.words.downstream.encoder_texts import Uses

SETTINGS = bootstrap.Settings(200, 0.95, 1)
DOSES, IDS = (0.25, 0.5, 1.0), [f"id{place:02}" for place in range(12)]
RANDOM = np.random.default_rng(0)
ORIGINAL = RANDOM.normal(size=(12, 6)).astype(np.float32)
DIRECTION = RANDOM.normal(size=(8, 6)).astype(np.float32)
CLASSIFIER = Classifier(RANDOM.normal(size=(5, 6)), np.zeros(5), list("abcde"))
USES = Uses(CLASSIFIER, None, None, {"id05": 2})


@pytest.fixture
def originals(tmp_path):
    array_files.write(tmp_path / "original.npz", IDS, embedding=ORIGINAL)
    return tmp_path / "original.npz"


def encoded(strength=1.0):
    """Return views of the images from id04 on at three doses, in a shuffled order, with views of other kinds."""
    views = {f"{name}--dose-{1000 * dose:04.0f}": (place, dose) for place, name in enumerate(IDS[4:]) for dose in DOSES}
    views |= {
        f"{name}--{kind}": (place, 9.0) for place, name in enumerate(IDS[4:]) for kind in ("draw-1", "other-resize")
    }
    keys = np.random.default_rng(1).permutation(list(views)).tolist()
    places = np.array([views[key][0] for key in keys])
    steps = np.array([views[key][1] for key in keys], dtype=np.float32)[:, np.newaxis]
    return np.array(keys), ORIGINAL[4:][places] + strength * steps * DIRECTION[places]


def test_every_dose_is_compared_with_the_originals_of_its_images(originals):
    found = dose_damage.at_doses(USES, originals, encoded())
    assert tuple(found) == DOSES
    for dose, each in found.items():
        after = ORIGINAL[4:] + dose * DIRECTION
        np.testing.assert_allclose(each.shift, damage_forecast.shift(ORIGINAL[4:], after), atol=1e-6)
        p, q = (CLASSIFIER.logits(array) for array in (ORIGINAL[4:], after))
        np.testing.assert_array_equal(each.changes["top1_flips"], p.argmax(1) != q.argmax(1))
        assert each.changes["accuracy"].tolist() == [float(q[1].argmax() == 2) - float(p[1].argmax() == 2)]
    rows = list(dose_damage.table({"blur": found}, SETTINGS))
    assert [row["dose"] for row in rows if row["metric"] == "accuracy"] == list(DOSES)
    assert all(set(row) == set(dose_damage.COLUMNS) for row in rows)
    assert {row["n"] for row in rows if row["metric"] == "kl_divergence"} == {8}
    kl = next(row for row in rows if (row["dose"], row["metric"]) == (1.0, "kl_divergence"))
    assert kl["change_ci_low"] < kl["change"] == found[1.0].changes["kl_divergence"].mean() < kl["change_ci_high"]


def test_correlations_are_those_of_the_means(originals):
    found = {name: dose_damage.at_doses(USES, originals, encoded(by)) for name, by in (("blur", 1.0), ("noise", 0.3))}
    rows = {(row["augmentation"], row["damage"]): row for row in dose_damage.forecast(found, SETTINGS)}
    means = [
        (each.shift.mean(), each.changes["kl_divergence"].mean()) for name in found for each in found[name].values()
    ]
    pooled = rows["every dose", "kl_divergence"]
    assert pooled["rho"] == pytest.approx(stats.spearmanr(*zip(*means, strict=True)).statistic)
    assert (pooled["n"], rows["every dose of noise", "kl_divergence"]["n"]) == (6, 3)
    assert pooled["ci_low"] <= pooled["rho"] <= pooled["ci_high"]
    assert rows["every dose of blur", "kl_divergence"]["rho"] == pytest.approx(
        stats.spearmanr(*zip(*means[:3], strict=True)).statistic
    )
    assert not [key for key in rows if "accuracy" in key]  # known for one image only


def test_an_augmentation_without_doses_has_no_rows(originals):
    keys, embedding = encoded()
    without = np.array(["dose" not in key for key in keys])
    found = {"flip": dose_damage.at_doses(USES, originals, (keys[without], embedding[without]))}
    assert found == {"flip": {}}
    assert not [*dose_damage.table(found, SETTINGS), *dose_damage.forecast(found, SETTINGS)]
    assert not [*dose_damage.table({}, SETTINGS), *dose_damage.forecast({}, SETTINGS)]
