"""Damage to captions and classes: brute force, equal captions, one image, and ConSE."""

import itertools
import tracemalloc

import numpy as np
import pytest
from scipy import special, stats
from sklearn import metrics

from embedding_shift.statistics import bootstrap
from embedding_shift.words.downstream import damage

SETTINGS = bootstrap.Settings(200, 0.95, 3)


def cosine(one, other):
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


def test_captions_agree_with_brute_force():
    generator = np.random.default_rng(0)
    images = generator.normal(size=(17, 6)).astype(np.float32)
    captions = (images + generator.normal(size=images.shape)).astype(np.float32)
    found = damage.of_captions(images, captions)
    cosines = np.array([[cosine(a.astype(float), b.astype(float)) for b in captions] for a in images])
    own = np.diag(cosines)
    np.testing.assert_allclose(found["caption_similarity"], own)
    others = [np.delete(row, place).max() for place, row in enumerate(cosines)]
    np.testing.assert_allclose(found["caption_margin"], own - others)
    for k in damage.RANKS:
        for name, matrix in (("image_to_text", cosines), ("text_to_image", cosines.T)):
            hits = [place in np.argsort(-row)[:k] for place, row in enumerate(matrix)]
            np.testing.assert_array_equal(found[f"{name}_recall_at_{k}"], hits)


def test_pairs_are_compared_in_blocks(monkeypatch):
    generator = np.random.default_rng(1)
    images, captions = generator.normal(size=(2, 11, 4))
    expected = damage.of_captions(images, captions)
    for name, size in (("ROWS_AT_ONCE", 3), ("CELLS_AT_ONCE", 22), ("CELLS_AT_ONCE", 1)):
        monkeypatch.setattr(damage, name, size)
        for metric, column in damage.of_captions(images, captions).items():
            np.testing.assert_allclose(column, expected[metric])


def test_a_hundred_thousand_captions_need_little_more_memory_than_their_embeddings():
    """A table of all cosines would have 80 GB, and 1,024 rows of it, with what is computed from them, 2.5 GB."""
    images = np.random.default_rng(9).standard_normal((100_000, 4), np.float32)
    tracemalloc.start()
    try:
        queries = damage.unit(images)
        before = tracemalloc.get_traced_memory()[0]
        damage._ranks(queries[:300], queries)
        assert tracemalloc.get_traced_memory()[1] - before < 300e6
    finally:
        tracemalloc.stop()


def test_equal_captions_are_found_by_chance():
    images = np.random.default_rng(2).normal(size=(8, 5)).astype(np.float32)
    found = damage.of_captions(images, np.repeat(images[:1], 8, axis=0))
    for k in damage.RANKS:
        metric = f"image_to_text_recall_at_{k}"
        np.testing.assert_allclose(found[metric], damage.chance(metric, 8))


def test_chance_is_what_random_captions_give():
    generator = np.random.default_rng(3)
    images, captions = generator.normal(size=(2, 6, 4))
    orders = list(itertools.permutations(range(6)))
    mean = np.mean([damage.of_captions(images, captions[list(order)])["text_to_image_recall_at_5"] for order in orders])
    assert mean == pytest.approx(damage.chance("text_to_image_recall_at_5", 6))
    assert damage.chance("caption_margin", 6) is None


def test_classes_agree_with_scipy():
    before, after = np.random.default_rng(4).normal(size=(2, 9, 7)).astype(np.float32)
    found = damage.of_classes(before, after)
    expected = [stats.entropy(special.softmax(p), special.softmax(q)) for p, q in zip(before, after, strict=True)]
    np.testing.assert_allclose(found["kl_divergence"], expected, rtol=1e-5)
    np.testing.assert_array_equal(found["top1_flips"], np.argmax(before, 1) != np.argmax(after, 1))
    assert not any(column.any() for column in damage.of_classes(before, before).values())


def test_accuracy_agrees_with_scikit_learn():
    logits, right = np.random.default_rng(7).normal(size=(40, 3)), np.random.default_rng(8).integers(3, size=40)
    assert damage.of_labels(logits, right)["accuracy"].mean() == metrics.accuracy_score(right, logits.argmax(1))
    assert damage.of_labels(logits[:0], right[:0])["accuracy"].shape == (0,)


def test_of_equal_classes_the_first_is_told():
    assert damage.most_probable(np.array([[0.1 + 0.2, 0.3], [0.3, 0.1 + 0.2], [0.1, 0.3]])).tolist() == [0, 0, 1]


def test_logits_that_are_not_finite_tell_no_class():
    logits = np.array([[0.0, 1.0], [np.nan, 0.0], [0.0, 1.0]])
    after = np.array([[1.0, 0.0], [0.0, 1.0], [np.inf, 0.0]])
    found = damage.of_classes(logits, after) | damage.of_labels(after, np.zeros(3, int))
    assert found["top1_flips"][0] == 1 and np.isnan(found["top1_flips"][1:]).all()
    assert np.isnan(found["kl_divergence"]).tolist() == [False, True, True]
    assert found["accuracy"].tolist()[:2] == [1, 0] and np.isnan(found["accuracy"][2])
    rows = damage.table({"original": found}, SETTINGS)
    assert {row["mean"] for row in rows} == {"undefined"}


def test_conse_weighs_the_most_probable_classes():
    generator = np.random.default_rng(5)
    logits, texts = generator.normal(size=(3, 30)), generator.normal(size=(30, 4))
    for row, vector in zip(logits, damage.conse(logits, texts), strict=True):
        first = np.argsort(-row)[:10]
        weights = special.softmax(row)[first]
        unit = texts[first] / np.linalg.norm(texts[first], axis=1, keepdims=True)
        np.testing.assert_allclose(vector, weights / weights.sum() @ unit)
    assert damage.conse(logits[:, :4], texts[:4]).shape == (3, 4)


def test_the_table_compares_views_with_originals():
    generator = np.random.default_rng(6)
    images, captions = generator.normal(size=(2, 30, 5))
    values = {name: damage.of_captions(images * sign, captions) for name, sign in (("original", 1), ("turned", -1))}
    rows = {(row["augmentation"], row["metric"]): row for row in damage.table(values, SETTINGS)}
    assert all(set(row) == set(damage.COLUMNS) for row in rows.values())
    before, after = rows["original", "caption_similarity"], rows["turned", "caption_similarity"]
    assert after["change"] == pytest.approx(after["mean"] - before["mean"])
    assert after["change_ci_low"] < after["change"] < after["change_ci_high"] and before["change"] == ""
    assert rows["turned", "image_to_text_recall_at_5"]["chance"] == pytest.approx(5 / 30)


def test_one_image_has_neither_margin_nor_interval():
    values = {"original": damage.of_captions(np.ones((1, 3)), np.ones((1, 3)))}
    rows = {row["metric"]: row for row in damage.table(values, SETTINGS)}
    assert rows["caption_margin"]["mean"] == "undefined"
    similarity = rows["caption_similarity"]
    assert (similarity["mean"], similarity["ci_low"]) == (pytest.approx(1), "undefined")
    assert rows["image_to_text_recall_at_10"]["chance"] == 1


def test_no_captions_have_no_values():
    values = {"original": damage.of_captions(np.ones((0, 3)), np.ones((0, 3)))}
    assert {row["mean"] for row in damage.table(values, SETTINGS)} == {"undefined"}


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_answers_of_all_images_have_the_exact_interval(value):
    flips = {"top1_flips": np.full(24, value)}
    views = {"original": {"top1_flips": np.zeros(24)}, "view": flips}
    original, row = damage.table(views, SETTINGS)
    assert (original["mean"], original["ci_low"], original["ci_high"]) == (0, "", "")  # 0 by construction
    exact = stats.binomtest(int(24 * value), 24).proportion_ci(method="exact")
    assert (row["ci_low"], row["ci_high"]) == (pytest.approx(exact.low), pytest.approx(exact.high))
    assert row["change_ci_low"] < row["change"] or value == 0
    if value == 0:
        assert row["change_ci_low"] == pytest.approx(-exact.high) and row["change_ci_high"] == pytest.approx(exact.high)
