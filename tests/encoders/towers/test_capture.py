"""What is captured does not depend on who computes it or on the other images, and no more is kept than is needed."""

import numpy as np
import pytest
import torch
from towers import write_bundle

from embedding_shift.compat import onednn
from embedding_shift.encoders.attention import multihead_outputs
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.towers.capture import Capture

SMALL = {"layers": 3, "width": 64, "head_width": 16, "patch_size": 32}
IMAGES = 5
needs_onednn = pytest.mark.skipif(not onednn.is_usable(torch.float32), reason="oneDNN computes no tower here")
# Architectures whose heads nn.MultiheadAttention hides, by the way in which they pool.
TOWERS = {
    "class token": lambda folder: write_bundle(folder, "ViT-B-32", **SMALL, ls_init_value=0.5),
    "average before the norm": lambda folder: write_bundle(folder, "ViT-B-32", **SMALL, pool_type="avg"),
    "average after the norm": lambda folder: write_bundle(
        folder, "ViT-B-32", **SMALL, pool_type="avg", final_ln_after_pool=True
    ),
    "pooling head": lambda folder: write_bundle(
        folder, "coca_ViT-B-32", **SMALL, attentional_pool=True, attn_pooler_heads=4, output_tokens=True
    ),
}


@pytest.fixture(scope="module", params=TOWERS)
def bundle(request, tmp_path_factory):
    return TOWERS[request.param](tmp_path_factory.mktemp("tower"))


def capture(encoder, views, image_ids):
    """Return what is captured of every view."""
    return [each for _, arrays in encoder.capture_batches(views, image_ids) for each in arrays]


def test_heads_that_pytorch_hides_equal_its_attention():
    """The outputs of heads, computed without projecting keys, equal PyTorch's attention projected by hand."""
    torch.manual_seed(0)
    attention = torch.nn.MultiheadAttention(12, 3, batch_first=True)
    torch.nn.init.normal_(attention.in_proj_bias)
    x = torch.randn(2, 5, 12)
    output = attention(x, x, x, need_weights=False)[0][:, :3]
    heads = multihead_outputs(attention, x[:, :3], x)
    found = heads @ attention.out_proj.weight.T + attention.out_proj.bias
    torch.testing.assert_close(found, output)


@needs_onednn
def test_pytorchs_own_layers_give_the_same_up_to_rounding(bundle, kodak_views, monkeypatch):
    views, wanted = kodak_views[:IMAGES], {view.image_id for view in kodak_views}
    seen = capture(Encoder(bundle, "cpu", batch_size=4), views, wanted)
    monkeypatch.setenv(onednn.SWITCH, "0")
    computed = capture(Encoder(bundle, "cpu", batch_size=4), views, wanted)
    for one, other in zip(seen, computed, strict=True):
        assert one.keys() == other.keys()
        for name, array in one.items():
            accuracy = 2e-3 if array.dtype == np.float16 else 1e-5
            np.testing.assert_allclose(array, other[name], atol=accuracy * np.abs(array).max(initial=1), err_msg=name)


@pytest.mark.parametrize("switch", ["1", "0"])
def test_other_images_of_a_batch_change_no_bit(bundle, kodak_views, monkeypatch, switch):
    """Neither which of them are captured nor which they are."""
    monkeypatch.setenv(onednn.SWITCH, switch)
    encoder, views = Encoder(bundle, "cpu", batch_size=4), kodak_views[:IMAGES]
    expected = capture(encoder, views, {view.image_id for view in views})
    few = capture(encoder, views, {views[0].image_id, views[2].image_id, views[4].image_id})
    moved = capture(encoder, views[::-1], {view.image_id for view in views})[::-1]
    for place, arrays in enumerate(expected):
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, moved[place][name], err_msg=name)
            if place % 2 == 0:
                np.testing.assert_array_equal(array, few[place][name], err_msg=name)
    assert [arrays is None for arrays in few] == [False, True, False, True, False]


def test_of_a_layer_no_more_is_kept_than_is_needed(tmp_path, kodak_views):
    """Tokens of all layers would be new memory in every batch, which takes longer than the rest of capturing."""
    encoder = Encoder(TOWERS["class token"](tmp_path / "tower"), "cpu", batch_size=IMAGES)
    kept = []

    class Measured(Capture):
        def arrays(self, seen, rows):
            layers = [*seen.heads.values(), *seen.mlps.values(), *seen.class_tokens, *seen.patch_means, seen.first]
            kept.extend(tensor.untyped_storage().nbytes() for tensor in layers)
            return super().arrays(seen, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("embedding_shift.encoders.image_encoder.Capture", Measured)
        capture(encoder, kodak_views[:IMAGES], {view.image_id for view in kodak_views})
    assert len(kept) == 3 + 3 + 4 + 4 + 1
    assert set(kept) == {IMAGES * SMALL["width"] * 4}
