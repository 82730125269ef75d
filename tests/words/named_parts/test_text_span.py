"""TextSpan: planted words come back in their order with their shares, and random ones are no better than chance."""

import numpy as np
import pytest

from embedding_shift.words.named_parts import text_span

WIDTH, WORDS = 12, 40
SPREAD = np.exp(-np.arange(WIDTH) / 8)  # words vary along few dimensions, as real ones do


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def explained(vectors, words, ranks=3, seed=0):
    """Return the span of groups of vectors (n, G, d) by the same words (V, d) for every group."""
    groups = np.broadcast_to(words, (vectors.shape[1], *words.shape))
    return text_span.explain(text_span.factors(vectors), groups, ranks, seed)


def by_least_squares(vectors, words):
    """Return the share of the variance of vectors (n, d) that combinations of words explain."""
    centred = vectors - vectors.mean(0)
    fitted = words.T @ np.linalg.lstsq(words.T, centred.T, rcond=None)[0]
    return 1 - ((centred.T - fitted) ** 2).sum() / (centred**2).sum()


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def test_planted_words_come_back_in_order_with_their_shares(generator):
    words = np.linalg.qr(generator.normal(size=(WIDTH, WIDTH)))[0]
    amounts = np.linalg.qr(generator.normal(size=(50, 3)) - 0)[0]
    amounts = np.linalg.qr(amounts - amounts.mean(0))[0]  # uncorrelated, around zero
    planted = [7, 2, 5]
    vectors = 4 + amounts * np.sqrt([0.6, 0.3, 0.1]) @ words[planted]
    found = explained(vectors[:, None], words)
    assert found.words.tolist() == [planted]
    np.testing.assert_allclose(found.shares, [[0.6, 0.3, 0.1]], atol=1e-12)
    assert (found.p[0, :2] <= 0.05).all() and (found.null_shares[0] < found.shares[0]).all()


def test_shares_agree_with_least_squares(generator):
    """Every word of the span is the one with which least squares explain most, computed anew for each candidate."""
    words = generator.normal(size=(WORDS, WIDTH)) * SPREAD
    vectors = generator.normal(size=(30, 2, WIDTH)) * SPREAD + generator.normal(size=WIDTH)
    found = explained(vectors, words)
    for group in range(2):
        chosen = []
        for rank in range(3):
            candidates = [by_least_squares(vectors[:, group], words[[*chosen, word]]) for word in range(WORDS)]
            chosen.append(int(np.argmax(candidates)))
            assert found.words[group, rank] == chosen[-1]
            assert found.shares[group, : rank + 1].sum() == pytest.approx(max(candidates), abs=1e-12)


def test_random_words_explain_no_more_than_chance_says(generator):
    """5 %, within three standard errors, for the first word and for those behind it."""
    groups, trials = 50, 20
    small = np.zeros(3)
    for _ in range(trials):
        words = generator.normal(size=(WORDS, WIDTH)) * SPREAD
        turned = np.stack([words @ np.linalg.qr(generator.normal(size=(WIDTH, WIDTH)))[0] for _ in range(groups)])
        vectors = generator.normal(size=(10, groups, WIDTH)) * SPREAD[::-1]
        found = text_span.explain(text_span.factors(vectors), turned, 3, int(generator.integers(1000)))
        small += (found.p <= 0.05).sum(0)
    rate, error = small / (groups * trials), 3 * np.sqrt(0.05 * 0.95 / (groups * trials))
    assert abs(rate[0] - 0.05) < error
    assert (rate < 0.05 + error).all()


def test_chance_is_that_of_rotated_words(generator):
    """The same distribution as if words were rotated and the span searched again, for a planted first word."""
    words = generator.normal(size=(WORDS, WIDTH))
    vectors = generator.normal(size=(20, 1, WIDTH)) + 3 * generator.normal(size=(20, 1, 1)) * words[4]
    found = explained(vectors, words, ranks=2)
    centred = vectors[:, 0] - vectors[:, 0].mean(0)
    first = words[found.words[0, 0]]
    null = []
    for _ in range(200):
        rotated = np.linalg.qr(generator.normal(size=(WORDS, WORDS)))[0] @ words
        before = by_least_squares(centred, first[None])
        alone = max(by_least_squares(centred, word[None]) for word in rotated)
        null.append((alone, max(by_least_squares(centred, np.stack([first, word])) for word in rotated) - before))
    spread = np.std(null, axis=0) * np.sqrt(1 / 200 + 1 / text_span.ROTATIONS)
    assert (abs(found.null_shares[0] - np.mean(null, axis=0)) < 4 * spread).all()


def test_a_nuance_of_an_earlier_word_is_not_said_again(generator):
    words = unit(generator.normal(size=(4, WIDTH)))
    words[1] = unit(words[0] + 0.2 * words[2])
    vectors = generator.normal(size=(20, 1, 1)) * words[0] + 0.1 * generator.normal(size=(20, 1, 1)) * words[2]
    assert found_words(vectors, words)[:2] == [0, 2]


def found_words(vectors, words):
    return explained(vectors, words).words[0].tolist()


def test_what_does_not_vary_has_no_words(generator):
    words = generator.normal(size=(5, WIDTH))
    vectors = np.stack([np.ones((4, WIDTH)), generator.normal(size=(4, 1)) * words[3]], 1)
    found = explained(vectors, words)
    assert found.words.tolist() == [[-1, -1, -1], [3, -1, -1]]
    assert np.isnan(found.p[0]).all() and np.isnan(found.shares[0]).all()
    assert found.shares[1, 0] == pytest.approx(1)


def test_the_seed_decides_chance_alone(generator):
    words, vectors = generator.normal(size=(WORDS, WIDTH)), generator.normal(size=(20, 2, WIDTH))
    one, again, other = (explained(vectors, words, seed=seed) for seed in (1, 1, 2))
    for first, second in zip(one, again, strict=True):
        assert first.tobytes() == second.tobytes()
    assert one.words.tolist() == other.words.tolist() and one.null_shares.tolist() != other.null_shares.tolist()
