"""Image towers of every kind: embeddings equal those of open_clip, and attention maps those of a second method."""

from types import SimpleNamespace

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from towers import write_bundle

from embedding_shift.encoders.attention import CLASS_TOKEN, NO_MAP, POOLING_HEAD, PoolingAttention
from embedding_shift.encoders.bundle_files import WEIGHTS_FILE
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.towers.tower_loading import load_image_tower
from embedding_shift.io import array_files
from embedding_shift.metrics import evaluate, long_table, registry

pytestmark = pytest.mark.slow

# Source and shape (heads, rows, columns) of the attention maps, and the number of keys that are not patches.
TOWERS = {
    "ViT-B-32-quickgelu": (CLASS_TOKEN, (12, 7, 7), 1),
    "ViT-B-16-SigLIP": (POOLING_HEAD, (12, 14, 14), 0),
    "EVA02-B-16": (CLASS_TOKEN, (12, 14, 14), 1),
    "DINOv2": (CLASS_TOKEN, (6, 37, 37), 5),
    "coca_ViT-B-32": (POOLING_HEAD, (8, 7, 7), 1),
    "PE-Core-T-16-384": (POOLING_HEAD, (8, 24, 24), 1),
    "MobileCLIP-S1": (NO_MAP, (0, 0, 0), None),
    "RN50": (NO_MAP, (0, 0, 0), None),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Use one processor thread: the towers are small, and tests may share the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=list(TOWERS))
def tower(request, tmp_path_factory, kodak_views):
    """A tower, and its outputs for two photographs from open_clip, the recorder and the encoder."""
    name = request.param
    folder = write_bundle(tmp_path_factory.mktemp("tower"), name)
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    images = torch.stack([preprocess(Image.fromarray(view.pixels)) for view in kodak_views[:2]])
    encoder = Encoder(folder, "cpu", batch_size=2)
    with torch.no_grad():
        recorder = PoolingAttention(model.eval().visual)
        with recorder:
            recorded = pooled(model.encode_image(images))
        return SimpleNamespace(
            name=name,
            folder=folder,
            model=model,
            recorder=recorder,
            recorded=recorded,
            embedding=pooled(model.encode_image(images)),
            attention=reference_attention(name, model, images),
            encoder=encoder,
            encoded=encoder.encode(kodak_views[:2])[1:],
        )


def pooled(output):
    """Return the embeddings; CoCa returns its tokens as well."""
    return output[0] if isinstance(output, tuple) else output


def test_a_loaded_tower_has_every_parameter_and_buffer_of_open_clips_own(tower):
    """Buffers that are not stored, such as rotary position embeddings, are among them."""
    loaded, own = load_image_tower(tower.folder)[0], tower.model.visual
    for kind in ("named_parameters", "named_buffers"):
        found, expected = dict(getattr(loaded, kind)()), dict(getattr(own, kind)())
        assert found.keys() == expected.keys()
        assert not [name for name in expected if not torch.equal(found[name], expected[name])]


@pytest.mark.parametrize(
    ("name", "pool"), [("vit_tiny_r_s16_p8_224", "token"), ("swin_tiny_patch4_window7_224", "avg")]
)
def test_a_tower_that_computes_while_it_is_built_can_be_loaded(tmp_path, name, pool):
    """One applies its layers to find out their output's size, the other makes masks on its parameters' device."""
    folder = write_bundle(tmp_path, "EVA02-B-16", timm_model_name=name, timm_pool=pool, timm_proj="linear")
    tower = load_image_tower(folder)[0]
    loaded, stored = tower.state_dict(), load_file(folder / WEIGHTS_FILE)
    assert tower(torch.zeros(1, 3, 224, 224)).isfinite().all()
    assert loaded.keys() == {key.removeprefix("visual.") for key in stored if key.startswith("visual.")}
    assert all(torch.equal(loaded[key], stored[f"visual.{key}"]) for key in loaded)


def test_embedding_and_attention_equal_open_clip(tower):
    source, shape, _ = TOWERS[tower.name]
    embedding, attention = tower.encoded
    expected = tower.embedding.numpy()
    assert tower.encoder.attention_source == source
    assert np.abs(embedding - expected).max() <= 1e-5 * np.linalg.norm(expected, axis=1).min()
    assert attention.shape == (2, *shape)
    assert attention.dtype == np.float32
    if source != NO_MAP:
        expected = tower.attention.numpy()
        np.testing.assert_allclose(attention.reshape(2, shape[0], -1), expected, atol=1e-6, rtol=1e-4)
        assert np.median(expected.std(-1) / expected.mean(-1)) > 0.01, "uniform attention would test nothing"


def test_attention_rows_sum_to_one(tower):
    source, (heads, rows, columns), other_tokens = TOWERS[tower.name]
    if source == NO_MAP:
        pytest.skip("the tower has no attention map")
    assert tower.recorder.rows.shape == (2, heads, rows * columns + other_tokens)
    torch.testing.assert_close(tower.recorder.rows.sum(-1), torch.ones(2, heads), atol=1e-5, rtol=0)
    assert tower.recorder.maps.shape == (2, heads, rows, columns)


def test_recording_does_not_change_the_output_or_the_model(tower):
    assert torch.equal(tower.recorded, tower.embedding)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in tower.model.modules())


@pytest.mark.parametrize(
    "changes", [{"pool_type": "avg"}, {"attentional_pool": "cascade"}, {"scaled_cosine_attn": True}]
)
def test_pooling_without_a_single_query_has_no_map(tmp_path, changes):
    folder = write_bundle(tmp_path, "ViT-B-32-quickgelu", layers=1, width=64, **changes)
    # A batch size is given, because open_clip cannot run some of these towers.
    assert Encoder(folder, "cpu", batch_size=1).attention_source == NO_MAP


def merged(parts, kind, folder):
    path = folder / f"{kind}.npz"
    array_files.merge(path, parts, kind)
    return array_files.read_array(path, kind)


def test_an_encoder_without_a_map_has_no_attention_metrics(tmp_path, kodak_views):
    encoder = Encoder(write_bundle(tmp_path / "bundle", "MobileCLIP-S1"), "cpu", batch_size=2)
    parts = []
    for number, views in enumerate((kodak_views[:2], kodak_views[2:3], [])):
        image_ids, embedding, attention = encoder.encode(views)
        parts.append(tmp_path / f"{number}.npz")
        array_files.write(parts[-1], image_ids, embedding=embedding, attention=attention)
    attention, embedding = (merged(parts, kind, tmp_path) for kind in ("attention", "embedding"))
    assert attention[1].shape == (3, 0, 0, 0)
    assert long_table.shift_rows("attention", attention, attention, "blur").empty
    assert evaluate.of_registered_attention(attention[1], attention[1], [None] * len(attention[1]), {}) == {}
    table = long_table.shift_rows("embedding", embedding, embedding, "blur")
    assert set(table["metric"]) == {metric.name for metric in registry.of_kind("embedding")}
    assert len(table) == 3 * len(registry.of_kind("embedding"))
    assert table["value"].dtype == np.float64


def reference_attention(name, model, images):
    """Return the pooling attention on the patches, (N, heads, patches), by a second method; None without a map.

    timm's blocks pass the attention matrix through `attn_drop` unless the kernel is fused; PyTorch's module returns it
    on request; the pooling head of timm is computed again from its input.
    """
    source, (_, rows, columns), _ = TOWERS[name]
    if source == NO_MAP:
        return None
    visual = model.visual
    if hasattr(visual, "trunk") and source == CLASS_TOKEN:
        attention = visual.trunk.blocks[-1].attn
        attention.fused_attn = False
        try:
            matrix = input_of(attention.attn_drop, visual, images)[0]
        finally:
            attention.fused_attn = True
    elif hasattr(visual, "trunk"):
        pool = visual.trunk.attn_pool
        tokens = input_of(pool, visual, images)[0]
        query = pool.q_norm(pool.q(pool.latent).unflatten(-1, (pool.num_heads, -1)))
        key = pool.k_norm(pool.kv(tokens).unflatten(-1, (2, pool.num_heads, -1))[:, :, 0])
        matrix = (torch.einsum("oqhd,nkhd->nhqk", query, key) * pool.scale).softmax(-1)
    else:
        attention = visual.transformer.resblocks[-1].attn if source == CLASS_TOKEN else visual.attn_pool.attn
        query, key, value = input_of(attention, visual, images)[:3]
        matrix = attention(query, key, value, need_weights=True, average_attn_weights=False)[1]
    return matrix[:, :, 0, -rows * columns :]


def input_of(module, visual, images):
    """Return the input of a module of an image tower during a forward pass."""
    caught = []
    hook = module.register_forward_pre_hook(lambda _, arguments: caught.append(arguments))
    visual(images)
    hook.remove()
    return caught[-1]
