"""Encoders in reduced precision: the error against single precision, and how the paper states it."""

import numpy as np
import pandas as pd
import pytest
from paper_run import read, write_precision, write_results
from small_models import write_clip_bundle

from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.paper.tables import source_tables
from embedding_shift.study.tables import precision


@pytest.fixture(scope="module")
def encoded(tmp_path_factory, kodak_views):
    bundle = tmp_path_factory.mktemp("bundle")
    write_clip_bundle(bundle, width=128)
    return {
        name: Encoder(bundle, "cpu", batch_size=4, precision=name).encode(kodak_views[:8]) for name in ("fp32", "bf16")
    }


def test_bfloat16_is_close_to_single_precision_and_not_the_same(encoded):
    (_, exact, attention), (_, reduced, reduced_attention) = encoded["fp32"], encoded["bf16"]
    assert reduced.dtype == reduced_attention.dtype == np.float32
    error = np.linalg.norm(exact - reduced, axis=1) / np.linalg.norm(exact, axis=1)
    assert 1e-4 < error.max() < 0.05
    np.testing.assert_allclose(reduced_attention, attention, atol=0.2)
    assert reduced_attention.sum(axis=(2, 3)).max() <= 1 + 1e-5, "the softmax is computed in single precision"


def test_errors_are_set_beside_the_smallest_shift(encoded):
    """With the original and one view per image, recomputed here by hand."""
    image_ids, exact, attention = encoded["fp32"]
    _, reduced, _ = encoded["bf16"]
    sample = np.array([f"{image_id}--original" for image_id in image_ids[:3]])
    summary = pd.DataFrame(
        [("blur", "cosine_similarity", 0.9), ("flip", "cosine_similarity", 0.99), ("blur", "l2_distance", 3.0)],
        columns=["augmentation", "metric", "mean"],
    )
    table = precision.table(
        "bf16",
        {"embedding": (sample, exact[:3]), "attention": (sample, attention[:3])},
        {"original": {"embedding": (np.array(image_ids), reduced), "attention": (np.array(image_ids), attention)}},
        summary,
    ).set_index("metric")
    assert list(table.index) == ["cosine_similarity", "l2_distance"]
    one, other = exact[:3].astype(np.float64), reduced[:3].astype(np.float64)
    cosine = (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    row = table.loc["cosine_similarity"]
    assert row["n"] == 3 and row["augmentation"] == "flip"
    assert row["mean_error"] == pytest.approx(np.mean(1 - cosine), rel=1e-6)
    assert row["largest_error"] == pytest.approx(np.max(1 - cosine), rel=1e-6)
    assert row["smallest_shift"] == pytest.approx(0.01)
    assert row["ratio"] == pytest.approx(0.01 / np.mean(1 - cosine), rel=1e-6)
    assert table.loc["l2_distance", "mean_error"] == pytest.approx(np.linalg.norm(one - other, axis=1).mean())


def test_the_paper_names_the_encoder_and_its_precision(tmp_path):
    inputs = read(write_results(tmp_path, ["A"], 4) + write_precision(tmp_path, 250))
    table = source_tables.precision(inputs)
    assert r"CLIP \& Co on 50 \% (bf16)" in table and "Cosine similarity & 160 & " in table
