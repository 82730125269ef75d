"""Encoders: embeddings and attention of a CLIP equal those of transformers with the same weights."""

import itertools
import shutil
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import MEAN, STD, write_clip_bundle
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from embedding_shift.encoders import batching, numerics
from embedding_shift.encoders.bundle_files import WEIGHTS_FILE
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.towers.tower_loading import load_image_tower
from embedding_shift.errors import InputError


@pytest.fixture(scope="module", params=[True, False], ids=["quick_gelu", "gelu"])
def clip(request, tmp_path_factory):
    """A CLIP with random weights: its bundle, configuration and weights."""
    bundle = tmp_path_factory.mktemp("clip")
    model_cfg, model = write_clip_bundle(bundle, quick_gelu=request.param, layers=3)
    return bundle, model_cfg, model.visual.state_dict()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The bundle of a CLIP with random weights that is large enough to use several threads."""
    folder = tmp_path_factory.mktemp("bundle")
    write_clip_bundle(folder, width=256, patch_size=16)
    return folder


def normalised(views):
    """Return the input of the tower, float32 (N, 3, size, size), computed without the library."""
    pixels = np.stack([view.pixels for view in views]).astype(np.float64) / 255
    return torch.from_numpy(((pixels - MEAN) / STD).transpose(0, 3, 1, 2)).float()


def transformers_model(model_cfg, state, activation=None):
    """Return the same model in transformers, with open_clip's names mapped to those of transformers."""
    vision = model_cfg["vision_cfg"]
    model = CLIPVisionModelWithProjection._from_config(
        CLIPVisionConfig(
            hidden_size=vision["width"],
            intermediate_size=4 * vision["width"],
            projection_dim=model_cfg["embed_dim"],
            num_hidden_layers=vision["layers"],
            num_attention_heads=vision["width"] // vision["head_width"],
            image_size=vision["image_size"],
            patch_size=vision["patch_size"],
            hidden_act=activation or ("quick_gelu" if model_cfg["quick_gelu"] else "gelu"),
        ),
        attn_implementation="eager",
    ).eval()
    renamed = {
        "embeddings.class_embedding": state["class_embedding"],
        "embeddings.patch_embedding.weight": state["conv1.weight"],
        "embeddings.position_embedding.weight": state["positional_embedding"],
    }
    for old, new in (("ln_pre", "pre_layrnorm"), ("ln_post", "post_layernorm")):
        renamed |= {f"{new}.{kind}": state[f"{old}.{kind}"] for kind in ("weight", "bias")}
    for number in range(vision["layers"]):
        old, new = f"transformer.resblocks.{number}.", f"encoder.layers.{number}."
        for kind in ("weight", "bias"):
            projections = state[f"{old}attn.in_proj_{kind}"].chunk(3)
            for letter, projection in zip("qkv", projections, strict=True):
                renamed[f"{new}self_attn.{letter}_proj.{kind}"] = projection
            for source, target in (
                ("attn.out_proj", "self_attn.out_proj"),
                ("ln_1", "layer_norm1"),
                ("ln_2", "layer_norm2"),
                ("mlp.c_fc", "mlp.fc1"),
                ("mlp.c_proj", "mlp.fc2"),
            ):
                renamed[f"{new}{target}.{kind}"] = state[f"{old}{source}.{kind}"]
    renamed = {f"vision_model.{name}": value for name, value in renamed.items()}
    missing, unexpected = model.load_state_dict(
        renamed | {"visual_projection.weight": state["proj"].T.contiguous()}, strict=False
    )
    assert not unexpected
    assert all("position_ids" in name for name in missing)
    return model


def test_embedding_and_attention_equal_transformers(clip, kodak_views):
    bundle, model_cfg, state = clip
    views = kodak_views[:5]
    image_ids, embeddings, attention = Encoder(bundle, "cpu", batch_size=3).encode(views)
    with torch.no_grad():
        expected = transformers_model(model_cfg, state)(normalised(views), output_attentions=True)
    assert image_ids == [view.image_id for view in views]
    assert embeddings.dtype == attention.dtype == np.float32
    assert attention.shape == (5, 4, 7, 7)
    np.testing.assert_allclose(embeddings, expected.image_embeds.numpy(), atol=1e-5, rtol=0)
    class_token = expected.attentions[-1][:, :, 0, 1:].numpy()
    np.testing.assert_allclose(attention.reshape(5, 4, 49), class_token, atol=1e-5, rtol=0)
    assert np.ptp(class_token, axis=-1).min() > 0.01, "uniform attention would test nothing"


def test_a_wrong_activation_would_be_detected(clip, kodak_views):
    bundle, model_cfg, state = clip
    _, embeddings, _ = Encoder(bundle, "cpu", batch_size=2).encode(kodak_views[:2])
    wrong = transformers_model(model_cfg, state, "gelu" if model_cfg["quick_gelu"] else "quick_gelu")
    with torch.no_grad():
        others = wrong(normalised(kodak_views[:2])).image_embeds.numpy()
    assert np.abs(embeddings - others).max() > 1e-3


def test_quick_gelu_becomes_silu(clip):
    from open_clip.transformer import QuickGELU

    before, after = load_image_tower(clip[0])[0], Encoder(clip[0]).visual
    quick = sum(isinstance(module, QuickGELU) for module in before.modules())
    assert quick == 3 * clip[1]["quick_gelu"]
    assert sum(isinstance(module, torch.nn.SiLU) for module in after.modules()) == quick
    assert not any(isinstance(module, QuickGELU) for module in after.modules())


@pytest.mark.slow
def test_other_views_of_a_batch_do_not_change_an_embedding(bundle, kodak_views):
    encoder = Encoder(bundle, "cpu", batch_size=8)
    _, expected, expected_attention = encoder.encode(kodak_views)
    for chosen in (slice(0, 24, 1), slice(5, 6), slice(23, None, -1), slice(3, 20, 2)):
        _, embeddings, attention = encoder.encode(kodak_views[chosen])
        np.testing.assert_array_equal(embeddings, expected[chosen])
        np.testing.assert_array_equal(attention, expected_attention[chosen])


def test_neither_threads_nor_workers_change_an_embedding(bundle, kodak_views):
    before = torch.get_num_threads()
    outputs = []
    try:
        for threads, workers in ((1, 1), (2, 1), (1, 3)):
            torch.set_num_threads(threads)
            outputs.append(Encoder(bundle, "cpu", batch_size=4, workers=workers).encode(kodak_views[:15]))
    finally:
        torch.set_num_threads(before)
    for output in outputs[1:]:
        assert output.image_ids == outputs[0].image_ids
        np.testing.assert_array_equal(output.embedding, outputs[0].embedding)
        np.testing.assert_array_equal(output.attention, outputs[0].attention)


def test_the_batch_size_changes_only_rounding(bundle, kodak_views):
    one, many = (Encoder(bundle, "cpu", batch_size=size).encode(kodak_views[:6]) for size in (1, 6))
    np.testing.assert_allclose(one[1], many[1], atol=1e-5, rtol=0)
    np.testing.assert_allclose(one[2], many[2], atol=1e-5, rtol=0)


def test_no_views_give_empty_arrays(bundle):
    image_ids, embeddings, attention = Encoder(bundle, "cpu").encode([])
    assert image_ids == []
    assert embeddings.shape == (0, 32)
    assert attention.shape[0] == 0


@pytest.mark.parametrize("name", ["open_clip_config.json", "open_clip_model.safetensors"])
def test_an_incomplete_bundle_is_refused(tmp_path, name):
    write_clip_bundle(tmp_path / "bundle")
    (tmp_path / "bundle" / name).unlink()
    with pytest.raises(InputError, match=f"the bundle .*bundle has no {name}"):
        Encoder(tmp_path / "bundle", "cpu")


def test_weights_that_do_not_fit_are_refused(tmp_path):
    write_clip_bundle(tmp_path / "one")
    write_clip_bundle(tmp_path / "other", width=32)
    (tmp_path / "other/open_clip_model.safetensors").replace(tmp_path / "one/open_clip_model.safetensors")
    with pytest.raises(InputError, match=r"the bundle .*one cannot be loaded: "):
        Encoder(tmp_path / "one", "cpu")


@pytest.mark.parametrize("failures", [2, 100])
def test_a_lack_of_memory_changes_no_output_or_is_told(bundle, kodak_views, monkeypatch, failures):
    """A tower whose second batch and those after it do not fit into the memory at first."""
    monkeypatch.setattr(batching, "PAUSES", (0, 0, 0))
    encoder = Encoder(bundle, "cpu", batch_size=2, workers=2)
    expected = encoder.encode(kodak_views[:6])
    calls = itertools.count()

    def fail(*_):
        if 1 <= next(calls) <= failures:
            raise torch.OutOfMemoryError("no memory")

    encoder.visual.register_forward_pre_hook(fail)
    if failures > 10:
        with pytest.raises(InputError, match=r"device 'cpu' does not hold a batch of 2 views.*smaller batch_size"):
            encoder.encode(kodak_views[:6])
    else:
        for found, array in zip(encoder.encode(kodak_views[:6]), expected, strict=True):
            np.testing.assert_array_equal(found, array)


def test_an_unavailable_device_is_refused(bundle):
    absent = next(
        name for name, there in (("cuda", torch.cuda), ("mps", torch.backends.mps)) if not there.is_available()
    )
    with pytest.raises(InputError, match=rf"device '{absent}' is not available here; allowed are auto, .*cpu"):
        Encoder(bundle, absent)


def test_tf32_needs_a_gpu(bundle):
    with pytest.raises(InputError, match="'tf32' needs an NVIDIA GPU"):
        Encoder(bundle, "cpu", precision="tf32")


@pytest.mark.parametrize("precision", ["fp32", "tf32"])
def test_the_precision_of_products_lasts_as_long_as_the_forward_passes(precision):
    matmul, convolution = torch.backends.cuda.matmul, torch.backends.cudnn.conv
    before = matmul.fp32_precision, convolution.fp32_precision
    with numerics.settings(precision):
        expected = {"fp32": "ieee", "tf32": "tf32"}[precision]
        assert (matmul.fp32_precision, convolution.fp32_precision) == (expected, expected)
    assert (matmul.fp32_precision, convolution.fp32_precision) == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_waiting_for_a_gpu_leaves_the_processor_to_others():
    factor = torch.ones(8192, 8192, device="cuda")
    torch.cuda.synchronize()
    for _ in range(20):
        factor @ factor
    waited, computed = time.perf_counter(), time.thread_time()
    numerics.wait(factor.device)
    waited, computed = time.perf_counter() - waited, time.thread_time() - computed
    assert computed < waited / 4


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_stored_in_half_precision_are_computed_in_single_precision(tmp_path, kodak_views, dtype):
    write_clip_bundle(tmp_path / "stored")
    weights = load_file(tmp_path / "stored" / WEIGHTS_FILE)
    shutil.copytree(tmp_path / "stored", tmp_path / "single")
    save_file({name: array.to(dtype) for name, array in weights.items()}, tmp_path / "stored" / WEIGHTS_FILE)
    save_file({name: array.to(dtype).float() for name, array in weights.items()}, tmp_path / "single" / WEIGHTS_FILE)
    stored, single = (Encoder(tmp_path / name, "cpu").encode(kodak_views[:3])[1] for name in ("stored", "single"))
    assert np.array_equal(stored, single)
