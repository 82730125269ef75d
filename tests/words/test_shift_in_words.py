"""The shift in words: planted shifts are found, and random ones are not more often than chance."""

import numpy as np
import pytest

from embedding_shift.errors import InputError
from embedding_shift.words import shift_in_words
from embedding_shift.words.prompts import Prompts
from embedding_shift.words.text_files import EncodedTexts

WIDTH, IMAGES, WORDS = 64, 60, 100
# Embeddings vary along few dimensions, as real ones do; a test against random directions would fail.
SPREAD = np.sqrt(np.exp(-np.arange(WIDTH) / 10))
NAMES = ("noise", "blur", "flip")


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.fixture
def told(generator):
    """Prompts, and the directions of embeddings that are random, but for what texts of one noun have in common."""
    prompts = Prompts(
        "a photo of {noun}",
        "a {word} photo of {noun}",
        {name: f"a {name} photo of {{noun}}" for name in NAMES},
        ["a dog", "a cat"],
        [f"word{number}" for number in range(WORDS)],
    )
    texts = prompts.texts()
    nouns = drawn(generator, 2)
    meanings = {text: meaning for text, meaning in zip(texts, drawn(generator, len(texts)), strict=True)}
    words = {name.rsplit(",", 1)[0]: meanings[name] for name in texts}
    embedding = [3 * nouns[int(name[-1])] + words[name.rsplit(",", 1)[0]] for name in texts]
    return prompts, EncodedTexts(np.array(list(texts)), np.array(embedding, np.float32))


def drawn(generator, n):
    return generator.normal(size=(n, WIDTH)) * SPREAD


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_every_prompt_meets_every_noun(told):
    prompts, _ = told
    texts = prompts.texts()
    assert texts["neutral, noun 0"] == "a photo of a dog"
    assert texts["prompt blur, noun 1"] == "a blur photo of a cat"
    assert texts["word 7, noun 0"] == "a word7 photo of a dog"
    assert len(texts) == (1 + len(NAMES) + WORDS) * 2


def test_planted_shifts_give_a_diagonal_matrix(told, generator):
    prompts, encoded = told
    found = shift_in_words.directions(prompts, encoded, 1)
    original = unit(drawn(generator, IMAGES)) + unit(drawn(generator, 1))
    views = {
        name: unit(original) + 0.3 * direction + 0.05 * drawn(generator, IMAGES)
        for name, direction in zip(NAMES, found.prompts, strict=True)
    }
    rows = list(shift_in_words.table(prompts, found, original, views))
    assert [set(row) == set(shift_in_words.COLUMNS) for row in rows] == [True] * 9
    own = [row["prompt"] == row["augmentation"] for row in rows]
    assert all(row["p"] == 0.001 for row, is_own in zip(rows, own, strict=True) if is_own)
    for name in ("z", "specific_z"):
        assert (np.array([row[name] for row in rows]).reshape(3, 3).argmax(1) == np.arange(3)).all()
    positive = [row["specific_p"] <= 0.05 and row["specific_z"] > 0 for row in rows]
    assert positive == own == np.eye(3, dtype=bool).ravel().tolist()
    assert {row["n"] for row in rows} == {IMAGES}
    repeated = list(shift_in_words.table(prompts, shift_in_words.directions(prompts, encoded, 1), original, views))
    assert repeated == rows


def test_a_shift_away_from_the_prompt_has_a_negative_score(told, generator):
    prompts, encoded = told
    found = shift_in_words.directions(prompts, encoded, 1)
    original = unit(drawn(generator, IMAGES))
    _, [first, *_] = shift_in_words.scores(original, original - 0.5 * found.prompts[0], found.prompts, found.chance)
    assert first.score < 0
    assert first.z < -2
    assert first.p == 0.001


def test_the_score_is_the_mean_shift_along_the_direction(told, generator):
    """Computed once more without the library's functions."""
    prompts, encoded = told
    found = shift_in_words.directions(prompts, encoded, 1)
    original, views = drawn(generator, IMAGES), drawn(generator, IMAGES)
    _, along = shift_in_words.scores(original, views, found.prompts, found.chance)
    embedding = dict(zip(encoded.text_ids, unit(encoded.embedding.astype(float)), strict=True))
    for name, score in zip(NAMES, along, strict=True):
        towards = sum(embedding[f"prompt {name}, noun {noun}"] - embedding[f"neutral, noun {noun}"] for noun in (0, 1))
        each = [(unit(after) - unit(before)) @ unit(towards) for before, after in zip(original, views, strict=True)]
        assert score.score == pytest.approx(np.mean(each))
        as_far = [abs(pair @ (unit(views) - unit(original)).mean(0)) >= abs(score.score) for pair in found.chance]
        assert score.p == (1 + sum(as_far)) / 1000


def test_words_without_relation_are_significant_as_often_as_chance_says(generator):
    """5 %, within three standard errors; random directions instead of pairs of words fail this."""
    trials = 1000
    words = unit(drawn(generator, 2000))
    pairs = generator.integers(0, len(words), (shift_in_words.RANDOM_PAIRS, 2))
    chance = unit(words[pairs[:, 0]] - words[pairs[:, 1]] + 1e-9)
    isotropic = unit(generator.normal(size=chance.shape))
    original = unit(drawn(generator, 20))
    significant = {"words": 0, "isotropic": 0}
    for _ in range(trials):
        one, other = words[generator.choice(len(words), 2, replace=False)]
        views = original + 0.05 * unit(drawn(generator, 1))
        for name, null in (("words", chance), ("isotropic", isotropic)):
            _, [score] = shift_in_words.scores(original, views, unit(one - other)[None], null)
            significant[name] += score.p <= 0.05
    error = 3 * np.sqrt(0.05 * 0.95 / trials)
    assert abs(significant["words"] / trials - 0.05) < error
    assert significant["isotropic"] / trials > 0.05 + error


def test_images_without_an_embedding_are_left_out(told, generator):
    prompts, encoded = told
    found = shift_in_words.directions(prompts, encoded, 1)
    original = drawn(generator, 5)
    views = drawn(generator, 5)
    expected = shift_in_words.scores(original[1:], views[1:], found.prompts, found.chance)
    views[0] = np.nan
    assert shift_in_words.scores(original, views, found.prompts, found.chance) == expected
    assert expected[0] == 4
    views[:] = np.nan
    assert shift_in_words.scores(original, views, found.prompts, found.chance) == (0, [])
    assert list(shift_in_words.table(prompts, found, original, {"noise": views})) == []


def test_a_shift_of_nothing_is_no_shift(told, generator):
    prompts, encoded = told
    original = drawn(generator, 5)
    found = shift_in_words.directions(prompts, encoded, 1)
    _, along = shift_in_words.scores(original, original, found.prompts, found.chance)
    assert along == [(0, 0, 1, 0)] * 3


def test_a_single_prompt_is_compared_with_the_neutral_text_alone(told, generator):
    prompts, encoded = told
    alone = prompts._replace(prompts={"blur": prompts.prompts["blur"]})
    found = shift_in_words.directions(alone, encoded, 1)
    [row] = shift_in_words.table(alone, found, drawn(generator, 5), {"blur": drawn(generator, 5)})
    assert row["p"] <= 1
    assert row["specific_p"] == "needs two prompts"


def test_another_space_is_refused(told):
    prompts, encoded = told
    found = shift_in_words.directions(prompts, encoded, 1)
    with pytest.raises(InputError, match="the width 3 for images and 64 for texts"):
        shift_in_words.scores(np.ones((2, 3)), np.ones((2, 3)), found.prompts, found.chance)
