"""The mechanism in a real run: switching it on makes its tables, with names in words, and changes no other result."""

import pytest
from pipeline import file_digests
from tiny_run import RESULTS, tiny_config

from embedding_shift.io import tables


@pytest.mark.slow
def test_switching_the_mechanism_on_changes_no_embedding(again):
    before = file_digests(again / RESULTS)
    words = tiny_config()["words"] | {"phrases": "config/phrases.yaml"}
    again.config = tiny_config(mechanism={"images": 3, "neighbours": 1}, words=words)
    embeddings = [f"embeddings/{name}.npz" for name in ("original", "noise")]
    named = ("head_words", "concept_words", "text_maps")
    made = [f"{name}.csv" for name in ("layers", "ledger", *named)]
    made += [f"figures/{name}.pdf" for name in ("named_heads", "text_maps")]
    done = again.run(*(f"{RESULTS}/{name}" for name in (*made, *embeddings)))
    assert done.returncode == 0, done.stdout[-5000:]
    after = file_digests(again / RESULTS)
    assert all(after[name] == before[name] for name in embeddings)
    shares = [row for row in tables.read_rows(again / RESULTS / "ledger.csv") if row["augmentation"] == "noise"]
    assert len(shares) > 8
    assert 0 < sum(float(row["share"]) for row in shares) < 2
    heads, dimensions, maps = (tables.read_rows(again / RESULTS / f"{name}.csv") for name in named)
    # Three images vary along two directions, which two words explain.
    assert [(row["layer"], row["head"], row["rank"]) for row in heads[:3]] == [
        ("1", "1", "1"),
        ("1", "1", "2"),
        ("1", "2", "1"),
    ]
    assert all(0.01 <= float(row["p"]) <= 1 and 0 < float(row["total_share"]) <= 1 + 1e-9 for row in heads)
    assert len(heads) == 2 * 4 * 2 and len(dimensions) == 3 * 32
    assert [row["n"] for row in maps] == ["3"] * 9
