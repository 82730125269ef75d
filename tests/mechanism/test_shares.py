"""The parts of real architectures add up: to the embedding, and their shares to 1 − cosine."""

import numpy as np
import pytest
from small_models import write_clip_bundle
from towers import write_bundle

from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.towers import tower_export
from embedding_shift.mechanism.shares import PARTS, end_of_stream, shares, undone
from embedding_shift.mechanism.tower import Tower

SMALL = {"layers": 3, "width": 64, "head_width": 16, "patch_size": 32}
IMAGES = 2


def small(folder):
    write_clip_bundle(folder, layers=3)
    return folder


# Architectures by the way in which they pool, normalise and scale; those with random weights of full size are slow.
TOWERS = {
    "class token": small,
    "LayerScale": lambda folder: write_bundle(folder, "ViT-B-32", **SMALL, ls_init_value=0.5),
    "no projection of heads by nn.MultiheadAttention": lambda folder: write_bundle(
        folder, "ViT-B-32", **SMALL, block_type="custom", scale_attn_inner=True, scale_fc=True
    ),
    "average before the norm": lambda folder: write_bundle(
        folder, "ViT-B-32", **SMALL, pool_type="avg", final_ln_after_pool=False
    ),
    "average after the norm": lambda folder: write_bundle(
        folder, "ViT-B-32", **SMALL, pool_type="avg", final_ln_after_pool=True
    ),
    "CoCa's pooling head": lambda folder: write_bundle(
        folder, "coca_ViT-B-32", **SMALL, attentional_pool=True, attn_pooler_heads=4, output_tokens=True
    ),
    "ViT-B/32": lambda folder: write_bundle(folder, "ViT-B-32-quickgelu"),
    "DINOv2 with registers": lambda folder: write_bundle(folder, "DINOv2"),
    "EVA02": lambda folder: write_bundle(folder, "EVA02-B-16"),
    "SigLIP's pooling head": lambda folder: write_bundle(folder, "ViT-B-16-SigLIP"),
    "average in timm": lambda folder: write_bundle(
        folder, "DINOv2", timm_model_name="vit_small_patch16_224", timm_pool="avg", image_size=224
    ),
}
FAST = ("class token", "LayerScale", "average before the norm", "average after the norm", "CoCa's pooling head")
FAST += ("no projection of heads by nn.MultiheadAttention",)
CASES = [pytest.param(name, marks=[] if name in FAST else pytest.mark.slow) for name in TOWERS]


@pytest.fixture(scope="module", params=CASES)
def captured(request, tmp_path_factory, kodak_views):
    """The tower, and what was captured of photographs, of darker ones, and of the same photographs again."""
    bundle = TOWERS[request.param](tmp_path_factory.mktemp("tower"))
    tower_export.export(bundle, bundle / "tower.npz")
    encoder = Encoder(bundle, "cpu", batch_size=IMAGES, workers=2)
    views = kodak_views[:IMAGES]
    darker = [type(view)(view.image_id, view.pixels // 2) for view in views]
    wanted = {view.image_id for view in views}
    batches = list(encoder.capture_batches([*views, *darker, *views], wanted))
    (plain,) = encoder.encode_batches(darker)
    assert np.array_equal(plain.embedding, batches[1][0].embedding)  # bit by bit
    return request.param, Tower.read(bundle / "tower.npz"), [stack(*batch) for batch in batches]


def stack(encoded, arrays):
    found = {name: np.stack([row[name] for row in arrays]).astype(np.float64) for name in arrays[0]}
    return found | {"embedding": encoded.embedding.astype(np.float64)}


def cosine_distance(first, second):
    return 1 - np.sum(first * second, axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)


def test_parts_add_up_to_the_embedding(captured):
    _, tower, views = captured
    for parts in views:
        expected = parts["embedding"]
        assert np.abs(tower.read_out(end_of_stream(parts, tower)) - expected).max() < 2e-6 * np.abs(expected).max()


def test_shares_add_up_to_the_cosine_distance(captured):
    _, tower, (before, after, _) = captured
    found = shares(before, after, tower)
    expected = cosine_distance(before["embedding"], after["embedding"])
    assert expected.min() > 1e-4
    assert np.abs(found.total() - expected).max() < 1e-6


def test_exchanging_original_and_view_leaves_the_shares(captured):
    _, tower, (before, after, _) = captured
    for one, other in zip(shares(before, after, tower), shares(after, before, tower), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_constants_have_no_share_and_an_identical_view_has_none(captured):
    name, tower, (before, after, again) = captured
    for values in shares(before, again, tower):
        assert not values.any()
    found = shares(before, after, tower)
    if tower.pooling == "class token" or "pooling head" in name:
        assert not found.start.any()
    if name != "average before the norm":
        assert not found.biases.any()


def test_undoing_a_part_equals_a_ledger_without_it(captured):
    _, tower, (before, after, _) = captured
    found = undone(before, after, tower)
    changed = {name: after[name].copy() for name in PARTS}
    changed["heads"][:, -1, 1] = before["heads"][:, -1, 1]
    original, view, without = (tower.read_out(end_of_stream(parts, tower)) for parts in (before, after, changed))
    expected = cosine_distance(original, view) - cosine_distance(original, without)
    np.testing.assert_allclose(found.heads[:, -1, 1], expected, atol=1e-12)


def test_last_layer_reads_out_as_the_embedding(captured):
    _, tower, views = captured
    token = {"class token": "stream_class", "average": "stream_patch"}.get(tower.pooling)
    if token and tower.norm == "scaled":
        found = tower.read_out(views[0][token][:, -1])
        np.testing.assert_allclose(found, views[0]["embedding"], atol=1e-5 * np.abs(found).max())


def test_patches_are_read_out_like_the_embedding(captured):
    _, tower, views = captured
    if tower.pooling == "pooling head":
        assert "patches" not in views[0]
    else:
        rows, columns = tower.grid
        assert views[0]["patches"].shape[1] == rows * columns
        np.testing.assert_allclose(np.linalg.norm(views[0]["patches"], axis=-1), 1, atol=1e-2)
