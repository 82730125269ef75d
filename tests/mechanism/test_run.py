"""The mechanism in a real run: switching it on makes its tables and changes no other result."""

import pytest
from pipeline import file_digests
from tiny_run import RESULTS, tiny_config

from embedding_shift.io import tables


@pytest.mark.slow
def test_switching_the_mechanism_on_changes_no_embedding(again):
    before = file_digests(again / RESULTS)
    again.config = tiny_config(mechanism={"images": 3})
    embeddings = [f"embeddings/{name}.npz" for name in ("original", "noise")]
    done = again.run(*(f"{RESULTS}/{name}" for name in ("layers.csv", "ledger.csv", *embeddings)))
    assert done.returncode == 0, done.stdout[-5000:]
    after = file_digests(again / RESULTS)
    assert all(after[name] == before[name] for name in embeddings)
    shares = [row for row in tables.read_rows(again / RESULTS / "ledger.csv") if row["augmentation"] == "noise"]
    assert len(shares) > 8
    assert 0 < sum(float(row["share"]) for row in shares) < 2
