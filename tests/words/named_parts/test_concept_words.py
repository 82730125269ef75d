"""Dimensions named by words: planted ones are found, and random images no more often than chance says."""

import numpy as np
import pytest
from captured_towers import usual

from embedding_shift.words.named_parts import concept_words

IMAGES, SIZE, EXEMPLARS = 40, 12, 5
WORDS = [f"word{number}" for number in range(30)]


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture
def directions(generator):
    return unit(generator.normal(size=(len(WORDS), SIZE)))


def named(embedding, directions, seed=1):
    return list(concept_words.table(embedding, EXEMPLARS, WORDS, directions, seed))


def test_planted_words_are_found(generator, directions):
    """The images with the largest values of dimension 3 also lie along word 7."""
    embedding = unit(0.1 * generator.normal(size=(IMAGES, SIZE)))
    across = directions[7].copy()
    across[3] = 0
    embedding[:EXEMPLARS] = 0.7 * unit(across)
    embedding[:EXEMPLARS, 3] = 1
    rows = named(embedding, unit(directions * (np.arange(SIZE) != 3)))
    [first] = [row for row in rows if (row["dimension"], row["rank"]) == (3, 1)]
    assert (first["word"], first["p"]) == ("word7", 0.001) and first["score"] > first["null_score"]
    assert len(rows) == 3 * SIZE and all(list(row) == list(concept_words.COLUMNS) for row in rows)


def test_scores_are_mean_cosines_of_exemplars_beyond_those_of_all_images(generator, directions):
    """Computed once more, one dimension and word after the other."""
    embedding = generator.normal(size=(IMAGES, SIZE)) + 1
    rows = named(embedding, directions)
    lengths = [np.sqrt(sum(value**2 for value in row)) for row in embedding]
    images = [row / length for row, length in zip(embedding, lengths, strict=True)]
    for dimension in range(SIZE):
        best = sorted(range(IMAGES), key=lambda image: -images[image][dimension])[:EXEMPLARS]
        beyond = sum(images[image] for image in best) / EXEMPLARS - sum(images) / IMAGES
        cosines = {word: beyond @ directions[place] for place, word in enumerate(WORDS)}
        expected = sorted(cosines, key=lambda word: -cosines[word])[:3]
        found = [row for row in rows if row["dimension"] == dimension]
        assert [row["word"] for row in found] == expected
        assert [row["score"] for row in found] == pytest.approx([cosines[word] for word in expected])


def test_random_images_are_named_as_often_as_chance_says(generator, directions):
    """Many dimensions without influence on the others: their exemplars are random images in all that words tell."""
    trials = 1000
    embedding = np.hstack([generator.normal(size=(IMAGES, SIZE)), 1e-6 * generator.normal(size=(IMAGES, trials))])
    padded = np.hstack([directions, np.zeros((len(WORDS), trials))])
    rows = [row for row in named(embedding, padded) if row["dimension"] >= SIZE]
    for rank in (1, 2, 3):
        rate = np.mean([row["p"] <= 0.05 for row in rows if row["rank"] == rank])
        assert abs(rate - 0.05) < 3 * np.sqrt(0.05 * 0.95 / trials)


def test_images_that_are_not_finite_do_not_count(generator, directions):
    embedding = generator.normal(size=(IMAGES, SIZE))
    expected = named(embedding[1:], directions)
    embedding[0, 2] = np.nan
    assert named(embedding, directions) == expected


def test_too_few_images_are_a_reason(generator, directions):
    rows = named(generator.normal(size=(EXEMPLARS, SIZE)), directions)
    assert [(row["dimension"], row["word"], row["p"]) for row in rows] == [
        (dimension, "none", "needs 6 images") for dimension in range(SIZE)
    ]


def test_shards_change_nothing(tmp_path):
    found = []
    for shards in (1, 3):
        (folder := tmp_path / str(shards)).mkdir()
        embedding = usual(folder, shards=shards).read("original", "embedding")["embedding"]
        found.append(named(embedding, np.eye(embedding.shape[1])[:, : embedding.shape[1]].repeat(4, 0)[: len(WORDS)]))
    assert found[0] == found[1]
