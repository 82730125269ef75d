"""Mechanism and attack in a real run: switching them on makes their tables and changes no other result."""

import numpy as np
import pytest
from pipeline import file_digests
from tiny_run import RESULTS, tiny_config

from embedding_shift.io import array_files, shards, tables


@pytest.mark.slow
def test_switching_mechanism_and_attack_on_changes_no_embedding(again):
    before = file_digests(again / RESULTS)
    words = tiny_config()["words"] | {"phrases": "config/phrases.yaml"}
    attack = {"images": 3, "epsilons": [1, 4], "steps": 2}
    again.config = tiny_config(mechanism={"images": 3, "neighbours": 1}, words=words, adversarial=attack)
    embeddings = [f"embeddings/{name}.npz" for name in ("original", "noise")]
    named = ("head_words", "concept_words", "text_maps")
    made = [f"{name}.csv" for name in ("layers", "ledger", "adversarial", "exchange_rate", "detection", *named)]
    made.append("attack_claims.csv")
    made += [f"figures/{name}.pdf" for name in ("named_heads", "text_maps", "attack_curve", "attack_strip")]
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
    curve = {
        (row["epsilon"], row["metric"]): (row["n"], float(row["mean"]), float(row["random_mean"]))
        for row in tables.read_rows(again / RESULTS / "adversarial.csv")
    }
    assert all(curve[epsilon, "cosine_similarity"][0] == "3" for epsilon in ("1", "4"))
    assert curve["4", "cosine_similarity"][1] < curve["1", "cosine_similarity"][1] < curve["1", "cosine_similarity"][2]
    views = {view.image_id: view for view in shards.read(again / RESULTS / "adversarial/views.tar")}
    assert len(views) == 3 * 2 * 2
    of_views = array_files.read_array(again / RESULTS / "adversarial/encoded/clip.npz", "embedding")
    encoded = dict(zip(*of_views, strict=True))
    original = dict(zip(*array_files.read_array(again / RESULTS / "embeddings/original.npz", "embedding"), strict=True))
    for key, view in views.items():
        if "--attack-" in key:
            one, other = (array.astype(float) for array in (original[key.partition("--")[0]], encoded[key]))
            shift = 1 - one @ other / np.linalg.norm(one) / np.linalg.norm(other)
            assert shift == pytest.approx(view.record["parameters"]["shift"], abs=1e-5)
    rates = tables.read_rows(again / RESULTS / "exchange_rate.csv")
    assert len(rates) == 9 and all(bool(row["epsilon"]) != row["reason"].startswith("farther") for row in rates)
    detected = tables.read_rows(again / RESULTS / "detection.csv")
    assert len(detected) == 4 * 2 * (9 + 1) and all(0 <= float(row["auc"]) <= 1 for row in detected)
    claims = tables.read_rows(again / RESULTS / "attack_claims.csv")
    assert [row["reason"] for row in claims] == [
        *["3 images are too few for an interval, which needs 5"] * 2,
        "no other encoder measures this attack",
        *["3 images are too few for an interval, which needs 5"] * 2,
    ]
    by_layer = tables.read_rows(again / RESULTS / "detection_layers.csv")
    assert {(row["token"], row["layer"], row["n"]) for row in by_layer} == {
        (token, layer, "3") for token in ("class", "patch_mean") for layer in "012"
    }
