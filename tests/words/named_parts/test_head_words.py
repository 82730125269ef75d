"""Heads named by words, from captured views of a made-up tower."""

import numpy as np
import pytest
from captured_towers import SETTINGS, SIZE, arrays, captured, tower, usual

from embedding_shift.mechanism.registry import find
from embedding_shift.mechanism.shares import end_of_stream
from embedding_shift.words.named_parts import head_words

WORDS = [f"word{number}" for number in range(20)]


@pytest.fixture
def directions():
    drawn = np.random.default_rng(5).normal(size=(len(WORDS), SIZE))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def named(views, directions, settings=SETTINGS):
    return list(head_words.table(views, settings, WORDS, directions))


def writes(of, found, layer, head):
    """Return what a head adds to the embeddings (N, D), computed from its output step by step."""
    return np.array(
        [
            ((of.weights[layer, :, head] @ output) - (of.weights[layer, :, head] @ output).mean())
            / of.scale(stream)
            @ of.matrix
            for output, stream in zip(found["heads"][:, layer, head], end_of_stream(found, of), strict=True)
        ]
    )


def test_shares_are_those_of_least_squares_on_what_heads_write(tmp_path, directions):
    """In the joint space: the part of each word that the head can write is fitted to what it writes."""
    of = tower()
    found = arrays(of, 12, 0)
    rows = named(captured(tmp_path, of, {"original": found}), directions)
    assert [(row["layer"], row["head"], row["rank"]) for row in rows][:4] == [
        (1, 1, 1),
        (1, 1, 2),
        (1, 1, 3),
        (1, 2, 1),
    ]
    for row in rows:
        layer, head = row["layer"] - 1, row["head"] - 1
        chosen = [other["word"] for other in rows if (other["layer"], other["head"]) == (row["layer"], row["head"])]
        vectors = writes(of, found, layer, head)
        centred = vectors - vectors.mean(0)
        can_write = of.centred(of.weights[layer, :, head].T) @ of.matrix
        within = (
            directions[[WORDS.index(word) for word in chosen[: row["rank"]]]] @ np.linalg.pinv(can_write) @ can_write
        )
        fitted = within.T @ np.linalg.lstsq(within.T, centred.T, rcond=None)[0]
        expected = 1 - ((centred.T - fitted) ** 2).sum() / (centred**2).sum()
        assert row["total_share"] == pytest.approx(expected, abs=1e-6)
        assert set(row) == set(head_words.COLUMNS)


def test_a_planted_head_gets_its_name(tmp_path, directions):
    of = tower(weights=np.eye(12)[None, :, None, :8], biases=np.zeros((1, 12)), matrix=np.eye(12)[:, :8], norm="plain")
    found = arrays(tower(layers=1, heads=1), 12, 0)
    amounts = np.linspace(-1, 1, 12)[:, None, None, None]
    noise = np.random.default_rng(1).normal(size=(12, 1, 1, 8))
    found["heads"] = 5 + 3 * amounts * directions[4] + 0.05 * noise
    found["embedding"] = of.read_out(end_of_stream(found, of))
    first, *_ = named(captured(tmp_path, of, {"original": found}), directions)
    assert (first["layer"], first["head"], first["rank"], first["word"], first["p"]) == (1, 1, 1, "word4", 0.01)
    assert first["share"] > 0.99 > first["null_share"]


def test_shards_change_nothing(tmp_path, directions):
    folders = [tmp_path / name for name in ("one", "three")]
    for folder in folders:
        folder.mkdir()
    one, three = (
        named(usual(folder, shards=shards), directions) for folder, shards in zip(folders, (1, 3), strict=True)
    )
    assert one == three


def test_reasons_stand_in_place_of_words(tmp_path, directions):
    [row] = named(usual(tmp_path), directions, SETTINGS._replace(precision="bf16"))
    assert row["word"] == "none" and row["share"] == row["p"] == "the parts add up in fp32 only, not in bf16"
    [row] = named(usual(tmp_path, images=1), directions)
    assert row["share"] == "needs 2 images with finite parts"
    assert head_words.named([row]) == {}


def test_a_head_that_does_not_vary_says_so(tmp_path, directions):
    of = tower()
    found = arrays(of, 5, 0)
    found["heads"][:, 0, 0] = 0
    found["embedding"] = of.read_out(end_of_stream(found, of))
    first, second, *_ = named(captured(tmp_path, of, {"original": found}), directions)
    assert first["word"] == "none" and first["share"] == first["p"] == "the head does not vary"
    assert (second["layer"], second["head"]) == (1, 2)


def test_a_head_is_named_by_the_words_up_to_the_first_that_chance_explains():
    rows = [
        {"layer": 1, "head": 1, "word": "a", "p": 0.01},
        {"layer": 1, "head": 1, "word": "b", "p": 0.05},
        {"layer": 1, "head": 1, "word": "c", "p": 0.06},
        {"layer": 1, "head": 1, "word": "d", "p": 0.01},
        {"layer": 1, "head": 2, "word": "a", "p": 0.2},
        {"layer": 1, "head": 2, "word": "b", "p": 0.01},
    ]
    assert head_words.named(rows) == {("1", "1"): ["a", "b"]}


def test_named_heads_write_the_share_of_the_ledger(tmp_path):
    columns = find("ledger").columns
    ledger = [{name: str(row[name]) for name in columns} for row in find("ledger").function(usual(tmp_path), SETTINGS)]
    rows = list(head_words.shifts({("2", "1"): ["stripes", "dots"]}, ledger))
    assert [row["augmentation"] for row in rows] == ["weak", "strong"]
    for row in rows:
        own = [one for one in ledger if one["augmentation"] == row["augmentation"]]
        [share] = [float(one["share"]) for one in own if (one["layer"], one["part"]) == ("2", "head 1")]
        assert (row["layer"], row["head"], row["words"], float(row["share"])) == ("2", "1", "stripes; dots", share)
        assert row["share_of_shift"] == pytest.approx(share / sum(float(one["share"]) for one in own))
    assert list(head_words.shifts({}, ledger)) == []
